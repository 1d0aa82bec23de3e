"""S4D: On the parameterization and initialization of diagonal state space models
(Gu, Gupta, Goel & Re 2022, arXiv:2206.11893, sections 3 and 4).

    h_t = A_bar * h_{t-1} + B_bar u_t               h complex, N / 2 numbers a channel
    v_t = gelu(2 Re(sum_n C_n h_t,n) + D * u_t)
    y_t = (v_t W_1 + b_1) * sigmoid(v_t W_2 + b_2)

h_0 = 0; u_t is the block's normalised input (lib.models.block). Each of the H channels
has a system of its own; the last line mixes them. Of each conjugate pair of the N
states only one is kept, whence 2 Re. Time: without resets a filter in chunks of 32
steps, no state within one being formed; with them T steps of O(N H) in a row on a CPU
(lib.ops.diagonal_filter). A layer carries N H / 2 complex numbers.

A = -exp(log_decay) + i frequency and delta, one a channel, give A_bar and B_bar by
zero-order hold ("zoh") or the bilinear transform. A starts, in every channel, at

    init "lin"    A_n = -1/2 + i pi n                                     (S4D-Lin)
    init "inv"    A_n = -1/2 + i (N / pi) (N / (2 n + 1) - 1)             (S4D-Inv)

for n = 0 to N / 2 - 1, the paper's approximations of the eigenvalues of S4's matrix;
delta log-uniform in [dt_min, dt_max].

Named choices, as in the authors' minimal code: B is 1 and not trained, since only B C
matters; C starts complex normal of variance 1, D standard normal; the output is a gated
linear unit. Deviations: normalisation is the shared block's; one learning rate for all
parameters and no weight decay of its own (the authors give A and delta smaller rates).
A and C are stored [N / 2, H], C as its real part above its imaginary part.
"""

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float

from lib.models.block import stack_blocks
from lib.models.initializer import log_uniform
from lib.models.stack import Pooling
from lib.ops.diagonal_filter import diagonal_filter, diagonal_step
from lib.ops.discretize import DISCRETIZATIONS
from lib.ops.linear import project
from lib.ops.part import Parts, parts_of, times
from lib.setting import Count, Probability, Scalar, Size, TracedPositive
from lib.types import Interface, Model

Carry = Complex[Array, "B N H"]
Init = Literal["lin", "inv"]
Discretization = Literal["zoh", "bilinear"]


class S4D(nn.Module):
    hidden_size: int
    state_size: int
    init_A: Init
    discretization: Discretization
    dt_min: Scalar
    dt_max: Scalar

    def setup(self) -> None:
        H, half = self.hidden_size, self.state_size // 2
        normal, dense = nn.initializers.normal, nn.initializers.lecun_normal()
        rows = np.repeat(frequencies(self.init_A, self.state_size)[:, None], H, axis=1)
        decay = lambda _: jnp.full((half, H), np.log(0.5), jnp.float32)
        self.log_decay = self.param("log_decay", decay)
        self.frequency = self.param(
            "frequency", lambda _: jnp.asarray(rows, jnp.float32)
        )
        scales = log_uniform(self.dt_min, self.dt_max)
        self.log_delta = self.param("log_delta", scales, (H,))
        self.C = self.param("C", normal(0.5**0.5), (2 * half, H))
        self.D = self.param("D", normal(1.0), (H,))
        self.W = self.param("W", dense, (H, 2 * H))
        self.b = self.param("b", nn.initializers.zeros, (2 * H,))

    def initial(self, batch_size: int) -> Carry:
        shape = batch_size, self.state_size // 2, self.hidden_size
        return jnp.zeros(shape, jnp.complex64)

    def step(self, h: Carry, u: Float[Array, "B H"]) -> tuple[Carry, Array]:
        y, state = diagonal_step(*self._system(), u, parts_of(h))
        return jax.lax.complex(*state), self._output(y, u)

    def __call__(
        self, h: Carry, u: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        y, state = diagonal_filter(*self._system(), u, parts_of(h), reset)
        return jax.lax.complex(*state), self._output(y, u)

    def _system(self) -> tuple[Parts, Parts]:
        """A_bar, and 2 C B_bar: the state is carried divided by B_bar."""
        A = -jnp.exp(self.log_decay), self.frequency
        delta = jnp.exp(self.log_delta)[None, :]
        A_bar, B_bar = DISCRETIZATIONS[self.discretization](A, delta)
        C_re, C_im = jnp.split(2 * self.C, 2)
        return A_bar, times((C_re, C_im), B_bar)

    def _output(
        self, y: Float[Array, "*T B H"], u: Float[Array, "*T B H"]
    ) -> Float[Array, "*T B H"]:
        v = jax.nn.gelu(y + self.D.reshape(*[1] * (u.ndim - 1), -1) * u)
        value, gate = jnp.split(project(v, self.W, self.b), 2, axis=-1)
        return value * jax.nn.sigmoid(gate)


def frequencies(init: Init, N: int) -> Float[np.ndarray, " N/2"]:
    """Im A_n at the start, equations 8 (lin) and 9 (inv)."""
    n = np.arange(N // 2)
    return np.pi * n if init == "lin" else N / np.pi * (N / (2 * n + 1) - 1)


def make_s4d(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    state_size: Size = 64,
    init_A: Init = "lin",
    discretization: Discretization = "zoh",
    dt_min: TracedPositive = 0.001,
    dt_max: TracedPositive = 0.1,
) -> Model:
    """A network of `num_layers` blocks around S4D layers of N = `state_size` states.

    N counts both of each conjugate pair of a channel; ValueError where it is odd.
    """
    if state_size % 2:
        raise ValueError(f"s4d: state_size must be even, got {state_size}")
    return stack_blocks(
        interface,
        lambda H: S4D(H, state_size, init_A, discretization, dt_min, dt_max),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
