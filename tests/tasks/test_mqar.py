"""Multi-query recall, against its definition and against predictors with a window."""

import functools
import math

import numpy as np
import pytest

from lib.tasks.mqar import make_mqar
from lib.tasks.query_slots import slot_chances
from tests.tasks.drawing import chi_square_excess, draw

K, V, LONGEST, COUNT = 3, 14, 18, 4000


@functools.cache
def twice():
    options = {"num_pairs": K, "vocabulary_size": V, "num_passes": 2}
    return make_mqar("train", COUNT, LONGEST + 2 * K, **options)


@functools.cache
def task_of(power=0.01, fillers="blank"):
    options = {"query_power": power, "fillers": fillers}
    return make_mqar("train", COUNT, LONGEST, num_pairs=K, vocabulary_size=V, **options)


def place_of_queries(batch):
    return np.nonzero(batch.mask)[1].reshape(COUNT, K)


@pytest.mark.parametrize("length", [12, 15, LONGEST])
def test_pairs_are_shown_and_each_key_is_asked_for_once(length):
    batch = draw(task_of(), length)
    for inputs, targets, mask in zip(*(leaf[:200] for leaf in batch[:3]), strict=True):
        keys, values = inputs[0 : 2 * K : 2], inputs[1 : 2 * K : 2]
        assert len(set(keys)) == len(set(values)) == K
        assert set(keys) <= set(range(1, V // 2)) and set(values) <= set(
            range(V // 2, V)
        )
        places = np.flatnonzero(mask)
        assert (places >= 2 * K).all() and (places % 2 == 0).all()
        assert places[-1] < length and set(inputs[places]) == set(keys)
        value_of = dict(zip(keys, values, strict=True))
        assert [value_of[k] for k in inputs[places]] == list(targets[places])
        rest = np.delete(inputs, [*range(2 * K), *places])
        assert not rest.any()


def test_random_fillers_are_any_token_where_there_is_neither_pair_nor_query():
    length = 15
    batch = draw(task_of(fillers="random"), length)
    keys, values = batch.inputs[:, 0 : 2 * K : 2], batch.inputs[:, 1 : 2 * K : 2]
    places = place_of_queries(batch)
    asked = np.take_along_axis(batch.inputs, places, axis=1)
    answer = np.take_along_axis(batch.targets, places, axis=1)
    matched = keys[:, None, :] == asked[..., None]
    assert ((matched * values[:, None, :]).sum(-1) == answer).all()
    free = (batch.mask == 0) & (np.arange(LONGEST) < length)
    free[:, : 2 * K] = False
    fillers = batch.inputs[free]
    assert abs(chi_square_excess(np.bincount(fillers, minlength=V))) < 4


def test_keys_values_and_which_pair_is_asked_first_are_uniform():
    batch = draw(task_of(), LONGEST)
    keys, values = batch.inputs[:, 0 : 2 * K : 2], batch.inputs[:, 1 : 2 * K : 2]
    for pair in range(K):
        assert abs(chi_square_excess(np.bincount(keys[:, pair])[1:])) < 4
        assert abs(chi_square_excess(np.bincount(values[:, pair])[V // 2 :])) < 4
    first = place_of_queries(batch)[:, :1]
    asked = np.take_along_axis(batch.inputs, first, axis=1)
    pair = np.argmax(keys == asked, axis=1)
    assert abs(chi_square_excess(np.bincount(pair))) < 4


@pytest.mark.parametrize("power", [0.01, 0.5, 1.0])
def test_slots_are_drawn_without_replacement(power):
    """One after another, each among those that are left, as the authors' code does."""
    num_slots, random = (LONGEST - 2 * K) // 2, np.random.default_rng(0)
    weight = np.tile(np.arange(1, num_slots + 1) ** (power - 1.0), (20_000, 1))
    count = np.zeros(num_slots)
    for _ in range(K):
        reached = np.cumsum(weight, axis=1)
        mark = random.random(20_000) * reached[:, -1]
        slot = (reached < mark[:, None]).sum(1)
        count += np.bincount(slot, minlength=num_slots)
        weight[np.arange(20_000), slot] = 0
    expected = count / (20_000 * K)
    # Four standard errors of 20,000 draws, or of 4,000, each holding a slot or not.
    error = 4 * np.sqrt(0.25 / 20_000) / K
    chances = slot_chances(num_slots, K, power)
    np.testing.assert_allclose(chances, expected, atol=error)
    places = place_of_queries(draw(task_of(power), LONGEST))
    found = np.bincount((places.ravel() - 2 * K) // 2, minlength=num_slots)
    error = 4 * np.sqrt(0.25 / COUNT) / K
    np.testing.assert_allclose(found / (COUNT * K), chances, atol=error)


def answers_of_window(batch, k):
    """What is answered to each query [N, K] from the last k inputs.

    The value of the key where both are held, else the value that begins the window,
    else the smallest of those that are not held.
    """
    places = place_of_queries(batch)
    start = places - k + 1
    asked = np.take_along_axis(batch.inputs, places, axis=1)
    keys, values = batch.inputs[:, 0 : 2 * K : 2], batch.inputs[:, 1 : 2 * K : 2]
    pair = np.arange(K)
    held = 2 * pair + 1 >= start[..., None]  # [N, K, pair]: its value is
    free = np.ones((*places.shape, V), bool)
    free[..., : V // 2] = False
    example, query, which = np.nonzero(held)
    free[example, query, values[example, which]] = False
    answer = free.argmax(-1)
    lone = np.clip(start // 2, 0, K - 1)
    begins = (start % 2 == 1) & (start > 0) & (start < 2 * K)
    answer = np.where(begins, np.take_along_axis(values, lone, axis=1), answer)
    whole = (2 * pair >= start[..., None]) & (keys[:, None, :] == asked[..., None])
    known = (whole * values[:, None, :]).sum(-1)
    return np.where(whole.any(-1), known, answer)


@pytest.mark.parametrize("power", [0.01, 1.0])
@pytest.mark.parametrize("length", [12, LONGEST])
def test_a_window_knows_the_pairs_that_it_holds(length, power):
    task = task_of(power)
    batch = draw(task, length, seed=1)
    target = np.take_along_axis(batch.targets, place_of_queries(batch), axis=1)
    floor = task.floor(length)
    for k in range(1, length + 1):
        reached = (answers_of_window(batch, k) == target).mean()
        expected = floor + (1 - floor) * task.window_score(length, k)
        # Four standard errors of 4,000 examples; their queries are not independent.
        assert reached == pytest.approx(expected, abs=0.025)


@pytest.mark.parametrize("length", [18, LONGEST + 2 * K])
def test_pairs_that_are_shown_twice_stand_before_what_is_shown_once(length):
    """Without the first pass an example is one of the task with a single pass."""
    batch = draw(twice(), length)
    np.testing.assert_array_equal(
        batch.inputs[:, : 2 * K], batch.inputs[:, 2 * K : 4 * K]
    )
    once = draw(task_of(), length - 2 * K)
    for name in ("inputs", "targets", "mask"):
        rest = getattr(batch, name)[:, 2 * K :]
        np.testing.assert_array_equal(rest, getattr(once, name))


def test_a_window_knows_the_pairs_that_it_holds_of_the_last_pass_or_of_both():
    length, task = LONGEST + 2 * K, twice()
    batch = draw(task, length, seed=1)
    places = place_of_queries(batch)
    target = np.take_along_axis(batch.targets, places, axis=1)
    last = batch._replace(
        **{name: getattr(batch, name)[:, 2 * K :] for name in ("inputs", "targets")},
        mask=batch.mask[:, 2 * K :],
    )
    for k in range(1, length + 1):
        # One that begins in the first pass holds all of the last one.
        answers = answers_of_window(last, k)
        reached = (answers == target).mean()
        floor = task.floor(length)
        expected = floor + (1 - floor) * task.window_score(length, k)
        # Four standard errors of 4,000 examples; their queries are not independent.
        assert reached == pytest.approx(expected, abs=0.025)


def test_the_vocabulary_of_the_paper_has_its_two_chances_and_bits():
    task = make_mqar("train", 4, 32, num_pairs=8, vocabulary_size=8192)
    assert -math.log(task.floor(32)) == pytest.approx(8.318, abs=5e-4)
    assert task.facts["unbound_accuracy"] == 1 / 8
    assert 95.9 < task.information(32) < 96  # 8 values of 12 bits that differ
    batch = draw(task, 32)
    assert batch.inputs.max() > 4096 and batch.mask.sum() == 32


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"num_pairs": 5}, "length must be at least 20, got 18"),
        ({"num_pairs": 4, "num_passes": 2}, "length must be at least 24, got 18"),
        ({"num_pairs": 4, "vocabulary_size": 8}, "vocabulary_size .* 1 more of each"),
    ],
)
def test_what_does_not_fit_is_refused(options, complaint):
    with pytest.raises(ValueError, match=f"mqar: {complaint}"):
        make_mqar("train", 4, 18, **options)
