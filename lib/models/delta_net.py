"""DeltaNet: Linear transformers are secretly fast weight programmers (Schlag, Irie &
Schmidhuber 2021, arXiv:2102.11174, section 4.2), with the layer of Parallelizing linear
transformers with the delta rule over sequence length (Yang et al. 2024,
arXiv:2406.06484, sections 2.2 and 3.3).

    q_t, k_t, v_t = silu(conv(x W))_t      of each head; q_t, k_t of length 1
    b_t = max_beta sigmoid(x_t W_b)        one number a head
    S_t = (I - b_t k_t^T k_t) S_{t-1} + b_t k_t^T v_t
    y_t = norm(q_t S_t) W_o                norm: of each head, root mean square

S_0 = 0, vectors are rows: what S recalls for the key k_t is moved towards v_t. Time:
O(T H^2 / P) for P heads and O(T H^2) for the products, by chunks of 32 steps. State:
H^2 / P numbers and the 3 H (conv_size - 1) of the convolution.

Choices: keys of length 1 and the silu are those of Yang et al. (Schlag et al. use DPFP
and keys of sum 1); max_beta 2 lets eigenvalues of the transition be negative, which
state tracking needs (Grazzi et al. 2024, arXiv:2411.12537). Without a convolution there
is no silu. One head by default: the papers' heads are 64 to 256 wide, as H is here.
"""

from typing import Annotated

import flax.linen as nn
import jax
from jaxtyping import Array, Bool, Float

from lib.models.block import head_norm, stack_blocks
from lib.models.heads import QKV, Past, check_heads, merge, unit, zero_state
from lib.models.stack import Pooling
from lib.ops.delta_rule import delta_scan
from lib.ops.linear import project
from lib.setting import Bound, Count, Probability, Scalar, Size, Traced
from lib.types import Interface, Model

Beta = Annotated[Scalar, Bound(0, 2, open_low=True), Traced()]
Carry = tuple[Past, Float[Array, "B P K K"]]


class DeltaNet(nn.Module):
    hidden_size: int
    num_heads: int
    conv_size: int
    max_beta: Scalar

    def setup(self) -> None:
        H, P = self.hidden_size, self.num_heads
        dense = nn.initializers.lecun_normal()
        self.read = QKV(H, P, self.conv_size)
        self.W_b = self.param("W_b", dense, (H, P))
        self.s = self.param("s", nn.initializers.ones, (H,))
        self.W_o = self.param("W_o", dense, (H, H))

    def initial(self, batch_size: int) -> Carry:
        S = zero_state(batch_size, self.hidden_size, self.num_heads)
        return self.read.initial(batch_size), S

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
        past, (q, k, v) = self.read(carry[0], x, reset)
        b = self.max_beta * jax.nn.sigmoid(project(x, self.W_b))
        y, S = delta_scan(unit(q), unit(k), v, b, None, carry[1], reset, method)
        y = head_norm(merge(y), self.s, self.num_heads)
        return (past, S), project(y, self.W_o)


def make_delta_net(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    num_heads: Size = 1,
    conv_size: Count = 4,
    max_beta: Beta = 1.0,
) -> Model:
    """Blocks of delta rules; `conv_size` in steps, 0: no convolution.

    ValueError where hidden_size is not divisible by num_heads.
    """
    check_heads("delta_net", hidden_size, num_heads)
    return stack_blocks(
        interface,
        lambda size: DeltaNet(size, num_heads, conv_size, max_beta),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
