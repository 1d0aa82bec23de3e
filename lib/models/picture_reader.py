"""A recurrent network that reads or writes words about a picture: Show and tell
(Vinyals et al. 2015, arXiv:1411.4555), Show, attend and tell (Xu et al. 2015,
arXiv:1502.03044).

An encoder makes features a_p [F] of P places of the picture, less its mean colour; each
gets the row and the column of its place, from -1 to 1, as two more features. A, B, ...
are learned:

    summary    s = relu(A [a_1 ... a_P] + a)          of all places, in a row
    first      h_0 = tanh(B s + b),  and so the other parts of the state
               h_t = cell(E x_t, h_{t-1})
    every      h_0 = 0,  h_t = cell([E x_t, s], h_{t-1})
    attended   h_0 as for first
               q_t = Q [h_{t-1}, E x_t] + q,  k_p = K a_p
               c_t = sum_p w_p a_p,  w = softmax(q_t . k / sqrt(H))
               h_t = cell([E x_t, c_t], h_{t-1})
    outputs    y_t = V [h_t, c_t] + c               c_t where the picture is attended to

The cell is that of rnn, gru or lstm. Cost a word: that of the cell, and of P (H + F)
more to attend. Differences: the query holds the word just read besides the state, so
that what is looked for can depend on it; scores are scaled dot products, where Xu et
al. have a small network (Bahdanau et al. 2015, arXiv:1409.0473); the picture enters at
every step in both later forms, where Vinyals et al. found the first enough. Without the
mean taken away, what a light background gives is nearly all that the state holds, and
the picture given as the first state was not read at all in 2,250 steps.

Parameters: "encoder" holds the encoder's, "layer" the cell's; the others are as above.
The carry is the cell's state, and what is kept of the picture for later words.
"""

from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from lib.models.encoder import ENCODERS, Encoder
from lib.models.gru import GRU
from lib.models.lstm import LSTM
from lib.models.rnn import RNN
from lib.models.stack import drop, look_up
from lib.ops.attention import attend
from lib.ops.chunk import scan_with_resets
from lib.ops.image import with_coordinates
from lib.ops.linear import project
from lib.setting import Probability, Size
from lib.types import Carry, Interface, Model, Params, PRNGKey

Place = Literal["first", "every", "attended"]  # where the picture enters
Decoder = Literal["rnn", "gru", "lstm"]

_CELLS = {
    "rnn": lambda D, H: RNN(D, H, "orthogonal"),
    "gru": GRU,
    "lstm": lambda D, H: LSTM(D, H, 1.0, 0.0),
}
_CONTRAST = 4.0  # about the reciprocal of the deviation of a picture's pixels
_NUM_STATES = {"rnn": 1, "gru": 1, "lstm": 2}  # parts of a state, each [B, H]


