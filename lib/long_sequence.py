"""Sequences of any length, read in chunks with the state carried: memory of one chunk.

A causal model that reads a chunk from the state in which it ended the last one answers
as it does on the whole sequence, up to the rounding of products of other shapes. What
grows with the length is then at most the inputs: the outputs and what the layers hold
are those of one chunk.

One sequence of 2^20 tokens, H = 64, one CPU thread (Zen 4): rnn 0.5 s, lru 0.8 s, gru
1.8 s, lstm 2.2 s, tcn 3.1 s; peak memory as at 2^14 tokens, to 0.2 MiB of 300.
"""

from collections.abc import Iterable, Iterator, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree, Shaped

from lib.error import UserError
from lib.types import Batch, Carry, Metric, Model, Params

# Steps a chunk: its products are large enough that a larger one is no faster (8 MiB of
# states at B = 8, H = 64).
CHUNK = 2**12
# The longest sequence that evaluation reads whole; up to here results keep their bits.
WHOLE = 2**14


def stream(
    model: Model,
    params: Params,
    inputs: Shaped[np.ndarray, "B T *D"] | Iterable[Shaped[np.ndarray, "B T *D"]],
    chunk: int = CHUNK,
) -> Iterator[Float[np.ndarray, "B T V"]]:
    """The outputs for inputs of any length, at most `chunk` steps at a time, in order.

    `inputs` is an array [B, T] of tokens or [B, T, D] of values, in memory or mapped
    from a file, or an iterable of such arrays that follow each other in time: then
    nothing grows with the length. One program is compiled, whatever the pieces' sizes.

    Raises UserError where the model is not causal or the pieces do not fit together.
    """
    if not model.causal:
        raise UserError(
            "stream: this model has read all of a sequence before it answers; a "
            "stream needs one that reads forward only"
        )
    if type(chunk) is not int or chunk < 1:
        raise UserError(f"stream: chunk must be an int of at least 1, got {chunk!r}")
    whole = isinstance(inputs, np.ndarray | jax.Array)
    pieces: Iterable = (inputs,) if whole else inputs
    return _outputs(model, params, _cut(pieces, chunk), chunk)


def score_in_chunks(
    model: Model,
    params: Params,
    batch: Batch,
    metrics: Mapping[str, Metric],
    chunk: int = CHUNK,
) -> dict[str, PyTree]:
    """The sums of metrics over a batch [B, T] read from the initial state.

    What `accumulate` gives for the outputs of the whole batch; chunks after the last
    scored step are not read. Metrics that add up by step are gathered chunk by chunk;
    for others, as an exact match of whole answers, the outputs [B, T, V] are kept, and
    nothing else of that size. To be compiled by the caller.
    """
    num_steps = batch.mask.shape[1]
    by_step = {n: m for n, m in metrics.items() if m.by_step}
    whole = {n: m for n, m in metrics.items() if not m.by_step}
    padded = _pad(batch, -num_steps % chunk)

    def read(index: Array, carry: Carry) -> tuple[Carry, PyTree, PyTree]:
        at = lambda x: lax.dynamic_slice_in_dim(x, index * chunk, chunk, axis=1)
        part: Batch = jax.tree.map(at, padded)
        outputs, carry = model.apply(params, carry, part.inputs, part.reset, None)
        sums = {n: m.accumulate(outputs, part) for n, m in by_step.items()}
        return carry, sums, outputs

    def add(index: Array, state: tuple) -> tuple:
        carry, more, part = read(index, state[0])
        sums, outputs = jax.tree.map(jnp.add, state[1], more), state[2]
        if outputs is not None:
            place = (0, index * chunk, 0)
            outputs = lax.dynamic_update_slice(outputs, part, place)
        return carry, sums, outputs

    first = model.initial(params, batch.inputs)
    _, shapes, part = jax.eval_shape(read, jnp.int32(0), first)
    zeros = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
    size = (part.shape[0], padded.mask.shape[1], part.shape[2])
    held = jnp.zeros(size, part.dtype) if whole else None
    num_chunks = -(-_last_scored(batch.mask) // chunk)
    _, sums, held = lax.fori_loop(0, num_chunks, add, (first, zeros, held))
    if held is not None:
        outputs = held[:, :num_steps]
        sums |= {n: m.accumulate(outputs, batch) for n, m in whole.items()}
    return {name: sums[name] for name in metrics}


def is_long(model: Model, batch: Batch) -> bool:
    """Whether evaluation reads a batch in chunks: it is long, and the model can."""
    pictures = isinstance(batch.inputs, Mapping)
    return batch.mask.shape[1] > WHOLE and model.causal and not pictures


def _pad(batch: Batch, size: int) -> Batch:
    """The batch with `size` further steps that are not scored."""

    def pad(x: Array) -> Array:
        return jnp.pad(x, ((0, 0), (0, size), *[(0, 0)] * (x.ndim - 2)))

    return jax.tree.map(pad, batch) if size else batch


def _last_scored(mask: Float[Array, "B T"]) -> Int[Array, ""]:
    """One more than the index of the last step with a target; 0: there is none."""
    place = jnp.arange(1, mask.shape[1] + 1, dtype=jnp.int32)
    return jnp.max(jnp.where(jnp.any(mask > 0, axis=0), place, jnp.zeros_like(place)))


def _outputs(
    model: Model, params: Params, parts: Iterator[np.ndarray], chunk: int
) -> Iterator[np.ndarray]:
    apply = jax.jit(model.apply)  # compiled once for a model: JAX keeps its programs
    carry = None
    for part in parts:
        if carry is None:
            carry = model.initial(params, jnp.asarray(part[:, :1]))
        num_steps = part.shape[1]
        if num_steps < chunk:  # the last one: what follows it changes no output
            widths = ((0, 0), (0, chunk - num_steps), *[(0, 0)] * (part.ndim - 2))
            part = np.pad(part, widths)
        outputs, carry = apply(params, carry, jnp.asarray(part), None, None)
        yield np.asarray(outputs)[:, :num_steps]


def _cut(pieces: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """The pieces, one after the other, as arrays of `size` steps and a last rest."""
    held: list[np.ndarray] = []
    first: tuple | None = None
    for given in pieces:
        piece = np.asarray(given)
        if piece.ndim not in (2, 3):
            raise UserError(
                "stream: inputs are tokens [B, T] or values [B, T, D], got shape "
                f"{piece.shape}"
            )
        kind = (piece.shape[0], *piece.shape[2:], str(piece.dtype))
        if first is not None and kind != first:
            raise UserError(
                "stream: all pieces must have one batch size, width and dtype, got "
                f"{first}, then {kind}"
            )
        first = kind
        start = 0
        while start < piece.shape[1]:
            missing = size - sum(part.shape[1] for part in held)
            held.append(np.asarray(piece[:, start : start + missing]))
            start += missing
            if sum(part.shape[1] for part in held) == size:
                yield np.concatenate(held, axis=1)
                held = []
    if held:
        yield np.concatenate(held, axis=1)
