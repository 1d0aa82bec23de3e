"""ListOps: generated lists against a reader, the operators against the data."""

import gzip
import os
from collections import Counter, defaultdict
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import TASKS
from lib.tasks import listops
from lib.tasks.list_writer import evaluate
from lib.types import Batch
from tests.tasks.exact import (
    as_examples,
    best_accuracy,
    check_counts,
    check_sampler,
    draw,
)
from tests.tasks.listops_language import lists, read_list, value_of

PUBLISHED = Path(os.environ.get("HORIZON_DATA", "/nowhere"), "listops/test_d20s.tsv.gz")
OPERATORS = ("[MAX", "[MIN", "[MED", "[SM")
NAMES = (*map(str, range(10)), *OPERATORS, "]")


def test_all_lists_of_five_symbols_are_drawn_as_often_as_the_settings_say():
    task = TASKS["listops"]("train", 24_000, 9, max_depth=2, nesting=0.4)
    check_sampler(task, lists(5, 2, 0.4), 5)
    # Of longer ones the shapes: all digits alike, and all operators.
    chances: dict[bytes, float] = defaultdict(float)
    for example in lists(8, 2, 0.4, num_digits=1):
        chances[shape(example.inputs)] += example.chance
    drawn = Counter(map(shape, draw(task, 8).inputs[:, :8]))
    assert set(drawn) <= set(chances)
    counts = np.array([drawn[known] for known in chances])
    check_counts(counts, np.array(list(chances.values())))


def shape(symbols):
    """What of the symbols are digits, operators and closing brackets."""
    return np.digitize(symbols, [10, 14]).astype(np.int8).tobytes()


@pytest.mark.parametrize("max_depth", [3, 20])
def test_lists_are_whole_no_deeper_than_asked_and_have_their_values(max_depth):
    task = TASKS["listops"]("train", 400, 40, max_depth=max_depth, nesting=0.5)
    deepest = 0
    for inputs, targets in as_examples(draw(task, 37), 37):
        tree, rest = read_list([NAMES[x] for x in inputs])
        assert not rest
        assert targets[:-1] == (None,) * 36
        assert targets[-1] == value_of(tree)
        deepest = max(deepest, depth_of(tree))
    assert deepest <= max_depth and (deepest == max_depth or max_depth == 20)


def depth_of(tree):
    return 0 if isinstance(tree, int) else 1 + max(map(depth_of, tree[1]))


def test_the_operators_give_the_answers_of_the_published_test_set():
    if not PUBLISHED.is_file():
        pytest.skip("no listops in $HORIZON_DATA")
    with gzip.open(PUBLISHED, "rt") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    operators, counts, values = [], [], []

    def judge(tree):
        """The value by the reader; each list is kept, to be evaluated with all."""
        if isinstance(tree, int):
            return tree
        items = [judge(item) for item in tree[1]]
        operators.append(OPERATORS.index(tree[0]))
        counts.append(np.bincount(items, minlength=10))
        values.append(value_of((tree[0], items)))
        return values[-1]

    for answer, text in rows[:1500]:
        tree, rest = read_list([s for s in text.split() if s not in "()"])
        assert not rest
        assert judge(tree) == int(answer)
    assert set(operators) == {0, 1, 2, 3}
    found = evaluate(jnp.array(operators, jnp.int32), jnp.array(counts, jnp.int32))
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize(("length", "nesting"), [(3, 0.25), (4, 0.25), (5, 0.6)])
def test_no_window_beats_the_bound_and_the_widest_reaches_it(length, nesting):
    language = lists(length, 4, nesting)
    task = TASKS["listops"]("train", 1, length, nesting=nesting)
    floor = task.floor(length)
    # Four standard errors of 16,384 accuracies of 1/4 to 1.
    error = 4 * 0.375 / np.sqrt(16_384)
    for k in range(1, length + 1):
        best = best_accuracy(language, k)
        bound = floor + (1 - floor) * task.window_score(length, k)
        assert best < bound + error, k
        if k >= length - 1:
            assert best == pytest.approx(bound, abs=error), k
    assert task.window_score(length, 1) == 0


def test_the_bound_of_a_longer_list_is_that_of_its_four_values():
    """By a reader of the drawn lists that puts each operator before the outermost."""
    length, count = 20, 2000
    task = TASKS["listops"]("train", count, length)
    shares = []
    for inputs, _ in as_examples(draw(task, length), length):
        (_, items), _ = read_list([NAMES[x] for x in inputs])
        values = Counter(value_of((operator, items)) for operator in OPERATORS)
        shares.append(max(values.values()) / 4)
    floor = task.floor(length)
    # Four standard errors, of these lists and of the 16,384 of the score.
    error = 4 * np.std(shares) * np.sqrt(1 / count + 1 / 16_384)
    for k in (2, length - 1):
        bound = floor + (1 - floor) * task.window_score(length, k)
        assert np.mean(shares) == pytest.approx(bound, abs=error)


@pytest.mark.parametrize("length", [3, 4])
def test_the_measured_floor_is_the_share_of_the_likeliest_value(length):
    shares = np.zeros(10)
    for example in lists(length, 4, 0.25):
        shares[example.targets[-1]] += example.chance
    floor = TASKS["listops"]("train", 1, length).floor(length)
    # Four standard errors of 16,384 examples, and the largest of ten is chosen.
    assert floor == pytest.approx(shares.max(), abs=4 * np.sqrt(0.1 * 0.9 / 16_384))


def test_the_floor_is_counted_over_draws_that_fit_in_memory(monkeypatch):
    """A symbol takes 40 bytes where it is drawn: a draw of 4096 symbols a list."""
    values, keys, sizes = [], set(), []

    def draw_one_value(key, length, batch_size, padded, *_):
        keys.add(jax.random.key_data(key).tobytes())
        sizes.append(batch_size * padded)
        drawn = np.full((batch_size, padded), len(sizes) % 3)
        values.extend(drawn[:, length - 1])
        counts = jnp.ones((batch_size, 10), jnp.int32)
        return Batch(drawn, drawn, jnp.ones(drawn.shape)), counts

    monkeypatch.setattr(listops, "_draw", draw_one_value)
    floor = TASKS["listops"]("train", 1, 4096, nesting=0.0625).floor(4096)
    assert len(values) == 16_384 and len(keys) == len(sizes)
    assert 40 * max(sizes) < 256e6  # all lists at once: 2.7e9
    assert floor == max(Counter(values).values()) / len(values)
