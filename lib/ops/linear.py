"""Products over the last axis of a sequence, with the leading axes merged first.

A matrix product of two dimensions keeps its gradient one of two dimensions: of three,
XLA copies both operands of the weight gradient into another order (a fifth of its time
on a CPU).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree


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
