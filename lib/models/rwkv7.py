"""RWKV-7 "Goose" with expressive dynamic state evolution (Peng et al. 2025,
arXiv:2503.14456, section 4).

    x^c_t = x_t + mu_c * (x_{t-1} - x_t)           for c = r, d, k, v, a, g: token shift
    r_t, v_t = x^r_t W_r, x^v_t W_v
    w_t = exp(-e^-0.5 sigmoid(d_0 + tanh(x^d_t D_1) D_2))       decay, one a channel
    a_t = sigmoid(a_0 + x^a_t A_1 A_2)             learning rate in context
    g_t = sigmoid(x^g_t G_1) G_2
    k_t = x^k_t W_k,  kappa_t = (k_t * xi) over its length,  of each head
    l_t = k_t * (1 + alpha * (a_t - 1))            what is written: a replaced key
    S_t = S_{t-1} (diag(w_t) - kappa_t^T (a_t * kappa_t)) + v_t^T l_t      S [V, K]
    p_t = norm(r_t S_t^T) + (r_t . (rho * l_t)) v_t             norm: of each head
    y_t = (g_t * p_t) W_o

S_0 = 0 and x_{-1} = 0, vectors are rows. Time: O(T H^2 / P) for P heads and O(T H^2)
for the products, by chunks of 16 steps. State: H^2 / P numbers and H of the last x.

Initial mu, d_0, a_0, xi, alpha and rho are the authors' for a first layer (their code,
train_temp/src/model.py). Choices: the low-rank maps of decay, rate and gate all have
lora_rank (theirs grow with the root of H, 32 at least), D_1 and A_1 start at 0, every
other matrix as in the other models (theirs smaller, W_o at 0); the norm takes away the
mean and adds 1e-6 to the variance (theirs 64e-5). Deviations: the common block,
whose MLP is neither squared nor shifted and absent by default, for the channel mixing;
no residual from the first layer's values; every layer starts as a first one. One head
by default: theirs are 64 wide.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.block import layer_norm, stack_blocks
from lib.models.heads import check_heads, merge, split, unit, zero_state
from lib.models.stack import Pooling
from lib.ops.dplr import dplr_scan
from lib.ops.linear import project
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model, PRNGKey

Carry = tuple[Float[Array, "B H"], Float[Array, "B P K K"]]

MOST_FORGOTTEN = jnp.e**-0.5  # the largest -log w_t


class RWKV7(nn.Module):
    hidden_size: int
    num_heads: int
    lora_rank: int

    def setup(self) -> None:
        H, R = self.hidden_size, self.lora_rank
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        constant = nn.initializers.constant
        self.mu = self.param("mu", _init_mu, (6, H))
        self.W_r, self.W_k, self.W_v, self.W_o = (
            self.param(f"W_{name}", dense, (H, H)) for name in "rkvo"
        )
        self.D_1, self.A_1 = (self.param(n, zeros, (H, R)) for n in ("D_1", "A_1"))
        self.D_2, self.A_2 = (self.param(n, dense, (R, H)) for n in ("D_2", "A_2"))
        self.G_1 = self.param("G_1", dense, (H, R))
        self.G_2 = self.param("G_2", dense, (R, H))
        self.d_0 = self.param("d_0", self._init_d, (H,))
        self.a_0 = self.param("a_0", self._init_a, (H,))
        self.xi = self.param("xi", lambda key, s: 0.71 - 0.1 * _line(*s), (H,))
        self.alpha = self.param("alpha", constant(1.02), (H,))
        self.rho = self.param("rho", constant(-0.04), (H,))
        self.s = self.param("s", nn.initializers.ones, (H,))
        self.t = self.param("t", zeros, (H,))

    def initial(self, batch_size: int) -> Carry:
        S = zero_state(batch_size, self.hidden_size, self.num_heads)
        return jnp.zeros((batch_size, self.hidden_size)), S

    def step(self, carry: Carry, x: Float[Array, "B H"]) -> tuple[Carry, Array]:
        carry, y = self._run(carry, x[None], None, "sequential")
        return carry, y[0]

    def __call__(
        self, carry: Carry, x: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        return self._run(carry, x, reset, "auto")

    def _run(
        self, carry: Carry, x: Array, reset: Array | None, method: str
    ) -> tuple[Carry, Array]:
        last, S = carry
        before = jnp.concatenate([last[None], x])[:-1]
        if reset is not None:
            before = jnp.where(reset[:, :, None], jnp.zeros_like(before), before)
        x_r, x_d, x_k, x_v, x_a, x_g = (
            x + mu[None, None] * (before - x) for mu in self.mu
        )
        heads = lambda z: split(z, self.num_heads)
        d = project(jnp.tanh(project(x_d, self.D_1)), self.D_2, self.d_0)
        log_w = -MOST_FORGOTTEN * jax.nn.sigmoid(d)
        a = jax.nn.sigmoid(project(project(x_a, self.A_1), self.A_2, self.a_0))
        g = project(jax.nn.sigmoid(project(x_g, self.G_1)), self.G_2)
        k, v = project(x_k, self.W_k), heads(project(x_v, self.W_v))
        kappa = unit(heads(k * self.xi[None, None]))
        k = heads(k * (1 + self.alpha[None, None] * (a - 1)))
        r = heads(project(x_r, self.W_r))
        y, S = dplr_scan(
            r, k, v, -kappa, kappa * heads(a), heads(log_w), S, reset, method
        )
        bonus = jnp.sum(r * k * heads(self.rho)[None, None], axis=-1, keepdims=True)
        p = self._norm(y) + merge(bonus * v)
        last = jnp.concatenate([last[None], x])[-1]
        return (last, S), project(g * p, self.W_o)

    def _norm(self, y: Float[Array, "T B P K"]) -> Float[Array, "T B H"]:
        ones, zeros = jnp.ones(y.shape[-1]), jnp.zeros(y.shape[-1])
        y = merge(layer_norm(y, ones, zeros))
        return self.s[None, None] * y + self.t[None, None]

    def _init_d(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " H"]:
        return -2.5 + 6 * _line(*shape) + 2.5 * self._zigzag()

    def _init_a(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " H"]:
        return -0.19 + 0.4 * _line(*shape) + 0.3 * self._zigzag()

    def _zigzag(self) -> Float[Array, " H"]:
        """From -1 to 1 over each head, as the square of a line with its sign."""
        line = 2 * _line(self.hidden_size // self.num_heads)
        return jnp.tile(line * jnp.abs(line), self.num_heads)


def _line(size: int) -> Float[Array, " size"]:
    """From -1/2 to 1/2; 0 alone."""
    return jnp.linspace(-0.5, 0.5, size) if size > 1 else jnp.zeros(1)


def _init_mu(key: PRNGKey, shape: tuple[int, int]) -> Float[Array, "6 H"]:
    channel = jnp.arange(shape[1]) / shape[1]
    powers = jnp.array([0.2, 0.9, 0.7, 0.7, 0.9, 0.2])  # of r, d, k, v, a, g
    return 1 - channel[None, :] ** powers[:, None]


def make_rwkv7(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    num_heads: Size = 1,
    lora_rank: Size = 16,
) -> Model:
    """Blocks of RWKV-7's time mixing; `lora_rank` of its decay, rate and gate.

    ValueError where hidden_size is not divisible by num_heads.
    """
    check_heads("rwkv7", hidden_size, num_heads)
    return stack_blocks(
        interface,
        lambda size: RWKV7(size, num_heads, lora_rank),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
