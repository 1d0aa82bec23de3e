"""Coupled oscillatory recurrent network: coRNN
(Rusch & Mishra 2021, arXiv:2010.00951, equations 1 to 4).

    z_t = z_{t-1} + dt (tanh(U x_t + W_y y_{t-1} + W_z z_{t-1} + b)
                        - gamma y_{t-1} - epsilon z_damped)
    y_t = y_{t-1} + dt z_t
    output = V y_t + c

y_0 = z_0 = 0. H driven, damped oscillators y'' = tanh(...) - gamma y - epsilon y' with
velocities z = y', integrated by an implicit-explicit scheme. Their gradients through
time are bounded from both sides (propositions 3.1 and 3.2): they neither explode nor
vanish. Time: T steps in a row, each O(H^2). A layer carries 2 H numbers.

Named choices: damping "explicit" takes z_damped = z_{t-1}, as the authors' code does;
"implicit" takes z_t, which the scheme then solves for: both are in the paper. dt, gamma
and epsilon are settings, not trained; the paper tunes them for every task, and these
defaults are its values for sequential MNIST. Weights start uniform within n^(-1/2) of
the n = D + 2 H numbers that the tanh adds up, as in torch; b at zero. W [2H, H] holds
W_y above W_z; the paper's V and script W are U and W_z here; vectors are rows.
"""

from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.initializer import uniform_within
from lib.models.stack import Direction, Pooling, stack
from lib.ops.feedback import State, feedback
from lib.ops.linear import project
from lib.setting import (
    Count,
    Probability,
    Scalar,
    Size,
    TracedNonNegative,
    TracedPositive,
)
from lib.types import Interface, Model

Carry = tuple[Float[Array, "B H"], Float[Array, "B H"]]  # y, z
Constants = tuple[Array, Array, Array]  # dt, gamma, epsilon
Damping = Literal["explicit", "implicit"]


class CoRNN(nn.Module):
    input_size: int
    hidden_size: int
    dt: Scalar
    gamma: Scalar
    epsilon: Scalar
    damping: Damping

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        init = uniform_within((D + 2 * H) ** -0.5)
        self.U = self.param("U", init, (D, H))
        self.W = self.param("W", init, (2 * H, H))
        self.b = self.param("b", nn.initializers.zeros, (H,))

    def initial(self, batch_size: int) -> Carry:
        zeros = jnp.zeros((batch_size, self.hidden_size))
        return zeros, zeros

    def step(self, carry: Carry, x: Float[Array, "B D"]) -> tuple[Carry, Array]:
        drive = project(x, self.U, self.b) + jnp.concatenate(carry, axis=-1) @ self.W
        y, z = STEPS[self.damping](self._constants(), drive, carry)
        return (y, z), y

    def __call__(
        self, carry: Carry, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[State, Float[Array, "T B H"]]:
        drive, oscillate = project(x, self.U, self.b), STEPS[self.damping]
        return feedback(oscillate, self._constants(), drive, self.W, carry, reset)

    def _constants(self) -> Constants:
        return jnp.float32(self.dt), jnp.float32(self.gamma), jnp.float32(self.epsilon)


def _explicit(constants: Constants, drive: Float[Array, "B H"], state: State) -> State:
    (dt, gamma, epsilon), (y, z) = constants, state
    z = z + dt * (jnp.tanh(drive) - gamma * y - epsilon * z)
    return y + dt * z, z


def _implicit(constants: Constants, drive: Float[Array, "B H"], state: State) -> State:
    (dt, gamma, epsilon), (y, z) = constants, state
    z = (z + dt * (jnp.tanh(drive) - gamma * y)) / (1 + dt * epsilon)
    return y + dt * z, z


STEPS = {"explicit": _explicit, "implicit": _implicit}


def make_cornn(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    dt: TracedPositive = 0.042,
    gamma: TracedPositive = 2.7,
    epsilon: TracedNonNegative = 4.7,
    damping: Damping = "explicit",
) -> Model:
    """A network of `num_layers` layers of coupled oscillators.

    dt is the length of a step, gamma the square of the oscillators' own frequency,
    epsilon their damping.
    """
    return stack(
        interface,
        lambda _, size: CoRNN(size, hidden_size, dt, gamma, epsilon, damping),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
