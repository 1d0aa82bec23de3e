"""What models of a question about a picture begin with: places, and words.

A picture becomes places: strided convolutions, each followed by a relu, and then the
place's own coordinates in [-1, 1]. A question becomes the states of a gated recurrent
unit that reads it forwards and of one that reads it backwards. A picture may have Q
questions that follow one another in the batch; it is encoded once.

These models answer when all has been read: the answer is the same at every position,
there is no step form and no carry.
"""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from lib.models.gru import GRU
from lib.models.stack import look_up
from lib.ops.image import conv2d
from lib.types import Interface, Model, Params, PRNGKey


class Words(NamedTuple):
    """Questions as states: word by word, and where both readers ended."""

    states: Float[Array, "B T H"]
    real: Bool[Array, "B T"]
    end: Float[Array, "B H"]


class Places(nn.Module):
    """[P, H, W, C] -> [P, h, w, F]: filters of 4 x 4 pixels at every second pixel, for
    each of `filters`, and a relu after each.

    A filter is written as one of 2 x 2 over squares of 2 x 2 pixels with their values
    in a row, so K_i is [2, 2, 4 C, F]: a convolution without a stride, whose gradient
    is several times faster on a CPU. Zeros stand after the last square and before the
    first by turns, so that a place of the third map sees the 22 pixels around its 8 and
    with them all of a thing that lies there: with zeros after the last alone it sees
    none to its left, and places that tell where a thing is do not tell its shape.

    The picture is taken less the mean of its four corners, so that a plain background
    is 0: in scenes of shapes, questions are then understood in half of the steps that
    it takes with the mean of all pixels.
    """

    filters: tuple[int, ...]

    @nn.compact
    def __call__(self, x: Float[Array, "P H W C"]) -> Float[Array, "P h w F"]:
        corners = x[:, :: x.shape[1] - 1, :: x.shape[2] - 1]
        x = x - jnp.mean(corners, axis=(1, 2), keepdims=True)
        for i, count in enumerate(self.filters):
            x = squares(x)
            shape = (2, 2, x.shape[-1], count)
            K = self.param(f"K_{i}", nn.initializers.he_normal(), shape)
            b = self.param(f"b_{i}", nn.initializers.zeros, shape[3:])
            side = (i % 2, 1 - i % 2)
            x = jax.nn.relu(conv2d(x, K, b, padding=(side, side)))
        return x


def squares(x: Float[Array, "P H W C"]) -> Float[Array, "P h w D"]:
    """Squares of 2 x 2 pixels, their values row by row; zeros beyond an odd side."""
    P, H, W, C = x.shape
    x = jnp.pad(x, ((0, 0), (0, H % 2), (0, W % 2), (0, 0)))
    h, w = -(-H // 2), -(-W // 2)
    x = x.reshape(P, h, 2, w, 2, C)
    return jnp.swapaxes(x, 2, 3).reshape(P, h, w, 4 * C)


class Reader(nn.Module):
    """A question read forwards and backwards, by half of `hidden_size` each."""

    vocabulary_size: int
    embedding_size: int
    hidden_size: int

    def setup(self) -> None:
        # Entries of variance 1: a word must be told from its neighbours at once.
        shape = (self.vocabulary_size, self.embedding_size)
        self.E = self.param("E", nn.initializers.normal(1.0), shape)
        half = self.hidden_size // 2
        self.ahead = GRU(self.embedding_size, self.hidden_size - half)
        self.behind = GRU(self.embedding_size, max(half, 1))

    def __call__(self, tokens: Int[Array, "B T"]) -> Words:
        T, B = tokens.shape[::-1]
        x = look_up(self.E, tokens.T)  # [T, B, D]
        length = jnp.maximum(jnp.sum(tokens != 0, axis=1, dtype=jnp.int32), 1)
        place = jnp.arange(T, dtype=jnp.int32)[:, None]
        _, ahead = self.ahead(self.ahead.initial(B), x, None)
        # Read backwards, the first real word comes after the padding.
        start = place == T - length[None, :]
        _, behind = self.behind(self.behind.initial(B), jnp.flip(x, 0), start)
        behind = jnp.flip(behind, 0)
        last = jnp.take_along_axis(ahead, (length - 1)[None, :, None], axis=0)[0]
        states = jnp.swapaxes(jnp.concatenate([ahead, behind], axis=-1), 0, 1)
        real = (place < length[None, :]).T
        return Words(states, real, jnp.concatenate([last, behind[0]], axis=-1))


def answering_model(interface: Interface, module: nn.Module) -> Model:
    """The model of a module (images [P, ...], tokens [B, T], key) -> [B, V]."""
    if not interface.padding:
        raise ValueError(
            "a model that answers a whole question needs a task of padded tokens"
        )

    def init(key: PRNGKey, inputs: Any) -> Params:
        return module.init(key, inputs["image"], inputs["tokens"], None)["params"]

    def apply(params: Params, carry: Any, inputs: Any, reset: Any, key: Any) -> Any:
        del reset  # a question is read whole
        image, tokens = inputs["image"], inputs["tokens"]
        y: Any = module.apply({"params": params}, image, tokens, key)
        return jnp.broadcast_to(y[:, None], (*tokens.shape, y.shape[-1])), carry

    def step(params: Params, carry: Any, x: Any) -> Any:
        raise ValueError("a model that reads a question whole has no step form")

    return Model(init, lambda params, inputs: (), apply, step, causal=False)


def encoders(
    name: str,
    interface: Interface,
    filters: tuple[int, ...],
    embedding_size: int,
    hidden_size: int,
) -> tuple[Places, Reader]:
    """What the model `name` begins with. ValueError where there is no convolution."""
    if not filters:
        raise ValueError(f"{name}: filters must name at least one number, got none.")
    reader = Reader(interface.vocabulary_size, embedding_size, hidden_size)
    return Places(tuple(filters)), reader


def grouped(x: Float[Array, "B *D"], pictures: int) -> Float[Array, "P Q *D"]:
    """What belongs to questions, by picture."""
    return x.reshape(pictures, -1, *x.shape[1:])
