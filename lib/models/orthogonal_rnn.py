"""Recurrent network whose recurrent matrix stays orthogonal all through training
(Helfrich, Willmott & Ye 2018, arXiv:1707.09520; Lezcano-Casado & Martinez-Rubio 2019,
arXiv:1901.08428).

    a_t = U x_t + W h_{t-1}
    h_t = sign(a_t) * relu(|a_t| + b)                   modrelu
    W   = (I - S / 2)^-1 (I + S / 2)                    S skew-symmetric: S^T = -S
    y_t = V h_t + c

h_0 = 0. Any S gives an orthogonal W, so that plain gradient descent on the numbers
above its diagonal keeps it so. W turns states and neither grows nor shrinks them, and
modrelu (Arjovsky, Shah & Bengio 2016, arXiv:1511.06464) with b = 0 is the identity: how
much is lost a step is what b learns. Time: T steps in a row, each O(H^2), and one
solution of equations, O(H^3), a call. A layer carries H numbers.

Named choices: the map from S to W is Cayley's, of the first paper; the second takes the
matrix exponential, and its code either. Cayley's reaches every rotation but those with
an eigenvalue of exactly -1, is one solution of equations, and is orthogonal to rounding
however large S grows. S starts as the first paper's, blocks of two on the diagonal that
turn by angles uniform in [-max_phase, max_phase]; b uniform within 0.01 and U He normal
with no bias, as in the code of the second. Deviation from the first: W has no diagonal
matrix of signs beside it, so that it is a rotation. Vectors are rows; S holds the
H (H - 1) / 2 numbers above the diagonal row by row.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from lib.models.initializer import uniform_within
from lib.models.stack import Direction, Pooling, stack
from lib.ops.feedback import feedback
from lib.ops.linear import project
from lib.setting import Bound, Count, Probability, Scalar, Size, Traced
from lib.types import Interface, Model, Params, Prepared, PRNGKey

Hidden = Float[Array, "B H"]
# Below pi, where the Cayley transform has no finite argument.
TracedPhase = Annotated[Scalar, Bound(0, 3.14), Traced()]


class OrthogonalRNN(nn.Module):
    input_size: int
    hidden_size: int
    max_phase: Scalar

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", nn.initializers.he_normal(), (D, H))
        self.W = self._make_W()
        self.b = self.param("b", uniform_within(0.01), (H,))

    def initial(self, batch_size: int) -> Hidden:
        return jnp.zeros((batch_size, self.hidden_size))

    def step(self, h: Hidden, x: Float[Array, "B D"]) -> tuple[Hidden, Hidden]:
        (h,) = modrelu(self.b, project(x, self.U) + h @ self.W, (h,))
        return h, h

    def __call__(
        self, h: Hidden, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Hidden, Float[Array, "T B H"]]:
        z = project(x, self.U)
        (h,), all_h = feedback(modrelu, self.b, z, self.W, (h,), reset)
        return h, all_h

    def _make_W(self) -> Float[Array, "H H"]:
        H = self.hidden_size
        return cayley(self.param("S", self._init_S, (H * (H - 1) // 2,)), H)

    def _init_S(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " S"]:
        """2 tan(angle / 2) for the first, third, ... pair of neighbours; else zeros."""
        H = self.hidden_size
        first, second = np.triu_indices(H, 1)
        paired = (second == first + 1) & (first % 2 == 0)
        angle = uniform_within(self.max_phase)(key, (H // 2,))
        return jnp.zeros(shape).at[np.flatnonzero(paired)].set(2 * jnp.tan(angle / 2))


class TurningRNN(OrthogonalRNN):
    """The same layer with W in place of S, as it is worked out once for many steps."""

    def _make_W(self) -> Float[Array, "H H"]:
        H = self.hidden_size
        return self.param("W", nn.initializers.orthogonal(), (H, H))


def modrelu(
    b: Float[Array, " H"], a: Float[Array, "B H"], state: tuple[Hidden, ...]
) -> tuple[Hidden]:
    """sign(a) * relu(|a| + b): a step of `lib.ops.feedback`."""
    return (jnp.sign(a) * jax.nn.relu(jnp.abs(a) + b[None, :]),)


def cayley(S: Float[Array, " S"], size: int) -> Float[Array, "H H"]:
    """The rotation of the skew-symmetric matrix with S above its diagonal."""
    half = jnp.zeros((size, size)).at[np.triu_indices(size, 1)].set(S / 2)
    half = half - half.T
    return jnp.linalg.solve(jnp.eye(size) - half, jnp.eye(size) + half)


def make_orthogonal_rnn(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    max_phase: TracedPhase = 1.5708,
) -> Model:
    """A network of `num_layers` layers that turn their state by a rotation each step.

    max_phase is in radians a step, the largest angle at the start.
    """

    def build(Layer: type[OrthogonalRNN]) -> Model:
        return stack(
            interface,
            lambda _, size: Layer(size, hidden_size, max_phase),
            hidden_size,
            num_layers=num_layers,
            embedding_size=embedding_size,
            dropout=dropout,
            pooling=pooling,
            direction=direction,
        )

    model = build(OrthogonalRNN)
    if not model.causal:
        return model

    def prepare(params: Params) -> PyTree:
        return {name: _with_W(layer, hidden_size) for name, layer in params.items()}

    return model._replace(prepared=Prepared(prepare, build(TurningRNN).step))


def _with_W(layer: Any, size: int) -> Any:
    """A layer's parameters as `TurningRNN` has them; those of no layer as they are."""
    if not isinstance(layer, Mapping):
        return layer
    kept = {name: value for name, value in layer.items() if name != "S"}
    return {**kept, "W": cayley(layer["S"], size)}
