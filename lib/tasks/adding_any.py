"""Adding, markers anywhere: the sum of two marked numbers of a sequence.

Long short-term memory (Hochreiter, Schmidhuber 1997, section 5.4), in the version of
Bai, Kolter, Koltun 2018 (arXiv:1803.01271, section 4.1 and the authors' code). The
input at t is (u_t, m_t) with u_t ~ U[0, 1); m is 1 at two different positions, all
pairs of them equally likely, and 0 elsewhere. The target is the sum of the two marked
numbers. `adding` has one marker in each half, `adding_pascanu` both in the first.

An example (T = 8):

    values   0.84 0.18 0.23 0.12 0.19 0.72 0.77 0.15
    markers     0    1    0    0    0    1    0    0
    targets     .    .    .    .    .    .    . 0.90

Scored: the last position, T - 1, by squared error. Chance is the variance of the
target, 2/12 = 1/6, reached by the constant 1.

A window of the last k inputs reaches (1/6)(1 - k/T), at odd T too: it holds either
marker with probability k/T, and each one that it does not hold costs 1/12. An error
therefore reads as an effective memory of T (1 - 6 MSE) inputs.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from lib.loss import squared_error
from lib.types import Batch, Interface, PRNGKey, Split, Task


def draw_uniform(key: PRNGKey, max_length: int, batch_size: int) -> Float[Array, "B T"]:
    """Numbers of U[0, 1), time first: an example does not depend on its padding."""
    return jax.random.uniform(key, (max_length, batch_size), dtype=jnp.float32).T


def marked_batch(
    values: Float[Array, "B T"],
    first: Int[Array, "B 1"],
    second: Int[Array, "B 1"],
    target: Float[Array, "B 1"],
    length: Int[Array, ""],
) -> Batch:
    """Numbers with two of them marked, and one target at the last position."""
    position = jnp.arange(values.shape[1], dtype=jnp.int32)[None, :]
    markers = ((position == first) | (position == second)).astype(jnp.float32)
    inside = (position < length).astype(jnp.float32)
    mask = jnp.broadcast_to(position == length - 1, values.shape).astype(jnp.float32)
    return Batch(
        inputs=jnp.stack([values * inside, markers], axis=-1),  # [B, T, 2]
        targets=(target * mask)[..., None],
        mask=mask,
    )


def at(values: Float[Array, "B T"], place: Int[Array, "B 1"]) -> Float[Array, "B 1"]:
    """The number at each example's place."""
    return jnp.take_along_axis(values, place, axis=1)


def make_adding_any(split: Split, batch_size: int, max_length: int) -> Task:
    """Addition of two of `length` numbers, at least 2."""
    if max_length < 2:
        raise ValueError(f"adding_any: length must be at least 2, got {max_length}.")

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        value_key, place_key = jax.random.split(key)
        values = draw_uniform(value_key, max_length, batch_size)
        # The remainder of 32 bits is uniform to one in 2^32 / length.
        bits = jax.random.bits(place_key, (2, batch_size, 1), jnp.uint32)
        size = length.astype(jnp.uint32)
        first = bits[0] % size
        # One of the other positions: 1 to T - 1 further on, around the end.
        second = (first + 1 + bits[1] % (size - 1)) % size
        first, second = first.astype(jnp.int32), second.astype(jnp.int32)
        total = at(values, first) + at(values, second)
        return marked_batch(values, first, second, total, length)

    return Task(
        sample=sample,
        interface=Interface(0, 2, 1),
        max_length=max_length,
        loss=squared_error,
        metrics={"mse": squared_error},
        score_metric="mse",
        floor=lambda length: 1 / 6,
        optimum=lambda length: 0.0,
        window_score=lambda length, k: min(k, length) / length,
        version=1,
    )
