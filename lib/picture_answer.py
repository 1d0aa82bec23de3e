"""Answering a question about a picture, and where in the picture the answer came from.

Where a model weighs the places of a picture, its weights say where it looked: those of
a model that reads a question whole at each of its looks, those of one that reads word
by word at the word it answers after. Of any other model a square of the picture's mean
colour is laid over one part after another: the more the answer's log-probability falls,
the more came from there (Zeiler & Fergus 2014, arXiv:1311.2901, section 4.2).
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from lib.data.question import encode_words, split_words
from lib.error import UserError
from lib.train import predict
from lib.types import Interface, Model, Params

How = Literal["attention", "occlusion"]
_GRID = 8  # squares along a side that are covered in turn
_SHADES = " .:-=+*#%@"


class Question(NamedTuple):
    """A question as the model reads it."""

    tokens: tuple[int, ...]
    unknown: tuple[str, ...]  # words that the run does not know, in reading order


class Answer(NamedTuple):
    """The probability of each output, and where in the picture it came from."""

    probabilities: Float[np.ndarray, " V"]
    how: How
    maps: Float[np.ndarray, "S h w"]  # attention: each sums to 1; occlusion: nats

    @property
    def best(self) -> int:
        return int(self.probabilities.argmax())


def read_question(text: str, symbols: Sequence[str]) -> Question:
    """A question as tokens, with a "?" at its end.

    Raises:
      UserError: there is no word in it, or none that the run knows.
    """
    words = split_words(text)
    if not any(c.isalnum() for word in words for c in word):
        raise UserError("question: there is no word in it")
    while words[-1] in (".", "!", "?"):
        words.pop()
    tokens, unknown = encode_words(words, symbols)
    if len(unknown) == len(words):
        raise UserError(
            f"question: none of its {len(words)} words is known to this run"
        )
    mark, _ = encode_words(["?"], symbols)
    return Question((*tokens, *mark), tuple(dict.fromkeys(unknown)))


def fit_picture(
    picture: UInt8[np.ndarray, "H W 3"], interface: Interface
) -> UInt8[np.ndarray, "h w 3"]:
    """A picture of any size as the run's pictures are: whole, stretched."""
    from PIL import Image

    height, width, _ = interface.image
    if picture.shape[:2] == (height, width):
        return picture
    shrinks = height < picture.shape[0] and width < picture.shape[1]
    kind = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return np.array(Image.fromarray(picture).resize((width, height), kind))


def answer_picture(
    model: Model,
    params: Params,
    picture: UInt8[np.ndarray, "H W 3"],
    question: Question,
) -> Answer:
    """What a model answers to a question about a picture of its own size."""
    tokens = jnp.asarray([question.tokens], jnp.int32)
    image = jnp.asarray(picture, jnp.float32)[None] / 255
    inputs = {"image": image, "tokens": tokens}
    outputs = jax.jit(lambda params: predict(model, params, inputs, None))(params)
    log_p = np.asarray(jax.nn.log_softmax(outputs[0, -1]))
    maps = _attention(model, params, inputs)
    if maps is not None:
        return Answer(np.exp(log_p), "attention", maps)
    fall = _occlusion(model, params, image[0], tokens[0], log_p)
    return Answer(np.exp(log_p), "occlusion", fall[None])


def _attention(
    model: Model, params: Params, inputs: dict[str, Array]
) -> Float[np.ndarray, "S h w"] | None:
    if model.looks is not None:
        return np.asarray(jax.jit(model.looks)(params, inputs))[0]
    if model.attention is None:
        return None
    tokens = inputs["tokens"]
    carry: Any = model.initial(params, inputs)
    _, carry = model.apply(
        params, carry, {**inputs, "tokens": tokens[:, :-1]}, None, None
    )
    return np.asarray(model.attention(params, carry, tokens[:, -1]))


def _occlusion(
    model: Model,
    params: Params,
    image: Float[Array, "H W 3"],
    tokens: Int[Array, " T"],
    log_p: Float[np.ndarray, " V"],
) -> Float[np.ndarray, "g g"]:
    """How far the answer's log-probability falls, part by part, in nats, at least 0."""
    height, width, _ = image.shape
    rows = np.arange(height) * _GRID // height
    columns = np.arange(width) * _GRID // width
    part = rows[:, None] * _GRID + columns[None, :]
    covered = jnp.asarray(part)[None] == jnp.arange(_GRID**2)[:, None, None]
    mean = jnp.mean(image, axis=(0, 1))[None, None, None]
    images = jnp.where(covered[..., None], mean, image[None])
    inputs = {"image": images, "tokens": jnp.repeat(tokens[None], _GRID**2, axis=0)}
    outputs = jax.jit(lambda params: predict(model, params, inputs, None))(params)
    best = int(log_p.argmax())
    after = np.asarray(jax.nn.log_softmax(outputs[:, -1], axis=-1))[:, best]
    return np.maximum(log_p[best] - after, 0).reshape(_GRID, _GRID)


def grid_text(weights: Float[np.ndarray, "h w"]) -> list[str]:
    """A map as lines of characters, two a place, darker where the weight is larger."""
    most = max(float(weights.max()), 1e-12)
    shade = np.rint(weights / most * (len(_SHADES) - 1)).astype(int)
    return ["".join(2 * _SHADES[s] for s in row) for row in shade]
