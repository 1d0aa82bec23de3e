"""S5: Simplified state space layers for sequence modeling
(Smith, Warrington & Linderman 2023, arXiv:2208.04933, sections 3 and 4, appendix B).

    h_t = Lambda_bar * h_{t-1} + B_bar u_t              h complex, P / 2 numbers
    v_t = gelu(2 Re(C h_t) + D * u_t)
    y_t = v_t * sigmoid(v_t W + w)

    Lambda_bar = exp(Delta * Lambda),  B_bar = (Lambda_bar - 1) / Lambda * B

h_0 = 0; u_t is the block's normalised input (lib.models.block). One system reads all H
inputs and gives all H outputs. Of each conjugate pair of the P states only one is kept,
whence 2 Re. Time: T steps of O(P) in a row on a CPU, log T rounds on an accelerator;
the products, O(P H), are over all steps at once. A layer carries P / 2 complex numbers.

Lambda starts at the eigenvalues of HiPPO-N, the normal part of the HiPPO-LegS matrix,

    A_nk = -sqrt(n + 1/2) sqrt(k + 1/2) for n > k, the opposite for n < k, -1/2 on the
           diagonal                                      (equation 11)

with V its eigenvectors: B starts at V^-1 B', C at C' V, B' [P, H] real and C' [H, P]
complex, lecun normal. With num_blocks J they are those of J blocks of P / J states.
Delta, one a state, starts log-uniform in [dt_min, dt_max].

Named choices: zero-order hold; the conjugate half kept is that of positive imaginary
part; D starts standard normal; the activation is the authors' half-gated "half_glu1".
Deviations: Re Lambda is -exp(log_decay), so that no step of training makes the
recurrence unstable (the authors leave it free); normalisation is the shared block's;
all parameters have one learning rate. B is stored as its real and imaginary parts side
by side, C as Re C above -Im C; vectors are rows.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float

from lib.models.block import stack_blocks
from lib.models.initializer import log_uniform
from lib.models.stack import Pooling
from lib.ops.discretize import zoh
from lib.ops.dispatch import run_diagonal
from lib.ops.linear import project
from lib.ops.part import Parts
from lib.setting import Count, Probability, Scalar, Size, TracedPositive
from lib.types import Interface, Model, PRNGKey


class S5(nn.Module):
    hidden_size: int
    state_size: int
    num_blocks: int
    dt_min: Scalar
    dt_max: Scalar

    def setup(self) -> None:
        H, half = self.hidden_size, self.state_size // 2
        eigenvalue, _ = blocks_of_hippo(self.state_size, self.num_blocks)
        constant = lambda x: lambda _: jnp.asarray(x, jnp.float32)
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        self.log_decay = self.param("log_decay", constant(np.log(-np.real(eigenvalue))))
        self.frequency = self.param("frequency", constant(np.imag(eigenvalue)))
        times = log_uniform(self.dt_min, self.dt_max)
        self.log_Delta = self.param("log_Delta", times, (half,))
        self.B = self.param("B", self._init_B)
        self.C = self.param("C", self._init_C)
        self.D = self.param("D", nn.initializers.normal(1.0), (H,))
        self.W = self.param("W", dense, (H, H))
        self.w = self.param("w", zeros, (H,))

    def initial(self, batch_size: int) -> Complex[Array, "B P"]:
        return jnp.zeros((batch_size, self.state_size // 2), jnp.complex64)

    def step(
        self, h: Complex[Array, "B P"], u: Float[Array, "B H"]
    ) -> tuple[Complex[Array, "B P"], Float[Array, "B H"]]:
        factor, drive = self._system(u)
        h = jax.lax.complex(*factor)[None, :] * h + jax.lax.complex(*drive)
        return h, self._output((h.real, h.imag), u)

    def __call__(
        self,
        h: Complex[Array, "B P"],
        u: Float[Array, "T B H"],
        reset: Bool[Array, "T B"] | None,
    ) -> tuple[Complex[Array, "B P"], Float[Array, "T B H"]]:
        factor, drive = self._system(u)
        all_h = run_diagonal(factor, drive, h, reset)
        last = jax.lax.complex(*(part[-1] for part in all_h))
        return last, self._output(all_h, u)

    def _system(self, u: Float[Array, "*T B H"]) -> tuple[Parts, Parts]:
        """Lambda_bar and B_bar u_t."""
        a = -jnp.exp(self.log_decay), self.frequency
        factor, (re, im) = zoh(a, jnp.exp(self.log_Delta))
        B_re, B_im = jnp.split(self.B, 2, axis=1)
        re, im = re[None, :], im[None, :]
        drive = project(u, re * B_re - im * B_im), project(u, re * B_im + im * B_re)
        return factor, drive

    def _output(self, h: Parts, u: Float[Array, "*T B H"]) -> Float[Array, "*T B H"]:
        C_re, C_im = jnp.split(2 * self.C, 2)  # Re C above -Im C
        D = self.D.reshape(*[1] * (u.ndim - 1), -1)
        v = jax.nn.gelu(project(h[0], C_re) + project(h[1], C_im) + D * u)
        return v * jax.nn.sigmoid(project(v, self.W, self.w))

    def _init_B(self, key: PRNGKey) -> Float[Array, "H P"]:
        """The rows of V^-1 B', as columns, their imaginary parts after the real."""
        P = self.state_size
        _, V = blocks_of_hippo(P, self.num_blocks)
        real = jax.random.normal(key, (self.hidden_size, P)) / P**0.5  # B' transposed
        # V is unitary: V^-1 B' is the conjugate of V, transposed, times B'.
        parts = np.concatenate([np.real(V), -np.imag(V)], axis=1)
        return real @ jnp.asarray(parts, jnp.float32)

    def _init_C(self, key: PRNGKey) -> Float[Array, "P H"]:
        P = self.state_size
        _, V = blocks_of_hippo(P, self.num_blocks)
        V_re, V_im = (
            jnp.asarray(part, jnp.float32) for part in (np.real(V), np.imag(V))
        )
        re, im = jax.random.normal(key, (2, self.hidden_size, P)) / P**0.5
        C_re, C_im = re @ V_re - im @ V_im, re @ V_im + im @ V_re
        return jnp.concatenate([C_re.T, -C_im.T])


