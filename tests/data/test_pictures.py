"""Labelled pictures: how they are read, cut, shrunk, tiled, and made into sequences."""

import functools
import hashlib
import struct
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.data import digits
from lib.data.album import LabelledPictures, cut_album, shrink
from lib.data.digits import make_digits, make_seq_digits
from lib.data.published.mnist import read_idx
from lib.types import SPLITS

random = np.random.default_rng(0)
PICTURES = random.integers(0, 256, (5, 6, 6, 2), np.uint8)


def batches(task):
    assert task.batch_at is not None
    at, length = jax.jit(task.batch_at), jnp.int32(task.max_length)
    return [at(task.data, jnp.int32(i), length) for i in range(task.eval_batches)]


@functools.cache
def published():
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    return found


def test_an_idx_file_gives_its_values_in_order():
    content = struct.pack(">4B3I", 0, 0, 8, 3, 2, 1, 3) + bytes(range(6))
    np.testing.assert_array_equal(read_idx(content), [[[0, 1, 2]], [[3, 4, 5]]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"PK\3\4" + bytes(40), "not an IDX file"),
        (b"\0\0\x0d\1" + bytes(40), "not an IDX file"),  # floats
        (struct.pack(">4BI", 0, 0, 8, 1, 7) + bytes(6), "of shape .7,. holds 6"),
    ],
)
def test_another_file_is_no_idx_file(content, message):
    with pytest.raises(ValueError, match=message):
        read_idx(content)


def test_a_smaller_side_is_the_mean_over_squares():
    got = shrink(PICTURES, 2)
    for i in range(2):
        for j in range(2):
            square = PICTURES[:, 3 * i : 3 * i + 3, 3 * j : 3 * j + 3].astype(float)
            expected = square.mean((1, 2))
            assert np.abs(got[:, i, j] - expected).max() <= 0.5


def test_every_class_gives_its_share_to_a_cut_and_nothing_is_lost():
    labels = np.array([0] * 30 + [1] * 10)
    pictures = random.integers(0, 256, (40, 4, 4, 1), np.uint8)
    first, second = cut_album(LabelledPictures(pictures, labels), 0.1, "salt")
    assert np.bincount(first.labels).tolist() == [3, 1]
    both = np.concatenate([first.pictures, second.pictures])
    assert len(np.unique(both, axis=0)) == 40
    backwards = LabelledPictures(pictures[::-1], labels[::-1])
    again, _ = cut_album(backwards, 0.1, "salt")
    assert {p.tobytes() for p in again.pictures} == {
        p.tobytes() for p in first.pictures
    }


def test_the_digits_are_all_there_once():
    splits = digits._album().splits
    found = np.concatenate([splits[split].pictures for split in SPLITS])
    labels = np.concatenate([splits[split].labels for split in SPLITS])
    assert [len(splits[split].labels) for split in SPLITS] == [1295, 143, 359]
    np.testing.assert_array_equal(np.bincount(labels), np.bincount(published().target))
    own = np.sort(found.reshape(len(found), -1).sum(1, dtype=np.int64))
    sums = published().images.reshape(len(found), -1)
    np.testing.assert_array_equal(own, np.sort(np.rint(sums * 255 / 16).sum(1)))


def test_every_picture_of_a_split_is_scored_once_with_its_class():
    task = make_digits("test", 100, 8)
    found = batches(task)
    scored = np.concatenate([np.asarray(b.mask)[:, 0] for b in found])
    answers = np.concatenate([np.asarray(b.targets)[:, 0] for b in found])
    inputs = np.concatenate([np.asarray(b.inputs) for b in found])
    test = digits._album().splits["test"]
    np.testing.assert_array_equal(scored, [1] * 359 + [0] * 41)
    np.testing.assert_array_equal(answers[:359], test.labels)
    np.testing.assert_allclose(inputs[:359], test.pictures / 255, rtol=1e-6)


def test_one_task_reads_every_split_by_its_data():
    train, test = make_digits("train", 8, 4), make_digits("test", 8, 4)
    assert train.batch_at and test.batch_at
    own = test.batch_at(test.data, jnp.int32(44), jnp.int32(4))
    through = train.batch_at(test.data, jnp.int32(44), jnp.int32(4))
    jax.tree.map(np.testing.assert_array_equal, own, through)


def test_the_floor_is_the_share_of_the_most_frequent_class():
    task = make_digits("test", 359, 8)
    [batch] = batches(task)
    most = np.bincount(np.asarray(batch.targets)[:, 0]).argmax()
    outputs = jnp.asarray(np.eye(10, dtype=np.float32)[np.full((359, 1), most)])
    metric = task.metrics["accuracy"]
    reached = metric.finalize(metric.accumulate(outputs, batch))
    assert reached == pytest.approx(task.floor(8))


@pytest.mark.parametrize(
    "make", [make_digits, functools.partial(make_seq_digits, side=3)]
)
def test_a_side_that_does_not_divide_names_those_that_do(make):
    with pytest.raises(ValueError, match="one of 8, 4, 2, 1, got 3"):
        make("train", 8, 3)


@pytest.mark.parametrize(("order", "most"), [("rows", 4), ("pixels", 16)])
def test_a_length_beyond_the_picture_is_refused(order, most):
    with pytest.raises(ValueError, match=f"at most {most}, .*got {most + 1}"):
        make_seq_digits("train", 8, most + 1, side=4, order=order)


def sequence(order, length=64, read=None):
    task = make_seq_digits("test", 359, length, order=order)
    at = jnp.int32(read or length)
    assert task.batch_at is not None
    batch = jax.tree.map(np.asarray, task.batch_at(task.data, jnp.int32(0), at))
    return batch, digits._album().splits["test"]


def test_rows_come_from_the_top_and_pixels_row_by_row():
    rows, test = sequence("rows", 8)
    pixels, _ = sequence("pixels")
    for i in (0, 5, 63):
        np.testing.assert_allclose(
            pixels.inputs[:, i, 0], test.pictures[:, i // 8, i % 8, 0] / 255, rtol=1e-6
        )
    np.testing.assert_array_equal(rows.inputs.reshape(359, 64), pixels.inputs[..., 0])


def test_the_permuted_order_is_that_of_hashes_for_every_picture():
    permuted, _ = sequence("permuted")
    pixels, _ = sequence("pixels")
    digest = lambda i: hashlib.sha256(b"permuted\0%d" % i).digest()
    order = sorted(range(64), key=digest)
    np.testing.assert_array_equal(permuted.inputs, pixels.inputs[:, order])
    assert order != list(range(64))


def test_the_class_is_answered_where_reading_ends():
    whole, test = sequence("pixels")
    part, _ = sequence("pixels", read=20)
    np.testing.assert_array_equal(whole.mask.argmax(1), 63)
    np.testing.assert_array_equal(part.mask.argmax(1), 19)
    np.testing.assert_array_equal(part.targets[:, 19], test.labels)
    np.testing.assert_array_equal(part.inputs[:, :20], whole.inputs[:, :20])
    assert not part.inputs[:, 20:].any() and (part.mask.sum(1) == 1).all()
