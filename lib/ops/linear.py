"""Products over the last axis of a sequence, with the leading axes merged first.

A matrix product of two dimensions keeps its gradient one of two dimensions: of three,
XLA copies both operands of the weight gradient into another order (a fifth of its time
on a CPU).
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

Inputs = Any  # an array, or a tuple of as many for x as for U, of one width for U


def merge(x: Float[Array, "*N D"]) -> Float[Array, "M D"]:
    """All leading axes as one."""
    return x.reshape(-1, x.shape[-1])


def project(
    x: Float[Array, "*N D"],
    U: Float[Array, "D H"],
    b: Float[Array, " H"] | None = None,
) -> Float[Array, "*N H"]:
    """x U + b along the last axis of x."""
    z = merge(x) @ U
    if b is not None:
        z = z + b[None, :]
    return z.reshape(*x.shape[:-1], U.shape[1])


def project_each(x: Inputs, U: Inputs, b: Float[Array, " G"]) -> Float[Array, "*N G"]:
    """x U + b; of several x and as many U their products side by side, plus b."""
    if not isinstance(U, tuple):
        return project(x, U, b)
    parts = zip(x, U, jnp.split(b, len(U)), strict=True)
    return jnp.concatenate([project(x, U, b) for x, U, b in parts], axis=-1)


def project_each_gradients(
    x: Inputs, U: Inputs, dz: Float[Array, "*N G"]
) -> tuple[Inputs, Inputs]:
    """The gradients with respect to x and U of z = `project_each`(x, U, b)."""
    if not isinstance(U, tuple):
        return project(dz, U.T), weight_gradient(x, dz)
    parts = jnp.split(dz, len(U), axis=-1)
    dx = tuple(project(dz, U.T) for dz, U in zip(parts, U, strict=True))
    return dx, tuple(weight_gradient(x, dz) for x, dz in zip(x, parts, strict=True))


def weight_gradient(
    x: Float[Array, "*N D"], dz: Float[Array, "*N H"]
) -> Float[Array, "D H"]:
    """The gradient with respect to U of z = x U, summed over the leading axes."""
    return merge(x).T @ merge(dz)


def bias_gradient(dz: Float[Array, "*N H"]) -> Float[Array, " H"]:
    """The gradient with respect to b of z = x U + b."""
    return jnp.sum(merge(dz), axis=0)


def check_one_dtype(who: str, *arguments: PyTree) -> None:
    """ValueError where arrays are not all of one dtype."""
    found = {str(leaf.dtype) for leaf in jax.tree.leaves(arguments)}
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise ValueError(f"{who}: all arrays must have one dtype, got {names}")
