"""Independently recurrent network: IndRNN, building a longer and deeper RNN
(Li, Li, Cook, Zhu & Gao 2018, arXiv:1803.04831, sections 3 and 4).

    h_t = relu(U x_t + a * h_{t-1} + b)             |a| <= 2^(1 / span)
    y_t = V h_t + c

h_0 = 0. Each unit sees its own past alone; units meet in the next layer. With the bound
no unit's state, and no gradient, grows more than twofold over `span` steps, the length
of what is to be remembered (section 3.2, with gamma = 2 for relu). Time: T steps in a
row, each O(H), on a CPU in one compiled loop; the products are over all steps at once.
A layer carries H numbers.

The start of a: in the last layer uniform between 2^(-1 / span) and 2^(1 / span), so
that every unit keeps its past over the span; in the layers below uniform from 0 to
2^(1 / span), so that all time scales are there.

Named choices: a is held to its bound as it is read, and its gradient is let through
wherever it points back inside; the authors cut a itself after every update. U as in
Glorot & Bengio 2010, b at zero. Deviations: no batch normalisation between layers. The
paper's u, W are a, U here; vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.initializer import input_gates
from lib.models.stack import Direction, Pooling, stack
from lib.ops.independent import independent_relu
from lib.ops.linear import project
from lib.setting import Count, Probability, Scalar, Size, TracedPositive
from lib.types import Interface, Model, PRNGKey

Hidden = Float[Array, "B H"]


class IndRNN(nn.Module):
    input_size: int
    hidden_size: int
    span: Scalar
    is_last: bool

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", input_gates(1), (D, H))
        self.a = self.param("a", self._init_a, (H,))
        self.b = self.param("b", nn.initializers.zeros, (H,))

    def initial(self, batch_size: int) -> Hidden:
        return jnp.zeros((batch_size, self.hidden_size))

    def step(self, h: Hidden, x: Float[Array, "B D"]) -> tuple[Hidden, Hidden]:
        h = jax.nn.relu(project(x, self.U, self.b) + self._factor()[None, :] * h)
        return h, h

    def __call__(
        self, h: Hidden, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Hidden, Float[Array, "T B H"]]:
        z = project(x, self.U, self.b)
        all_h = independent_relu(self._factor(), z, h, reset)
        return all_h[-1], all_h

    def _bound(self) -> Float[Array, ""]:
        return jnp.exp2(1 / jnp.float32(self.span))

    def _factor(self) -> Float[Array, " H"]:
        return hold(self.a, self._bound())

    def _init_a(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " H"]:
        high = self._bound()
        low = 1 / high if self.is_last else jnp.zeros_like(high)
        return jax.random.uniform(key, shape, minval=low, maxval=high)


@jax.custom_vjp
def hold(a: Float[Array, " H"], bound: Float[Array, ""]) -> Float[Array, " H"]:
    """a cut to [-bound, bound]; beyond it, only a gradient that leads back is let by.

    So a step of descent that went too far can be undone by the next, as where a itself
    is cut.
    """
    return jnp.clip(a, -bound, bound)


def _hold_forward(a: Array, bound: Array) -> tuple[Array, tuple[Array, Array]]:
    return hold(a, bound), (a, bound)


def _hold_backward(saved: tuple[Array, Array], g: Array) -> tuple[Array, Array]:
    a, bound = saved
    # Descent moves a against g.
    leads_out = ((a > bound) & (g < 0)) | ((a < -bound) & (g > 0))
    return jnp.where(leads_out, jnp.zeros_like(g), g), jnp.zeros_like(bound)


hold.defvjp(_hold_forward, _hold_backward)


def make_indrnn(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    span: TracedPositive = 128.0,
) -> Model:
    """A network of `num_layers` independently recurrent layers.

    `span` is the number of steps over which a state may at most double.
    """
    return stack(
        interface,
        lambda i, size: IndRNN(size, hidden_size, span, i == num_layers - 1),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