def hippo_normal(N: int) -> Float[np.ndarray, "N N"]:
    """HiPPO-N, the normal part of HiPPO-LegS (equation 11)."""
    root = np.sqrt(np.arange(N) + 0.5)
    lower = np.tril(np.outer(root, root), -1)
    return lower.T - lower - np.eye(N) / 2


@functools.cache
def blocks_of_hippo(state_size: int, num_blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues [P / 2] of positive imaginary part of HiPPO-N, block by block.

    And their unit eigenvectors as columns [P, P / 2], the first number of each within
    its block real.
    """
    size = state_size // num_blocks
    # A + I / 2 is skew-symmetric, so that i times it is Hermitian.
    minus_frequency, V = np.linalg.eigh(1j * (hippo_normal(size) + np.eye(size) / 2))
    frequency, V = -minus_frequency[: size // 2], V[:, : size // 2]
    V = V * np.exp(-1j * np.angle(V[:1]))
    eigenvalue = np.tile(-0.5 + 1j * frequency, num_blocks)
    return eigenvalue, np.kron(np.eye(num_blocks), V)


def make_s5(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    state_size: Size = 64,
    num_blocks: Size = 1,
    dt_min: TracedPositive = 0.001,
    dt_max: TracedPositive = 0.1,
) -> Model:
    """A network of `num_layers` blocks around an S5 layer of `state_size` states P.

    P counts both of each conjugate pair. Raises ValueError where P is not twice a
    multiple of num_blocks.
    """
    if state_size % (2 * num_blocks):
        raise ValueError(
            "s5: state_size must be an even multiple of num_blocks, got "
            f"{state_size} and {num_blocks}"
        )
    return stack_blocks(
        interface,
        lambda H: S5(H, state_size, num_blocks, dt_min, dt_max),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