class PictureReader(nn.Module):
    """Encoder, embedding, cell and readout; `image` says where the picture enters."""

    encoder: nn.Module
    interface: Interface
    image: Place
    decoder: Decoder
    hidden_size: int
    embedding_size: int
    dropout: float

    def setup(self) -> None:
        H, G, F = self.hidden_size, self.embedding_size, self._num_features()
        rows = nn.initializers.variance_scaling(1.0, "fan_out", "normal")
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        self.E = self.param("E", rows, (self.interface.input_size, G))
        self.A = self.param("A", nn.initializers.he_normal(), (self._places() * F, H))
        self.a = self.param("a", zeros, (H,))
        if self.image != "every":
            states = H * _NUM_STATES[self.decoder]
            self.B = self.param("B", dense, (H, states))
            self.b = self.param("b", zeros, (states,))
        if self.image == "attended":
            self.K = self.param("K", dense, (F, H))
            self.Q = self.param("Q", dense, (H + G, H))
            self.q = self.param("q", zeros, (H,))
        seen = {"first": 0, "every": H, "attended": F}[self.image]
        self.layer = _CELLS[self.decoder](G + seen, H)
        read = H + (F if self.image == "attended" else 0)
        self.V = self.param("V", dense, (read, self.interface.output_size))
        self.c = self.param("c", zeros, (self.interface.output_size,))

    def initial(self, images: Float[Array, "B H W C"]) -> Carry:
        """(the cell's state, what is kept of the picture)."""
        a = self._features(images)  # [B, P, F]
        s = jax.nn.relu(project(a.reshape(len(a), -1), self.A, self.a))
        if self.image == "every":
            return self.layer.initial(len(a)), (s,)
        h = jnp.tanh(project(s, self.B, self.b))
        parts: list[Array] = jnp.split(h, _NUM_STATES[self.decoder], axis=-1)
        state = tuple(parts) if len(parts) > 1 else parts[0]
        if self.image == "first":
            return state, (state,)
        return state, (state, project(a, self.K), a)

    def __call__(
        self, carry: Carry, tokens: Array, reset: Array | None, key: PRNGKey | None
    ) -> Any:
        state, kept = carry
        x = look_up(self.E, tokens.T)  # [T, B, G]
        x = drop(x, self.dropout, key, 0)
        reset = None if reset is None else reset.T
        if self.image == "attended":
            read = lambda state, x: self._attended(state, kept, x)
            state, read_out = scan_with_resets(read, kept[0], state, x, reset)
        elif self.image == "every":
            s = jnp.broadcast_to(kept[0][None], (len(x), *kept[0].shape))
            state, read_out = self.layer(state, jnp.concatenate([x, s], -1), reset)
        elif reset is None:
            state, read_out = self.layer(state, x, None)
        else:  # a state from the picture, which the cell's own scan knows nothing of
            step = self.layer.step
            state, read_out = scan_with_resets(step, kept[0], state, x, reset)
        y = project(drop(read_out, self.dropout, key, 1), self.V, self.c)
        return (state, kept), jnp.swapaxes(y, 0, 1)

    def step(self, carry: Carry, token: Array) -> Any:
        state, kept = carry
        x = look_up(self.E, token)
        if self.image == "attended":
            state, read_out = self._attended(state, kept, x)
        else:
            x = jnp.concatenate([x, kept[0]], -1) if self.image == "every" else x
            state, read_out = self.layer.step(state, x)
        return (state, kept), project(read_out, self.V, self.c)

    def first_step(self, images: Array, token: Array) -> Any:
        return self.step(self.initial(images), token)

    def attention(self, carry: Carry, token: Array) -> Float[Array, "B h w"]:
        """The weights of the places with which a word is read."""
        state, kept = carry
        _, weights = self._look(state, kept, look_up(self.E, token))
        return weights.reshape(len(token), *self._grid()[:2])

    def _attended(self, state: PyTree, kept: PyTree, x: Array) -> Any:
        c, _ = self._look(state, kept, x)
        state, h = self.layer.step(state, jnp.concatenate([x, c], -1))
        return state, jnp.concatenate([h, c], -1)

    def _look(self, state: PyTree, kept: PyTree, x: Array) -> Any:
        _, keys, values = kept
        h = state[0] if isinstance(state, tuple) else state
        q = project(jnp.concatenate([h, x], -1), self.Q, self.q)
        return attend(q, keys, values)

    def _features(self, images: Float[Array, "B H W C"]) -> Float[Array, "B P F"]:
        mean = jnp.mean(images, axis=(1, 2), keepdims=True)
        return with_coordinates(self.encoder(_CONTRAST * (images - mean)))

    def _grid(self) -> tuple[int, int, int]:
        """Rows, columns and features of the encoder's places."""
        image = jax.ShapeDtypeStruct((1, *self.interface.image), jnp.float32)
        module = self.encoder.clone(parent=None)
        shape = jax.eval_shape(
            lambda x: module.init_with_output(jax.random.key(0), x)[0], image
        ).shape
        return shape[1:]

    def _places(self) -> int:
        rows, columns, _ = self._grid()
        return rows * columns

    def _num_features(self) -> int:
        return self._grid()[2] + 2


def make_picture_reader(
    interface: Interface,
    *,
    encoder: Encoder = "cnn",
    filters: tuple[Size, ...] = (16, 32, 64),
    kernel_size: Size = 3,
    num_convolutions: Size = 1,
    pool_size: Size = 2,
    image: Place = "attended",
    decoder: Decoder = "gru",
    hidden_size: Size = 128,
    embedding_size: Size = 32,
    dropout: Probability = 0.0,
) -> Model:
    """An encoder (lib.models.encoder) of `filters` and a cell over the words.

    `num_convolutions` is those of a block, or the residual blocks of a resnet's stage.
    `dropout` is the share of the embedding's and of the readout's inputs left out in
    training, the same ones at every word of a sequence.
    """
    if not filters:
        raise ValueError("picture_reader: filters must name at least one, got none.")
    module = PictureReader(
        ENCODERS[encoder](tuple(filters), kernel_size, num_convolutions, pool_size),
        interface,
        image,
        decoder,
        hidden_size,
        embedding_size,
        dropout,
    )
    method = lambda method: (
        lambda params, *args: module.apply({"params": params}, *args, method=method)
    )
    step: Any = method(PictureReader.step)
    initial: Any = method(PictureReader.initial)

    def init(key: PRNGKey, inputs: PyTree) -> Params:
        first, token = PictureReader.first_step, inputs["tokens"][:1, 0]
        return module.init(key, inputs["image"][:1], token, method=first)["params"]

    def apply(
        params: Params,
        carry: Carry,
        inputs: PyTree,
        reset: Bool[Array, "B T"] | None,
        key: PRNGKey | None,
    ) -> tuple[Float[Array, "B T V"], Carry]:
        variables = {"params": params}
        after: Any = module.apply(variables, carry, inputs["tokens"], reset, key)
        return after[1], after[0]

    attention: Any = method(PictureReader.attention) if image == "attended" else None

    def begin(params: Params, inputs: PyTree) -> Carry:
        # A picture with several rows of words, one after another, is encoded once.
        count = len(inputs["tokens"]) // len(inputs["image"])
        carry = initial(params, inputs["image"])
        return jax.tree.map(lambda x: jnp.repeat(x, count, axis=0), carry)

    return Model(
        init,
        begin,
        apply,
        step,
        attention=attention,
    )
