"""What every registered task of sequences must hold, whatever it asks."""

import functools
import math
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import SEQUENCE_TASKS as TASKS
from lib.types import Batch
from tests.data.texts import small_texts
from tests.tasks.cases import GENERATED, VARIANTS, name_of, sizes_of

NEEDED = {
    "text_file": {"path": str(Path(__file__).parents[2] / "LICENSE")},
    "labelled_text": {"path": str(Path(__file__).parents[1] / "data/labelled.csv")},
    "seq_mnist": {"order": "rows"},
}
OPTIONS = [
    (name, options)
    for name in TASKS
    for options in VARIANTS.get(name, [NEEDED.get(name, {})])
]
CASES = [pytest.param(n, o, id=n if n in NEEDED else name_of(n, o)) for n, o in OPTIONS]
KNOWN_OPTIMUM = [
    pytest.param(n, o, id=name_of(n, o)) for n, o in OPTIONS if n in GENERATED
]
BATCH_SIZE = 4096  # one compiled sampler a task serves all tests, simulations too
_DATA = Path(os.environ.get("HORIZON_DATA", "/nowhere"))
PUBLISHED = {
    "tiny_shakespeare": "tinyshakespeare/input.txt",
    "series": "timeseries/monthly-sunspots.csv",
    "jsb_chorales": "poly_music/JSB_Chorales.mat",
    "ptb_words": "ptb/ptb.train.txt.gz",
    "ptb_characters": "ptb/ptb.train.txt.gz",
    "babi": "babi/babi_en.tar.xz",
    "seq_mnist": "mnist/train-images-idx3-ubyte.gz",
}
# Tasks that ask where an example happens to, each at least once.
SCATTERED = (
    "mqar",
    "forgetting_mqar",
    "compositional_mqar",
    "stack_manipulation",
    "binary_addition",
)
SINGLE = ("sine",)  # tasks with one series only: all their examples are equal


def make(name, options, max_length=None):
    if name in PUBLISHED and not (_DATA / PUBLISHED[name]).is_file():
        pytest.skip(f"no {PUBLISHED[name]} in $HORIZON_DATA")
    longest = sizes_of(name)[1] if max_length is None else max_length
    return make_once(name, tuple(options.items()), longest)


@functools.cache
def make_once(name, options, max_length):
    with small_texts():
        return TASKS[name]("train", BATCH_SIZE, max_length, **dict(options))


@functools.cache
def compiled(function):
    return jax.jit(function)


def draw(task, seed=0, length=None) -> Batch:
    length = jnp.int32(task.max_length if length is None else length)
    batch = compiled(task.sample)(jax.random.key(seed), task.data, length)
    return jax.tree.map(np.asarray, batch)


def num_steps(name, options, batch):
    """The steps of an example of the length: those of arrays made for no more."""
    length, max_length = sizes_of(name)
    if name not in GENERATED:
        return length + batch.mask.shape[1] - max_length
    task = make(name, options, max_length=length)
    key = jax.random.key(0)
    return jax.eval_shape(task.sample, key, task.data, jnp.int32(length)).mask.shape[1]


def measure(task, outputs, batch, metric):
    accumulate = compiled(task.metrics[metric].accumulate)
    sums = accumulate(np.asarray(outputs, np.float32), batch)
    return task.metrics[metric].finalize(sums)


def perfect_outputs(task, batch):
    if batch.targets.ndim == 3:
        return batch.targets
    return 100.0 * np.eye(task.interface.output_size)[batch.targets]


def blind_outputs(task, seen: Batch):
    """The best answer that ignores the inputs: each position's own distribution."""
    if seen.targets.ndim == 3:
        return seen.targets.mean(0, keepdims=True)
    # Over the examples that are scored there: an answer may be asked at any position.
    counts = sum_of_classes(seen, task.interface.output_size)
    share = counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    return np.log(share + 1e-9)[None]


def sum_of_classes(seen: Batch, num_classes):
    """How often each class is asked at each position [T, V]."""
    counts = np.zeros((seen.mask.shape[1], num_classes))
    example, position = np.nonzero(seen.mask)
    np.add.at(counts, (position, seen.targets[example, position]), 1)
    return counts


# Those of generated tasks have a checksum, made by another process (golden.json).
@pytest.mark.parametrize(
    ("name", "options"), [c for c in CASES if c.values[0] not in GENERATED]
)
def test_jit_gives_the_bits_of_eager(name, options):
    task = make(name, options)
    length, _ = sizes_of(name)
    eager = task.sample(jax.random.key(3), task.data, jnp.int32(length))
    jax.tree.map(np.testing.assert_array_equal, draw(task, 3, length), eager)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_all_beyond_the_length_is_padding(name, options):
    length, _ = sizes_of(name)
    batch = draw(make(name, options), length=length)
    end = num_steps(name, options, batch)
    assert not any(leaf[:, end:].any() for leaf in jax.tree.leaves(batch))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_last_position_of_a_length_is_scored(name, options):
    task, length = make(name, options), sizes_of(name)[0]
    batch = draw(task, length=length)
    if task.interface.padding:  # texts end where they end, each at its last word
        last = np.count_nonzero(batch.inputs, axis=1) - 1
        end = np.arange(batch.mask.shape[1])[None, :] == last[:, None]
        assert batch.mask[end].all()
        if task.system == "classification":
            np.testing.assert_array_equal(batch.mask, end)
        return
    if name in SCATTERED:
        assert batch.mask.any(axis=1).all()
        return
    assert batch.mask[:, num_steps(name, options, batch) - 1].all()


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_target_that_is_not_scored_is_zero(name, options):
    batch = draw(make(name, options), length=sizes_of(name)[0])
    assert not batch.targets[batch.mask == 0].any()


