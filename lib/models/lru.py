"""Linear recurrent unit: Resurrecting recurrent neural networks for long sequences
(Orvieto et al. 2023, arXiv:2303.06349, section 3 and appendix A).

    h_t = lambda * h_{t-1} + gamma * (B x_t)        h, lambda, B complex
    lambda = exp(-exp(nu) + i exp(theta)),  gamma = exp(log_gamma)
    v_t = gelu(Re(C h_t))
    y_t = v_t * sigmoid(G v_t + g) + D x_t

h_0 = 0. |lambda| starts with its square uniform in [r_min^2, r_max^2], the phase
uniform in [0, max_phase], gamma at sqrt(1 - |lambda|^2), which keeps |h| near 1.
Time: T steps of O(H) in a row on a CPU, log T rounds on an accelerator; the products
are over all steps at once. A layer carries H complex numbers.

The first two lines and Re(C h_t) are the paper's layer; the rest is the block around it
(gelu and a gated linear unit, with a skip), without which the model would be linear in
its inputs. Deviations: no normalisation and no dropout in the block; D is a full
matrix, since inputs may be of another width, and is at once the paper's feed-through
and the skip; it starts as the identity where the widths agree. B is stored as
its real and imaginary parts side by side, C as Re C above -Im C; vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Float

from lib.models.stack import Direction, Pooling, stack
from lib.ops.dispatch import run_diagonal
from lib.ops.linear import project
from lib.setting import (
    Count,
    Probability,
    Scalar,
    Size,
    TracedPositive,
    TracedProbability,
)
from lib.types import Interface, Model, PRNGKey

Hidden = Complex[Array, "B H"]
# Real and imaginary part apart, which is how sequences of h are computed.
Pair = tuple[Float[Array, "*T B H"], Float[Array, "*T B H"]]


class LRU(nn.Module):
    input_size: int
    hidden_size: int
    r_min: Scalar
    r_max: Scalar
    max_phase: Scalar

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        # As in the paper: each part of B of variance 1 / 2D, each part of C 1 / H.
        scaled = nn.initializers.variance_scaling
        init_B, init_C = (scaled(s, "fan_in", "normal") for s in (0.5, 2.0))
        self.nu = self.param("nu", self._init_nu, (H,))
        self.theta = self.param("theta", self._init_theta, (H,))
        self.log_gamma = self.param("log_gamma", lambda _: self._init_log_gamma())
        self.B = self.param("B", init_B, (D, 2 * H))
        self.C = self.param("C", init_C, (2 * H, H))
        identity = lambda key, shape: jnp.eye(*shape)
        self.D = self.param("D", identity if D == H else dense, (D, H))
        self.G = self.param("G", dense, (H, H))
        self.g = self.param("g", zeros, (H,))

    def initial(self, batch_size: int) -> Hidden:
        return jnp.zeros((batch_size, self.hidden_size), jnp.complex64)

    def step(self, h: Hidden, x: Float[Array, "B D"]) -> tuple[Hidden, Array]:
        h = self._eigenvalue()[None, :] * h + jax.lax.complex(*self._drive(x))
        return h, self._output((h.real, h.imag), x)

    def __call__(
        self, h: Hidden, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Hidden, Float[Array, "T B H"]]:
        all_h = run_diagonal(self._eigenvalue(), self._drive(x), h, reset)
        last = jax.lax.complex(*(part[-1] for part in all_h))
        return last, self._output(all_h, x)

    def _eigenvalue(self) -> Complex[Array, " H"]:
        size, phase = jnp.exp(-jnp.exp(self.nu)), jnp.exp(self.theta)
        return jax.lax.complex(size * jnp.cos(phase), size * jnp.sin(phase))

    def _drive(self, x: Float[Array, "*T B D"]) -> Pair:
        gamma = jnp.exp(self.log_gamma)[None, :]
        real, imaginary = jnp.split(self.B, 2, axis=1)
        return project(x, gamma * real), project(x, gamma * imaginary)

    def _output(self, h: Pair, x: Float[Array, "*T B D"]) -> Float[Array, "*T B H"]:
        # Re(C h) = Re C Re h - Im C Im h: C holds Re C above -Im C.
        real, imaginary = jnp.split(self.C, 2)
        v = jax.nn.gelu(project(h[0], real) + project(h[1], imaginary))
        return v * jax.nn.sigmoid(project(v, self.G, self.g)) + project(x, self.D)

    def _init_nu(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " H"]:
        low, high = jnp.square(self.r_min), jnp.square(self.r_max)
        square = low + (high - low) * _uniform(key, shape)
        return jnp.log(-0.5 * jnp.log(square))

    def _init_theta(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " H"]:
        return jnp.log(self.max_phase * _uniform(key, shape))

    def _init_log_gamma(self) -> Float[Array, " H"]:
        return 0.5 * jnp.log(1 - jnp.exp(-2 * jnp.exp(self.nu)))


def _uniform(key: PRNGKey, shape: tuple[int]) -> Float[Array, " H"]:
    # Strictly inside (0, 1), so that no logarithm of it or of 1 - it is infinite.
    return jax.random.uniform(key, shape, minval=1e-6, maxval=1 - 1e-6)


def make_lru(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    r_min: TracedProbability = 0.9,
    r_max: TracedProbability = 0.999,
    max_phase: TracedPositive = 6.283,
) -> Model:
    """A network of `num_layers` linear recurrent units, each in its block.

    r_min and r_max bound |lambda| at the start; max_phase is in radians a step.
    """
    return stack(
        interface,
        lambda _, size: LRU(size, hidden_size, r_min, r_max, max_phase),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
