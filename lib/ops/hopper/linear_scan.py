"""`lib.ops.linear_scan` by the one-pass kernel: values and gradients, real or complex.

The gradient of a diagonal recurrence is the same recurrence backwards in time.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Float

from lib.ops.hopper.diagonal import STEPS, WIDTH, scan_kernel
from lib.ops.part import conjugate_times, parts_of


def kernel_linear_scan(
    a: Any,
    x: Any,
    h: Any,
    reset: Bool[Array, "T B"] | None = None,
    interpret: Any = None,
) -> Any:
    """All h_t = a h_{t-1} + x_t of float32, from zeros where `reset` is.

    a [N], x [T, B, N] and h [B, N] are arrays or pairs of real and imaginary part; a
    pair x gives a pair, as in `lib.ops.linear_scan`. `interpret` are the parameters of
    Pallas's interpret mode, for tests on a CPU.
    """
    parts = [parts_of(value) for value in (a, x, h)]
    if any(len(value) == 2 for value in parts):
        parts = [(*p, *map(jnp.zeros_like, p))[:2] for p in parts]
    T, B, N = parts[1][0].shape
    reset = jnp.zeros((T, B), bool) if reset is None else reset
    keep = 1 - jnp.pad(reset, ((0, -T % STEPS), (0, 0))).astype(jnp.float32).T
    wide = lambda v, *widths: jnp.pad(v, (*widths, (0, -N % WIDTH)))
    factor, drive, first = (
        jnp.stack([wide(part, *widths) for part in value])
        for value, widths in zip(
            parts, ((), ((0, -T % STEPS), (0, 0)), ((0, 0),)), strict=True
        )
    )
    values: Any = _scan(interpret, factor, drive, first, keep)
    states = tuple(part[:T, :, :N] for part in values)
    if isinstance(x, tuple):
        return states
    return states[0] if len(states) == 1 else jax.lax.complex(*states)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _scan(
    interpret: Any,
    a: Float[Array, "P N"],
    x: Float[Array, "P T B N"],
    h: Float[Array, "P B N"],
    keep: Float[Array, "B T"],
) -> Float[Array, "P T B N"]:
    return _over_runs(False, interpret)(a, x, h, keep)


def _forward(interpret: Any, a: Array, x: Array, h: Array, keep: Array) -> Any:
    states = _over_runs(False, interpret)(a, x, h, keep)
    return states, (a, h, keep, states)


def _backward(interpret: Any, saved: Any, gradient: Array) -> Any:
    a, h, keep, states = saved
    # The transpose of a product with a + ib, as a matrix of reals, is one with a - ib.
    back = a if len(a) == 1 else jnp.stack([a[0], -a[1]])
    later = jnp.pad(keep[:, 1:], ((0, 0), (0, 1)), constant_values=1.0)
    dx = _over_runs(True, interpret)(back, gradient, jnp.zeros_like(h), later)
    kept = keep.T[None, :, :, None]  # [1, T, B, 1]
    before = kept * jnp.concatenate([h[:, None], states[:, :-1]], axis=1)
    dh = jnp.stack(conjugate_times(tuple(a[:, None]), tuple(dx[:, 0])))
    da = jnp.stack(conjugate_times(tuple(before), tuple(dx)))
    return jnp.sum(da, axis=(1, 2)), dx, kept[:, 0] * dh, jnp.zeros_like(keep)


_scan.defvjp(_forward, _backward)


def _over_runs(reverse: bool, interpret: Any) -> Callable[..., Array]:
    """The kernel; mapped over runs, these are examples of one call of it."""
    axes = (1, 2, 1, 0)  # of the examples in the kernel's arguments

    def of_examples(a: Array, x: Array, h: Array, keep: Array) -> Array:
        each = jnp.broadcast_to(a[:, None], h.shape) if a.ndim == 2 else a
        return scan_kernel(reverse, interpret, each, x, h, keep)

    call = custom_vmap(of_examples)

    @call.def_vmap
    def _(size: int, in_batched: list[bool], *arrays: Array) -> tuple[Array, bool]:
        a, x, h, keep = (
            v if batched else jnp.broadcast_to(v[None], (size, *v.shape))
            for v, batched in zip(arrays, in_batched, strict=True)
        )
        if a.ndim == 3:  # [R, P, N]
            a = jnp.broadcast_to(a[:, :, None], h.shape)
        merged = [
            jnp.moveaxis(v, 0, axis).reshape(
                *v.shape[1 : axis + 1], -1, *v.shape[axis + 2 :]
            )
            for v, axis in zip((a, x, h, keep), axes, strict=True)
        ]
        y = call(*merged)  # [P, T, R B, N]
        split = y.reshape(*y.shape[:2], size, -1, y.shape[3])
        return jnp.moveaxis(split, 2, 0), True

    return call