@pytest.mark.parametrize(("name", "options"), KNOWN_OPTIMUM)
def test_an_example_does_not_depend_on_its_padding(name, options):
    length, _ = sizes_of(name)
    padded = draw(make(name, options), 5, length)
    alone = draw(make(name, options, max_length=length), 5)
    jax.tree.map(
        lambda a, b: np.testing.assert_array_equal(a, b[:, : a.shape[1]]), alone, padded
    )


@pytest.mark.parametrize(("name", "options"), CASES)
def test_examples_differ_within_and_between_batches(name, options):
    if name in SINGLE:
        pytest.skip(f"{name} has one example")
    task = make(name, options)
    if task.interface.padding or task.system == "images":
        pytest.skip("drawn from the texts or pictures there are, with replacement")
    inputs = np.concatenate([draw(task, key).inputs[:16] for key in (0, 1)])
    assert len(np.unique(inputs.reshape(len(inputs), -1), axis=0)) == len(inputs)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_dtypes_and_values_are_those_of_the_interface(name, options):
    task = make(name, options)
    batch, interface = draw(task), task.interface
    assert batch.mask.dtype == np.float32 and set(np.unique(batch.mask)) <= {0, 1}
    if interface.vocabulary_size:
        assert batch.inputs.dtype == np.int32
        assert 0 <= batch.inputs.min() <= batch.inputs.max() < interface.input_size
    else:
        assert batch.inputs.dtype == np.float32
        assert batch.inputs.shape[2] == interface.input_size
    if batch.targets.ndim == 2:
        assert batch.targets.dtype == np.int32
        assert 0 <= batch.targets.min() <= batch.targets.max() < interface.output_size
    else:
        assert batch.targets.dtype == np.float32
        assert batch.targets.shape[2] == interface.output_size


@pytest.mark.parametrize(("name", "options"), CASES)
def test_sums_of_two_batches_add_to_those_of_both(name, options):
    task = make(name, options)
    drawn = (draw(task, 0, sizes_of(name)[0]), draw(task, 1))
    count = 64 if task.interface.output_size < 1000 else 4
    first, second = (jax.tree.map(lambda leaf: leaf[:count], batch) for batch in drawn)
    both = jax.tree.map(lambda *leaves: np.concatenate(leaves), first, second)
    shape = (*both.mask.shape, task.interface.output_size)
    outputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for metric in (task.loss, *task.metrics.values()):
        halves = zip(np.split(outputs, 2), (first, second), strict=True)
        accumulate = compiled(metric.accumulate)
        sums = [accumulate(o, b) for o, b in halves]
        added = metric.finalize(jax.tree.map(np.add, *sums))
        whole = metric.finalize(accumulate(outputs, both))
        assert added == pytest.approx(whole, rel=1e-5)  # float32 sums


@pytest.mark.parametrize(("name", "options"), CASES)
def test_floor_and_optimum_are_those_of_a_reported_metric(name, options):
    task, length = make(name, options), sizes_of(name)[0]
    assert task.score_metric in task.metrics
    assert math.isfinite(task.floor(length))
    assert task.optimum is None or task.optimum(length) != task.floor(length)


@pytest.mark.parametrize(("name", "options"), KNOWN_OPTIMUM)
@pytest.mark.parametrize("size", [0, 1], ids=["padded", "longest"])
def test_perfect_answers_reach_the_optimum(name, options, size):
    task, length = make(name, options), sizes_of(name)[size]
    batch = draw(task, length=length)
    reached = measure(task, perfect_outputs(task, batch), batch, task.score_metric)
    assert reached == pytest.approx(task.optimum(length), abs=1e-6)


@pytest.mark.parametrize(("name", "options"), KNOWN_OPTIMUM)
@pytest.mark.parametrize("size", [0, 1], ids=["padded", "longest"])
def test_the_best_answer_without_the_inputs_reaches_the_floor(name, options, size):
    task, length = make(name, options), sizes_of(name)[size]
    if task.interface.padding:
        pytest.skip("answers of several words, of which test_stories searches the best")
    batch = draw(task, 1, length)
    blind = blind_outputs(task, draw(task, 0, length))
    outputs = np.broadcast_to(blind, (*batch.mask.shape, blind.shape[-1]))
    reached = measure(task, outputs, batch, task.score_metric)
    floor = task.floor(length)
    share = "accuracy" in task.score_metric
    deviation = math.sqrt(floor * (1 - floor)) if share else 0.33
    # Four standard errors of 4096 examples, each asked at least once.
    assert reached == pytest.approx(floor, abs=deviation / 16)


@pytest.mark.parametrize(("name", "options"), KNOWN_OPTIMUM)
def test_a_wider_window_never_scores_less(name, options):
    task, length = make(name, options), sizes_of(name)[0]
    score = functools.partial(task.window_score, length)
    scores = [score(k) for k in range(1, 2 * length + 40)]
    rises = np.diff(scores)
    assert (rises >= -1e-12).all()  # of sums in float64
    assert 0 <= scores[0] < 1 and scores[-1] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("name", "options"), KNOWN_OPTIMUM)
def test_the_bits_to_be_kept_are_some_and_no_more_than_those_shown(name, options):
    task, length = make(name, options), sizes_of(name)[0]
    if task.information is None:
        pytest.skip(f"{name} states no number of bits")
    batch = draw(task, length=length)
    num_values = max(task.interface.vocabulary_size, 2)
    bits = task.information(length)
    assert 0 < bits <= batch.inputs[0].size * math.log2(num_values)


@pytest.mark.parametrize("name", list(TASKS))
def test_a_length_that_is_too_short_is_refused(name):
    with pytest.raises(ValueError, match=rf"{name}: length must be at least \d.*got 0"):
        make(name, NEEDED.get(name, {}), max_length=0)
