"""JSB chorales: the next frame of Bach's four-part chorales, all 88 keys at once.

A frame x_t in {0, 1}^88 is what sounds during a quarter note. The network reads a frame
and gives 88 numbers y; key v of the next frame sounds with probability sigmoid(y_v),
each key by itself:

    inputs   x_1 x_2 ... x_{T-1}
    targets  x_2 x_3 ... x_T

Scored: every frame after a piece's first, by its negative log-likelihood, the sum over
the 88 keys, in nats per frame (Boulanger-Lewandowski, Bengio & Vincent 2012,
arXiv:1206.6392; Bai, Kolter & Koltun 2018, arXiv:1803.01271, table 1: lstm 8.45, gru
8.43, tcn 8.10). Pieces are right-padded. Training draws pieces, and where one is longer
than `length` a window of it; `batch_at` cuts every piece into windows of `max_length`
and scores each frame once: 160 frames and more read every piece whole.

Floor: independent notes, each key with its frequency in the training frames (one added
to both counts): 11.06 over all frames of the test split, first ones too, as published.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.data import dataset
from lib.loss import bernoulli_nll
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task

NUM_KEYS = 88

Piece = Float[np.ndarray, "T V"]


class Chorales(NamedTuple):
    """Pieces by split, and what they are known by."""

    pieces: dict[str, list[Piece]]
    fingerprint: str


def independent_notes(training: list[Piece], frames: Piece) -> float:
    """Nats a frame of each key's own frequency in the training pieces."""
    counts = np.concatenate(training)
    chance = (counts.sum(0) + 1) / (len(counts) + 2)
    return _nats(frames, np.broadcast_to(chance, frames.shape))


def repeated_notes(training: list[Piece], before: Piece, frames: Piece) -> float:
    """Nats a frame where each key goes by whether it sounded in the frame before."""
    was = np.concatenate([piece[:-1] for piece in training])
    now = np.concatenate([piece[1:] for piece in training])
    if_on = ((was * now).sum(0) + 1) / (was.sum(0) + 2)
    if_off = (((1 - was) * now).sum(0) + 1) / ((1 - was).sum(0) + 2)
    return _nats(frames, np.where(before > 0, if_on, if_off))


def _nats(frames: Piece, chance: Piece) -> float:
    likelihood = np.where(frames > 0, chance, 1 - chance)
    return float(-np.log(likelihood).sum(1).mean())


def make_jsb_chorales(split: Split, batch_size: int, max_length: int) -> Task:
    """Next-frame prediction over pieces of up to `length` steps, at least 1."""
    if max_length < 1:
        raise ValueError(f"jsb_chorales: length must be at least 1, got {max_length}.")
    chorales = _read()
    pieces = chorales.pieces[split]
    windows = {s: _windows(chorales.pieces[s], max_length) for s in SPLITS}
    num_windows = len(windows[split])

    def batch_of(
        data: PyTree,
        piece: Int[Array, " B"],
        begin: Int[Array, " B"],
        stop: Int[Array, " B"],
        length: Int[Array, ""],
    ) -> Batch:
        offset = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        place = begin[:, None] + offset  # of the input; its target comes next
        scored = (offset < length) & (place < stop[:, None] - 1)
        frames = lambda at: (
            data["frames"].at[piece[:, None], at].get(mode="clip").astype(jnp.float32)
        )
        return Batch(
            inputs=jnp.where(scored[..., None], frames(place), 0),
            targets=jnp.where(scored[..., None], frames(place + 1), 0),
            mask=scored.astype(jnp.float32),
        )

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        piece_key, place_key = jax.random.split(key)
        piece = jax.random.randint(
            piece_key, (batch_size,), 0, data["num_pieces"], jnp.int32
        )
        size = data["sizes"][piece]
        most = jnp.maximum(size - 1 - max_length, 0) + 1
        begin = jax.random.randint(place_key, (batch_size,), 0, most, jnp.int32)
        return batch_of(data, piece, begin, size, length)

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        place = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        window = data["windows"].at[place].get(mode="clip")  # [B, 2]
        piece, begin = window[:, 0], window[:, 1]
        known = place < data["num_windows"]
        stop = jnp.where(known, data["sizes"][piece], 0)  # 0: nothing is scored
        return batch_of(data, piece, begin, stop, length)

    training, sizes = chorales.pieces["train"], list(map(len, pieces))
    before = np.concatenate([piece[:-1] for piece in pieces])
    scored = np.concatenate([piece[1:] for piece in pieces])
    notes = independent_notes(training, scored)
    return Task(
        sample=sample,
        interface=Interface(0, NUM_KEYS, NUM_KEYS),
        max_length=max_length,
        loss=bernoulli_nll,
        metrics={"nll": bernoulli_nll},
        score_metric="nll",
        floor=lambda length: notes,
        optimum=None,
        window_score=None,
        version=1,
        data={
            **_padded(chorales, split),
            "windows": jnp.asarray(
                _fill(windows[split], max(map(len, windows.values())))
            ),
            "num_windows": jnp.int32(num_windows),
        },
        fingerprint=chorales.fingerprint,
        system="regression",
        facts={
            "metric": "nll",
            "unit": "nats a frame",
            "pieces": len(pieces),
            "frames": sum(sizes),
            "mean_frames": float(np.mean(sizes)),
            "longest": max(sizes),
            "notes_a_frame": float(np.concatenate(pieces).sum(1).mean()),
            "independent_notes_all_frames": independent_notes(
                training, np.concatenate(pieces)
            ),
            "trivial": {
                "independent notes": notes,
                "each note by its last": repeated_notes(training, before, scored),
            },
        },
        eval_batches=math.ceil(num_windows / batch_size),
        batch_at=batch_at,
    )


def _windows(pieces: list[Piece], max_length: int) -> Int[np.ndarray, "W 2"]:
    """Piece and first input of the windows that score every frame once."""
    found = [
        (index, begin)
        for index, piece in enumerate(pieces)
        for begin in range(0, len(piece) - 1, max_length)
    ]
    return np.array(found, np.int32)


def _padded(chorales: Chorales, split: Split) -> PyTree:
    """A split's pieces in arrays of one shape for all splits: they share a program."""
    every = chorales.pieces.values()
    most = max(map(len, every))
    longest = max(len(piece) for pieces in every for piece in pieces)
    frames = np.zeros((most, longest, NUM_KEYS), np.uint8)
    sizes = np.zeros(most, np.int32)
    for index, piece in enumerate(chorales.pieces[split]):
        frames[index, : len(piece)] = piece
        sizes[index] = len(piece)
    return {
        "frames": jnp.asarray(frames),
        "sizes": jnp.asarray(sizes),
        "num_pieces": jnp.int32(len(chorales.pieces[split])),
    }


def _fill(rows: Int[np.ndarray, "W 2"], size: int) -> Int[np.ndarray, "F 2"]:
    """Rows with zeros below them, `size` in all."""
    return np.pad(rows, ((0, size - len(rows)), (0, 0)))


def _read() -> Chorales:
    return _arrays(dataset.fingerprint("jsb_chorales"))


@functools.lru_cache(maxsize=1)
def _arrays(fingerprint: str) -> Chorales:
    records = dataset.load("jsb_chorales")
    pieces = {
        split: [record["frames"].astype(np.float64) for record in records[split]]
        for split in SPLITS
    }
    return Chorales(pieces, fingerprint)
