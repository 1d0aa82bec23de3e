"""Initial values of the matrices and gates of recurrent layers."""

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.setting import Scalar
from lib.types import PRNGKey

Initializer = Callable[..., Array]
RecurrentInit = Literal["orthogonal", "identity", "normal"]


def input_gates(num_gates: int) -> Initializer:
    """U [D, num_gates * H], each gate's part by Glorot & Bengio 2010, equation 16."""

    def init(key: PRNGKey, shape: tuple[int, int]) -> Float[Array, "D G"]:
        bound = (6 / (shape[0] + shape[1] // num_gates)) ** 0.5
        return jax.random.uniform(key, shape, minval=-bound, maxval=bound)

    return init


def recurrent_gates(num_gates: int) -> Initializer:
    """W [H, num_gates * H], each gate's part a random rotation or reflection."""

    def init(key: PRNGKey, shape: tuple[int, int]) -> Float[Array, "H G"]:
        # One draw and one decomposition for all gates: each is long to compile.
        size = (num_gates, shape[0], shape[1] // num_gates)
        Q, R = jnp.linalg.qr(jax.random.normal(key, size))
        signs = jnp.sign(jnp.diagonal(R, axis1=-2, axis2=-1))[:, None, :]
        # With the signs it is uniform (Mezzadri 2007, arXiv:math-ph/0609050).
        return jnp.swapaxes(Q * signs, 0, 1).reshape(shape)

    return init


def recurrent_matrix(kind: RecurrentInit) -> Initializer:
    """W [H, H]: a random rotation, the identity, or normal of variance 1 / H."""
    if kind == "identity":
        return lambda key, shape: jnp.eye(*shape)
    if kind == "normal":
        return lambda key, shape: jax.random.normal(key, shape) / shape[0] ** 0.5
    return recurrent_gates(1)


def lstm_bias(forget_bias: Scalar, chrono_max: Scalar) -> Initializer:
    """b [4H] of the gates i, f, g, o: zeros but for the forget gate.

    With chrono_max above 2, b_f ~ log U(1, chrono_max - 1) and b_i = -b_f instead of
    the constant (Tallec & Ollivier 2018, arXiv:1804.11188, equation 16).
    """

    def init(key: PRNGKey, shape: tuple[int]) -> Float[Array, " G"]:
        size = shape[0] // 4
        b_f = chrono_bias(key, size, forget_bias, chrono_max)
        is_chrono = jnp.maximum(jnp.float32(chrono_max) - 1, 1) > 1
        b_i = jnp.where(is_chrono, -b_f, jnp.zeros_like(b_f))
        return jnp.concatenate([b_i, b_f, jnp.zeros((2 * size,))])

    return init


def chrono_bias(
    key: PRNGKey, size: int, forget_bias: Scalar, chrono_max: Scalar
) -> Float[Array, " H"]:
    """Forget biases: the constant, or with chrono_max above 2 log U(1, chrono_max - 1).

    The share kept a step, sigmoid of it, is then that of a time scale spread evenly up
    to chrono_max steps.
    """
    longest = jnp.maximum(jnp.float32(chrono_max) - 1, 1)
    b_f = jnp.log(jax.random.uniform(key, (size,), minval=1, maxval=longest))
    return jnp.where(longest > 1, b_f, jnp.float32(forget_bias))


def uniform_within(bound: Scalar) -> Initializer:
    """Uniform in [-bound, bound]."""

    def init(key: PRNGKey, shape: tuple[int, ...]) -> Array:
        return jax.random.uniform(key, shape, minval=-bound, maxval=bound)

    return init


def log_uniform(low: Scalar, high: Scalar) -> Initializer:
    """Logarithms of numbers that are spread evenly over the scales of [low, high]."""

    def init(key: PRNGKey, shape: tuple[int, ...]) -> Array:
        bounds = jnp.log(jnp.float32(low)), jnp.log(jnp.float32(high))
        return jax.random.uniform(key, shape, minval=bounds[0], maxval=bounds[1])

    return init
