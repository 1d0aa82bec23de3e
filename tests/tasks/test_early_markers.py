"""Adding and multiplication with early markers, and temporal order."""

import functools

import numpy as np
import pytest

from lib.tasks.adding_pascanu import make_adding_pascanu
from lib.tasks.multiplication import make_multiplication
from lib.tasks.temporal_order import make_temporal_order
from tests.tasks.drawing import chi_square_excess, draw

COUNT, LONGEST = 20_000, 24
PAIRS = {
    "adding": (make_adding_pascanu, lambda u, v: (u + v) / 2),
    "multiplication": (make_multiplication, lambda u, v: u * v),
}


@functools.cache
def task_of(name):
    return PAIRS[name][0]("train", COUNT, LONGEST)


@functools.cache
def order_of(num_symbols):
    return make_temporal_order("train", COUNT, LONGEST, num_symbols=num_symbols)


@functools.cache
def order_among(num_distractors):
    options = {"num_distractors": num_distractors}
    return make_temporal_order("train", COUNT, LONGEST, **options)


@pytest.mark.parametrize("name", list(PAIRS))
@pytest.mark.parametrize("length", [2, 9, 10, 23])
def test_markers_are_in_the_first_tenth_and_the_four_behind_it(name, length):
    batch = draw(task_of(name), length)
    values, markers = np.moveaxis(batch.inputs, 2, 0)
    places = np.nonzero(markers)[1].reshape(COUNT, 2)
    a, b = max(1, int(length * 0.1)), max(1, int(length * 0.4))
    first, second = np.bincount(places[:, 0]), np.bincount(places[:, 1])
    assert len(first) == a and len(second) == a + b and not second[:a].any()
    assert a == 1 or abs(chi_square_excess(first)) < 4
    assert b == 1 or abs(chi_square_excess(second[a:])) < 4
    u, v = np.take_along_axis(values, places, axis=1).T
    answer = PAIRS[name][1](u, v)
    np.testing.assert_allclose(batch.targets[:, length - 1, 0], answer, rtol=1e-6)
    assert (batch.mask == np.eye(LONGEST)[length - 1]).all()


def test_early_numbers_are_uniform_on_the_unit_interval():
    values = draw(task_of("adding"), 10).inputs[:, :10, 0].ravel()
    distance = np.abs(np.sort(values) - (np.arange(values.size) + 0.5) / values.size)
    # Kolmogorov's bound at one in a thousand.
    assert distance.max() < 1.95 / np.sqrt(values.size)


@pytest.mark.parametrize("name", list(PAIRS))
@pytest.mark.parametrize("length", [10, 23])
def test_a_window_knows_the_markers_that_it_holds(name, length):
    """Least squares on what it knows: how many markers, their sum and product."""
    task = task_of(name)
    batch = draw(task, length)
    target = batch.targets[:, length - 1, 0].astype(np.float64)
    assert np.var(target) == pytest.approx(task.floor(length), rel=0.05)
    for k in range(1, length + 1):
        values, markers = np.moveaxis(batch.inputs[:, length - k : length], 2, 0)
        held = np.eye(3)[markers.sum(1).astype(int)]
        total = (values * markers).sum(1, keepdims=True)
        product = np.where(markers == 1, values, 1).prod(1, keepdims=True)
        features = np.concatenate([held, held * total, held * product], axis=1)
        weights, *_ = np.linalg.lstsq(features[::2], target[::2], rcond=None)
        errors = (features[1::2] @ weights - target[1::2]) ** 2
        expected = task.floor(length) * (1 - task.window_score(length, k))
        bound = 4 * errors.std() / np.sqrt(len(errors))  # four standard errors
        assert errors.mean() == pytest.approx(expected, abs=bound + 1e-6)


def test_the_constant_succeeds_with_a_chance_of_0_64():
    task = task_of("adding")
    batch = draw(task, 10)
    sums = task.metrics["success"].accumulate(np.full_like(batch.targets, 0.5), batch)
    # Four standard errors of 20,000 examples.
    assert task.metrics["success"].finalize(sums) == pytest.approx(0.64, abs=0.0136)


SPANS = {2: [0.1, 0.5], 3: [0.1, 0.3, 0.6]}


@pytest.mark.parametrize("num_symbols", [2, 3])
@pytest.mark.parametrize("length", [12, LONGEST])
def test_bits_stand_in_their_spans_and_are_the_class(num_symbols, length):
    batch = draw(order_of(num_symbols), length)
    inputs = batch.inputs[:, :length]
    places = np.nonzero(inputs < 2)[1].reshape(COUNT, num_symbols)
    width = int(length * 0.1)
    for i, share in enumerate(SPANS[num_symbols]):
        counts = np.bincount(places[:, i])[int(length * share) :]
        assert (places[:, i] >= int(length * share)).all() and len(counts) == width
        assert width == 1 or abs(chi_square_excess(counts)) < 4
    bits = np.take_along_axis(inputs, places, axis=1)
    answer = bits @ 2 ** np.arange(num_symbols)
    assert (batch.targets[:, length - 1] == answer).all()
    assert abs(chi_square_excess(np.bincount(answer))) < 4
    assert abs(chi_square_excess(np.bincount(inputs[inputs >= 2])[2:])) < 4
    assert (batch.mask == np.eye(LONGEST)[length - 1]).all()


@pytest.mark.parametrize("num_symbols", [2, 3])
def test_a_window_knows_the_last_bits(num_symbols):
    """A predictor that reads the bits it holds, and takes the earlier ones for 0."""
    length, task = LONGEST, order_of(num_symbols)
    batch = draw(task, length)
    floor, target = task.floor(length), batch.targets[:, -1]
    for k in range(1, length + 1):
        seen = batch.inputs[:, length - k :]
        is_bit = seen < 2
        behind = is_bit[:, ::-1].cumsum(1)[:, ::-1]  # 1 at the last bit
        weight = np.where(is_bit, 2.0 ** (num_symbols - behind), 0)
        reached = ((weight * seen).sum(1) == target).mean()
        expected = floor + (1 - floor) * task.window_score(length, k)
        # Four standard errors of 20,000 examples.
        assert reached == pytest.approx(expected, abs=0.0142)


@pytest.mark.parametrize("num_distractors", [1, 9])
def test_distractors_are_as_many_as_asked_and_all_equally_frequent(num_distractors):
    task = order_among(num_distractors)
    batch = draw(task, LONGEST)
    counts = np.bincount(batch.inputs.ravel())
    assert len(counts) == task.interface.vocabulary_size == 2 + num_distractors
    assert (counts[:2].sum(), counts.sum()) == (2 * COUNT, LONGEST * COUNT)
    assert num_distractors == 1 or abs(chi_square_excess(counts[2:])) < 4


def test_distractors_change_neither_bits_nor_answers():
    few, many = draw(order_among(1), LONGEST), draw(order_among(9), LONGEST)
    np.testing.assert_array_equal(few.targets, many.targets)
    few, many = (np.minimum(batch.inputs, 2) for batch in (few, many))
    np.testing.assert_array_equal(few, many)
