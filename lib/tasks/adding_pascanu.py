"""Adding, all markers early: the mean of two marked numbers of the first half.

On the difficulty of training recurrent neural networks (Pascanu, Mikolov, Bengio 2013,
arXiv:1211.5063, section 4.1.3), in the version of the authors' code. The input at t is
(u_t, m_t) with u_t ~ U[0, 1); m is 1 at p_0 ~ U{0..a-1} and at p_1 ~ a + U{0..b-1},
with a = floor(T/10) and b = floor(4T/10), each at least 1 here. The target is
(u_p0 + u_p1)/2. Nothing of it is in the second half, so that at least T/2 steps are to
be bridged. The code draws T itself, per batch, from L to 1.1 L; here it is the length.

An example (T = 10):

    values   0.33 0.47 0.57 0.17 0.31 0.69 0.75 0.17 0.99 0.03
    markers     1    0    0    1    0    0    0    0    0    0
    targets     .    .    .    .    .    .    .    .    . 0.25

Scored: the last position, T - 1, by squared error. Chance is the variance of the
target, 1/24, reached by the constant 1/2. `success` is the share of examples whose
squared error is below 0.04, by which the paper counts. As it is 0.64 for the constant
already, at which an error of up to 0.2 passes, it says little.

A window of the last k inputs reaches (1/24)(1 - s), s the mean chance that it holds
either marker.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from lib.loss import masked, mean
from lib.tasks.label import check_length
from lib.tasks.marked import at, marked_batch, marked_task
from lib.types import Batch, Mean, Metric, PRNGKey, Split, Task


def spans(length: int) -> tuple[int, int]:
    """From how many positions the first and the second marker are drawn."""
    return max(1, length // 10), max(1, 4 * length // 10)


def held(length: int, k: int) -> tuple[float, float]:
    """The chances that the last k inputs hold the first and the second marker."""
    a, b = spans(length)
    first = min(max(a - (length - k), 0), a) / a
    second = min(max(a + b - (length - k), 0), b) / b
    return first, second


def _accumulate_success(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    error = jnp.square(outputs.astype(batch.mask.dtype) - batch.targets)[..., 0]
    return masked((error < 0.04).astype(batch.mask.dtype), batch.mask)


success = Metric(_accumulate_success, mean, by_step=True)


def draw_early(
    key: PRNGKey, max_length: int, batch_size: int, length: Int[Array, ""]
) -> tuple[Float[Array, "B T"], Int[Array, "B 1"], Int[Array, "B 1"]]:
    """The numbers, and the positions of the two that are marked."""
    # One draw, time first: an example does not depend on how far it is padded.
    shape = (max_length + 2, batch_size)
    bits = jax.random.bits(key, shape, jnp.uint32)
    values = (bits[2:] >> 8).astype(jnp.float32).T * 2.0**-24  # of U[0, 1)
    size = length.astype(jnp.uint32)
    a = jnp.maximum(size // 10, 1)
    b = jnp.maximum(4 * size // 10, 1)
    first, second = bits[0] % a, a + bits[1] % b
    place = lambda drawn: drawn.astype(jnp.int32)[:, None]
    return values, place(first), place(second)


def make_adding_pascanu(split: Split, batch_size: int, max_length: int) -> Task:
    """The mean of two early ones of `length` numbers, at least 2."""
    check_length("adding_pascanu", max_length, 2)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        values, first, second = draw_early(key, max_length, batch_size, length)
        target = (at(values, first) + at(values, second)) / 2
        return marked_batch(values, first, second, target, length)

    return marked_task(
        sample,
        max_length,
        floor=1 / 24,
        window_score=lambda length, k: sum(held(length, k)) / 2,
        metrics={"success": success},
    )
