"""Stack recurrent network: Inferring algorithmic patterns with stack-augmented
recurrent nets (Joulin & Mikolov 2015, arXiv:1503.01007, section 3.2), as in the code of
Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098).

    h_t   = tanh(U x_t + P s^0_{t-1} + W h_{t-1} + b)           s^0: the top
    a_t   = softmax(A h_t + a)                                  push, pop, no-op
    v_t   = D h_t + d                                           what a push writes
    s^i_t = a_push s^{i-1}_{t-1} + a_pop s^{i+1}_{t-1} + a_no-op s^i_{t-1}

for i = 0, ..., stack_size - 1, with s^{-1} = v_t, and zeros below the bottom: what is
pushed over it is lost. h_0 = 0 and the stack is empty, all zeros. Time: T steps in a
row, each O(H^2 + stack_size cell_size); memory for the gradient: T stacks. State: H and
num_stacks stack_size cell_size numbers. Stacks move each by its own actions.

Choices. Joulin & Mikolov push one number sigmoid(D h_t) and begin with -1, and read the
top k cells; here, as in the later code, a push writes a vector, linear in h_t, an empty
cell is 0, and the top cell is read. The actions of a stack sum to 1 (in that code those
of all stacks together, which is the same for its one stack). The controller is this
repository's rnn with tanh (their core: relu). U, P, W, A, D: vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.initializer import input_gates, recurrent_matrix
from lib.models.stack import Pooling, stack
from lib.ops.chunk import scan_with_resets
from lib.ops.linear import project
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Stacks = Float[Array, "B N S C"]
Carry = tuple[Float[Array, "B H"], Stacks]


class StackRNN(nn.Module):
    input_size: int
    hidden_size: int
    stack_size: int
    cell_size: int
    num_stacks: int

    def setup(self) -> None:
        H, N, C = self.hidden_size, self.num_stacks, self.cell_size
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        self.U = self.param("U", input_gates(1), (self.input_size, H))
        self.P = self.param("P", input_gates(1), (N * C, H))
        self.W = self.param("W", recurrent_matrix("orthogonal"), (H, H))
        self.b = self.param("b", zeros, (H,))
        self.A = self.param("A", dense, (H, N * 3))
        self.a = self.param("a", zeros, (N * 3,))
        self.D = self.param("D", dense, (H, N * C))
        self.d = self.param("d", zeros, (N * C,))

    def initial(self, batch_size: int) -> Carry:
        size = batch_size, self.num_stacks, self.stack_size, self.cell_size
        return jnp.zeros((batch_size, self.hidden_size)), jnp.zeros(size)

    def step(self, carry: Carry, x: Float[Array, "B D"]) -> tuple[Carry, Array]:
        return self._after(carry, x @ self.U + self.b[None, :])

    def __call__(
        self, carry: Carry, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        initial = self.initial(x.shape[1])
        z = project(x, self.U, self.b)
        return scan_with_resets(self._after, initial, carry, z, reset)

    def _after(self, carry: Carry, z: Float[Array, "B H"]) -> tuple[Carry, Array]:
        """One step, from what the input gives the controller."""
        h, stacks = carry
        B, N = stacks.shape[:2]
        top = stacks[:, :, 0].reshape(B, -1)
        h = jnp.tanh(z + top @ self.P + h @ self.W)
        actions = (h @ self.A + self.a[None, :]).reshape(B, N, 3)
        value = (h @ self.D + self.d[None, :]).reshape(B, N, -1)
        return (h, move(stacks, jax.nn.softmax(actions, axis=-1), value)), h


def move(
    stacks: Stacks, actions: Float[Array, "B N 3"], value: Float[Array, "B N C"]
) -> Stacks:
    """The mean of the stacks pushed, popped and left alone, by the actions' weights."""
    pushed = jnp.concatenate([value[:, :, None], stacks[:, :, :-1]], axis=2)
    nothing = jnp.zeros_like(value)[:, :, None]
    popped = jnp.concatenate([stacks[:, :, 1:], nothing], axis=2)
    push, pop, keep = (actions[:, :, i, None, None] for i in range(3))
    return push * pushed + pop * popped + keep * stacks


def make_stack_rnn(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    stack_size: Size = 64,
    cell_size: Size = 8,
    num_stacks: Size = 1,
) -> Model:
    """`num_layers` networks, each with stacks of `stack_size` cells of `cell_size`."""
    return stack(
        interface,
        lambda _, size: StackRNN(size, hidden_size, stack_size, cell_size, num_stacks),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
