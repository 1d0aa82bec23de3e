"""The generators, against their definitions written as loops."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.adding import make_adding
from lib.tasks.adding_any import make_adding_any
from lib.tasks.copy_memory import make_copy_memory
from lib.tasks.recall import make_recall

RECALL = make_recall("train", 2000, 12)
RECALL_EVERY = make_recall("train", 2000, 12, supervision="every")
COPY_MEMORY = make_copy_memory("train", 8000, 9)
FEW = make_copy_memory("train", 8000, 9, num_copied=3, num_symbols=5)
ADDING = make_adding("train", 8000, 12)
ADDING_ANY = make_adding_any("train", 20_000, 12)


@functools.cache
def compiled(sample):
    return jax.jit(sample)


def draw(task, length):
    batch = compiled(task.sample)(jax.random.key(0), task.data, jnp.int32(length))
    return jax.tree.map(np.asarray, batch)


@pytest.mark.parametrize("length", [2, 3, 7, 12])
def test_recall_shows_cue_distractors_query(length):
    inputs = draw(RECALL, length).inputs
    between = set(range(8, 16)) if length > 2 else set()
    assert set(inputs[:, 0]) == set(range(8))
    assert set(inputs[:, 1 : length - 1].ravel()) == between
    assert set(inputs[:, length - 1]) == {16}


def test_recall_asks_for_the_cue_at_the_last_position():
    batch = draw(RECALL, 7)
    assert (batch.targets[:, 6] == batch.inputs[:, 0]).all()
    assert (batch.mask == np.eye(12)[6]).all()


def test_recall_supervised_at_every_step_asks_for_the_cue_everywhere():
    batch = draw(RECALL_EVERY, 7)
    assert (batch.targets[:, :7] == batch.inputs[:, :1]).all()
    assert (batch.mask == (np.arange(12) < 7)).all()


def test_recall_cues_are_uniform():
    cues = draw(make_recall("train", 80_000, 2), 2).inputs[:, 0]
    counts = np.bincount(cues, minlength=8)
    # Chi-square of 7 degrees of freedom exceeds 24.3 once in a thousand keys.
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 24.3


@pytest.mark.parametrize(("right_at", "expected"), [(6, 1.0), (5, 0.0)])
def test_recall_accuracy_looks_at_the_last_position_only(right_at, expected):
    batch = draw(RECALL_EVERY, 7)
    answers = (batch.targets + 1) % 8
    answers[:, right_at] = batch.targets[:, right_at]
    outputs = jnp.asarray(np.eye(8)[answers], jnp.float32)
    accuracy = RECALL_EVERY.metrics["accuracy"]
    assert accuracy.finalize(accuracy.accumulate(outputs, batch)) == expected


@pytest.mark.parametrize("length", [1, 2, 5, 9])
def test_copy_memory_is_the_sequence_of_its_definition(length):
    batch = draw(COPY_MEMORY, length)
    for inputs, targets, mask in zip(*(leaf[:30] for leaf in batch[:3]), strict=True):
        symbols = list(inputs[:10])
        padding = [0] * (9 - length)
        blanks, answers = [0] * (length - 1), [0] * (length + 10)
        assert list(inputs) == [*symbols, *blanks, 9, *[0] * 10, *padding]
        assert list(targets) == [*answers, *symbols, *padding]
        assert list(mask) == [*[1] * (length + 20), *padding]


def test_copy_memory_symbols_are_one_to_eight_and_uniform():
    symbols = draw(COPY_MEMORY, 1).inputs[:, :10]
    counts = np.bincount(symbols.ravel(), minlength=9)
    assert counts[0] == 0 and len(counts) == 9
    # Chi-square of 7 degrees of freedom exceeds 24.3 once in a thousand keys.
    assert ((counts[1:] - 10_000) ** 2 / 10_000).sum() < 24.3


@pytest.mark.parametrize(
    ("length", "published"), [(500, 0.039989), (1000, 0.020387), (2000, 0.010294)]
)
def test_copy_memory_floor_is_ten_ln_eight_over_the_length(length, published):
    assert COPY_MEMORY.floor(length) == pytest.approx(published, abs=5e-7)


@pytest.mark.parametrize("length", [1, 5, 9])
def test_copy_memory_of_another_load_is_the_sequence_of_its_definition(length):
    batch = draw(FEW, length)
    for inputs, targets, mask in zip(*(leaf[:30] for leaf in batch[:3]), strict=True):
        symbols, padding = list(inputs[:3]), [0] * (9 - length)
        blanks, answers = [0] * (length - 1), [0] * (length + 3)
        assert list(inputs) == [*symbols, *blanks, 6, *[0] * 3, *padding]
        assert list(targets) == [*answers, *symbols, *padding]
        assert list(mask) == [*[1] * (length + 6), *padding]
    counts = np.bincount(batch.inputs[:, :3].ravel())
    assert counts[0] == 0 and len(counts) == 6
    # Chi-square of 4 degrees of freedom exceeds 18.5 once in a thousand keys.
    assert ((counts[1:] - 4800) ** 2 / 4800).sum() < 18.5


def test_copy_memory_of_another_load_has_its_bits_classes_and_floor():
    assert FEW.information(7) == pytest.approx(3 * np.log2(5))
    assert FEW.interface[:3] == (7, 7, 6)
    batch = draw(FEW, 7)
    asked = np.arange(batch.mask.shape[1])
    shares = [np.bincount(batch.targets[:, t], minlength=6) / 8000 for t in asked[:13]]
    entropy = [-np.sum(p[p > 0] * np.log(p[p > 0])) for p in shares]
    # The entropy of 5 classes counted on 8000 examples is 4/16,000 too low.
    assert FEW.floor(7) == pytest.approx(np.mean(entropy), abs=2e-3)


@pytest.mark.parametrize(
    ("task", "num_copied", "num_symbols", "num_known"),
    [(COPY_MEMORY, 10, 8, n) for n in (0, 4, 10)] + [(FEW, 3, 5, n) for n in (0, 2)],
)
def test_symbols_retained_counts_the_symbols_that_are_known(
    task, num_copied, num_symbols, num_known
):
    batch = draw(task, 5)
    known = np.eye(num_symbols + 1)[batch.targets]
    guess = np.r_[0, np.full(num_symbols, 1 / num_symbols)]
    asked, start = np.arange(9 + 2 * num_copied), 5 + num_copied
    unknown = (asked >= start + num_known) & (asked < start + num_copied)
    chance = np.where(unknown[None, :, None], guess, known)
    outputs = jnp.asarray(np.log(chance + 1e-12), jnp.float32)
    retained = task.metrics["symbols_retained"]
    sums = retained.accumulate(outputs, batch)
    assert retained.finalize(sums) == pytest.approx(num_known, abs=1e-4)


@pytest.mark.parametrize("length", [2, 3, 7, 12])
def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum(length):
    batch = draw(ADDING, length)
    values, markers = np.moveaxis(batch.inputs, 2, 0)
    rows, places = np.nonzero(markers)
    places = places.reshape(8000, 2)
    assert (np.bincount(rows) == 2).all()
    assert set(places[:, 0]) == set(range(length // 2))
    assert set(places[:, 1]) == set(range(length // 2, length))
    total = np.take_along_axis(values, places, axis=1).sum(1)
    np.testing.assert_allclose(batch.targets[:, length - 1, 0], total, rtol=1e-6)
    assert (batch.mask == np.eye(12)[length - 1]).all()


@pytest.mark.parametrize("length", [2, 3, 7, 12])
def test_adding_anywhere_marks_every_pair_of_numbers_equally_often(length):
    batch = draw(ADDING_ANY, length)
    values, markers = np.moveaxis(batch.inputs, 2, 0)
    rows, places = np.nonzero(markers)
    places = places.reshape(20_000, 2)
    assert (np.bincount(rows) == 2).all()
    pairs, counts = np.unique(places, axis=0, return_counts=True)
    num_pairs = length * (length - 1) // 2
    assert len(pairs) == num_pairs and places.max() == length - 1
    # Chi-square, whose deviation is sqrt(2 n), at four deviations.
    expected = 20_000 / num_pairs
    excess = ((counts - expected) ** 2 / expected).sum() - (num_pairs - 1)
    assert excess < 4 * np.sqrt(2 * num_pairs)
    total = np.take_along_axis(values, places, axis=1).sum(1)
    np.testing.assert_allclose(batch.targets[:, length - 1, 0], total, rtol=1e-6)
    assert (batch.mask == np.eye(12)[length - 1]).all()


def test_adding_numbers_are_uniform_on_the_unit_interval():
    values = draw(ADDING, 10).inputs[:, :10, 0].ravel()
    distance = np.abs(np.sort(values) - (np.arange(80_000) + 0.5) / 80_000).max()
    assert distance < 1.95 / np.sqrt(80_000)  # Kolmogorov's bound at one in a thousand
