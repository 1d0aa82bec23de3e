"""`lib.ops.linear_scan` by the one-pass kernel: values and gradients, real or complex.

The gradient of a diagonal recurrence is the same recurrence backwards in time.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Float, Inexact

from lib.ops.kernels.diagonal import STEPS, WIDTH, scan_kernel


def kernel_linear_scan(
    a: Inexact[Array, " N"],
    x: Inexact[Array, "T B N"],
    h: Inexact[Array, "B N"],
    reset: Bool[Array, "T B"] | None = None,
    interpret: Any = None,
) -> Inexact[Array, "T B N"]:
    """All h_t = a h_{t-1} + x_t in float32 or complex64, from zeros where `reset` is.

    `interpret` are the parameters of Pallas's interpret mode, for tests on a CPU.
    """
    T, B, N = x.shape
    reset = jnp.zeros((T, B), bool) if reset is None else reset
    keep = 1 - jnp.pad(reset, ((0, -T % STEPS), (0, 0))).astype(jnp.float32).T
    wide = lambda v, *widths: jnp.pad(v, (*widths, (0, -N % WIDTH)))
    parts = _split if jnp.iscomplexobj(x) else lambda v: v[None]
    long = wide(x, (0, -T % STEPS), (0, 0))
    values: Any = _scan(
        interpret, parts(wide(a)), parts(long), parts(wide(h, (0, 0))), keep
    )
    values = values[:, :T, :, :N]
    return jax.lax.complex(*values) if jnp.iscomplexobj(x) else values[0]


def _split(v: Array) -> Array:
    return jnp.stack([v.real, v.imag])


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
    dh = kept[:, 0] * _times(back[:, None, :], dx[:, 0])
    da = jnp.sum(_times(_conjugate(before), dx), axis=(1, 2))
    return da, dx, dh, jnp.zeros_like(keep)


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


def _conjugate(v: Array) -> Array:
    return v if len(v) == 1 else jnp.stack([v[0], -v[1]])


def _times(a: Array, b: Array) -> Array:
    """The product of numbers held as parts along the first axis."""
    if len(a) == 1:
        return a * b
    return jnp.stack([a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]])
