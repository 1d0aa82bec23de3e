"""Long scans cut into chunks, so that what is computed at once stays in the cache.

Products with the inputs are worth doing for many steps at once, but over a whole long
sequence their results no longer fit the cache and the gain is lost (on a CPU: 1.3 times
slower than chunks at B = 64, T = 256, H = 256).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import PyTree

_CACHED_NUMBERS = 2**18  # of float32: 1 MiB, half of a common second-level cache
_FEWEST_STEPS = 8  # below this a chunk's products are too small to be worth merging


def chunk_size(num_steps: int, numbers_a_step: int) -> int:
    """Steps a chunk: all on an accelerator, else what the cache holds.

    A divisor of `num_steps` where there is one near, so that no remainder is left:
    a remainder is a second program to compile.
    """
    if jax.default_backend() != "cpu":
        return num_steps
    most = max(_FEWEST_STEPS, _CACHED_NUMBERS // numbers_a_step)
    if most >= num_steps:
        return num_steps
    near = range(most, max(most // 2, _FEWEST_STEPS) - 1, -1)
    return next((size for size in near if num_steps % size == 0), most)


def scan_chunks(
    body: Callable[[PyTree, PyTree], tuple[PyTree, PyTree]],
    carry: PyTree,
    xs: PyTree,
    size: int,
    reverse: bool = False,
) -> tuple[PyTree, PyTree]:
    """`lax.scan` over chunks: `body` reads `size` steps [C, ...] and returns as many.

    The number of steps is a multiple of `size`; a single chunk needs no loop.
    """
    num_steps = jax.tree.leaves(xs)[0].shape[0]
    if num_steps == size:
        return body(carry, xs)
    cut = jax.tree.map(lambda x: x.reshape(-1, size, *x.shape[1:]), xs)
    carry, ys = lax.scan(body, carry, cut, reverse=reverse)
    return carry, jax.tree.map(lambda y: y.reshape(num_steps, *y.shape[2:]), ys)


def scan_with_resets(
    step: Callable[[PyTree, PyTree], tuple[PyTree, PyTree]],
    initial: PyTree,
    carry: PyTree,
    xs: PyTree,
    reset: PyTree,
) -> tuple[PyTree, PyTree]:
    """`lax.scan` of `step`, from the initial carry again where `reset` [T, B] is true.

    `reset` None: nowhere. The whole-sequence form of any cell that has a step form.
    """
    if reset is None:
        return lax.scan(step, carry, xs)

    def masked(carry: PyTree, xs: PyTree) -> tuple[PyTree, PyTree]:
        x, mask = xs
        return step(restart(mask, initial, carry), x)

    return lax.scan(masked, carry, (xs, reset))


def restart(mask: PyTree, initial: PyTree, carry: PyTree) -> PyTree:
    """The carry, from `initial` in the examples where `mask` [B] is true."""

    def select(start: jax.Array, now: jax.Array) -> jax.Array:
        return jnp.where(mask.reshape(-1, *[1] * (now.ndim - 1)), start, now)

    return jax.tree.map(select, initial, carry)
