"""The chorales: every frame scored once, and the published floor."""

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.data import dataset
from lib.data.jsb_chorales import make_jsb_chorales

FILE = Path(os.environ.get("HORIZON_DATA", "/nowhere"), "poly_music/JSB_Chorales.mat")


@pytest.fixture(scope="module")
def pieces():
    if not FILE.is_file():
        pytest.skip("no poly_music/JSB_Chorales.mat in $HORIZON_DATA")
    records = dataset.load("jsb_chorales")
    return {split: [r["frames"] for r in rows] for split, rows in records.items()}


def nats(training, frames):
    """Independent notes in numpy: one added to both counts."""
    counts = np.concatenate(training).astype(np.float64)
    p = (counts.sum(0) + 1) / (len(counts) + 2)
    f = frames.astype(np.float64)
    return -(f @ np.log(p) + (1 - f) @ np.log(1 - p)).mean()


def test_the_floor_is_that_of_independent_notes(pieces):
    task = make_jsb_chorales("test", 4, 160)
    scored = np.concatenate([piece[1:] for piece in pieces["test"]])
    expected = nats(pieces["train"], scored)
    assert task.floor(160) == pytest.approx(expected)
    assert task.facts["trivial"]["independent notes"] == task.floor(160)


def test_over_all_frames_the_floor_is_the_published_one(pieces):
    # Boulanger-Lewandowski et al. 2012, table 1, note 1-gram.
    task = make_jsb_chorales("test", 4, 160)
    found = task.facts["independent_notes_all_frames"]
    assert found == pytest.approx(nats(pieces["train"], np.concatenate(pieces["test"])))
    assert round(found, 2) == 11.06


def test_repeated_notes_go_by_the_frame_before(pieces):
    before = np.concatenate([p[:-1] for p in pieces["train"]]).astype(float)
    after = np.concatenate([p[1:] for p in pieces["train"]]).astype(float)
    total, count = 0.0, 0
    for piece in pieces["test"]:
        for x, y in zip(piece[:-1], piece[1:], strict=True):
            count += 1
            total += _repeated(before, after, x, y)
    task = make_jsb_chorales("test", 4, 160)
    assert task.facts["trivial"]["each note by its last"] == pytest.approx(
        total / count
    )


_CHANCE: dict[int, np.ndarray] = {}


def _repeated(before, after, x, y):
    if not _CHANCE:
        for value in (0, 1):
            same = before == value
            _CHANCE[value] = ((same * after).sum(0) + 1) / (same.sum(0) + 2)
    p = np.where(x == 1, _CHANCE[1], _CHANCE[0])
    return -np.log(np.where(y == 1, p, 1 - p)).sum()


@pytest.mark.parametrize("length", [160, 50])
def test_every_frame_after_a_piece_s_first_is_scored_once(pieces, length):
    task = make_jsb_chorales("test", 8, length)
    read = jax.jit(task.batch_at)
    seen, predicted = [], []
    for index in range(task.eval_batches):
        batch = read(task.data, jnp.int32(index), jnp.int32(length))
        inputs, targets, mask = map(np.asarray, batch[:3])
        assert not inputs[mask == 0].any() and not targets[mask == 0].any()
        seen.append(inputs[mask == 1])
        predicted.append(targets[mask == 1])
    for found, part in ((seen, slice(None, -1)), (predicted, slice(1, None))):
        expected = np.concatenate([piece[part] for piece in pieces["test"]])
        np.testing.assert_array_equal(np.concatenate(found), expected)


def test_training_draws_pieces_and_windows_of_long_ones(pieces):
    task = make_jsb_chorales("train", 16, 40)
    draw = jax.jit(task.sample)
    starts = {tuple(piece[0].nonzero()[0]) for piece in pieces["train"]}
    inside = 0
    for seed in range(4):
        batch = draw(jax.random.key(seed), task.data, jnp.int32(40))
        counts = np.asarray(batch.mask).sum(1)
        assert counts.min() >= 24  # the shortest piece has 25 frames
        first = np.asarray(batch.inputs[:, 0])
        inside += sum(tuple(x.nonzero()[0]) not in starts for x in first)
    assert inside > 10  # most pieces are longer than a window
