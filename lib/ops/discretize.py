"""A diagonal linear system in continuous time, dh/dt = a h + u, made one of steps.

    h_t = abar h_{t-1} + bbar u_t
    zoh        abar = exp(delta a)                       bbar = (abar - 1) / a
    bilinear   abar = (1 + delta a / 2) / (1 - delta a / 2)
               bbar = delta / (1 - delta a / 2)

Zero-order hold is exact for inputs constant over a step of length delta; the bilinear
transform is Tustin's. Complex numbers are pairs (real, imaginary), see lib.ops.part.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.ops.part import Parts, times


def zoh(a: Parts, delta: Float[Array, "*N"]) -> tuple[Parts, Parts]:
    """abar and bbar by zero-order hold, for a other than 0."""
    size, phase = jnp.exp(delta * a[0]), delta * a[1]
    bar = size * jnp.cos(phase), size * jnp.sin(phase)
    # exp(r) cos(p) - 1 without the cancellation that delta near 0 would bring.
    small = jnp.expm1(delta * a[0]) * jnp.cos(phase) - 2 * jnp.square(
        jnp.sin(phase / 2)
    )
    return bar, times((small, bar[1]), _inverse(a))


def bilinear(a: Parts, delta: Float[Array, "*N"]) -> tuple[Parts, Parts]:
    """abar and bbar by the bilinear transform."""
    half = delta / 2 * a[0], delta / 2 * a[1]
    over = _inverse((1 - half[0], -half[1]))
    return times((1 + half[0], half[1]), over), (delta * over[0], delta * over[1])


def _inverse(a: Parts) -> Parts:
    size = jnp.square(a[0]) + jnp.square(a[1])
    return a[0] / size, -a[1] / size


DISCRETIZATIONS: dict[str, Callable[[Parts, Array], tuple[Parts, Parts]]] = {
    "zoh": zoh,
    "bilinear": bilinear,
}
