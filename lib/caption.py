"""Captions of pictures: written greedily or by beam search, and where each word looked.

Writing is that of texts (lib.generate): a model that has seen a picture is a model of
words alone, whose first state the picture made. A caption begins after the begin token
and stops at the end token, which is the last one counted.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree, UInt8

from lib.data.caption import BEGIN
from lib.data.question import END
from lib.generate import beam_search, generate, likeliest
from lib.types import Carry, Model, Params, Task

Images = Float[Array, "B H W C"]


class Caption(NamedTuple):
    """Words, and the log-probability of them and of stopping there, in nats."""

    words: tuple[str, ...]  # the end token's too, where the caption came to it
    log_probability: float


def seeing(model: Model, images: Images) -> Model:
    """The model of words that a model of pictures is before these pictures."""

    def initial(params: Params, tokens: PyTree) -> Carry:
        return model.initial(params, {"image": images, "tokens": tokens})

    return model._replace(initial=initial)


def write_captions(
    model: Model, params: Params, images: Images, begin: int, num_tokens: int
) -> tuple[Int[Array, "B N"], Float[Array, "B N"]]:
    """Greedy captions of N tokens each, and the log-probability of every token."""
    before = jnp.full((len(images), 1), begin, jnp.int32)
    key = jax.random.key(0)  # greedy: nothing is drawn with it
    seen = seeing(model, images)
    tokens = generate(seen, params, before, num_tokens, likeliest(), key)
    inputs = jnp.concatenate([before, tokens[:, :-1]], axis=1)
    whole = {"image": images, "tokens": inputs}
    outputs, _ = model.apply(params, model.initial(params, whole), whole, None, None)
    log_p = jax.nn.log_softmax(outputs, axis=-1)
    picked = jnp.take_along_axis(log_p, tokens[..., None], axis=-1)[..., 0]
    return tokens, picked


def search_captions(
    model: Model,
    params: Params,
    image: Float[Array, "H W C"],
    begin: int,
    end: int,
    num_tokens: int,
    width: int,
) -> tuple[Int[Array, "W N"], Float[Array, " W"]]:
    """The likeliest captions of one picture that a beam search finds, best first."""
    before = jnp.full((1, 1), begin, jnp.int32)
    seen = seeing(model, image[None])
    return beam_search(seen, params, before, num_tokens, width, end)


def caption_of(
    tokens: Int[np.ndarray, " N"],
    log_p: Float[np.ndarray, " N"] | float,
    symbols: tuple[str, ...],
    end: int,
) -> Caption:
    """The caption up to its end; `log_p` is of each token, or of all together."""
    found = np.flatnonzero(tokens == end)
    size = int(found[0]) + 1 if len(found) else len(tokens)
    total = float(np.sum(np.asarray(log_p)[..., :size])) if np.ndim(log_p) else log_p
    words = [symbols[token] for token in tokens[:size]]
    return Caption(tuple(words), float(total))


def attention_maps(
    model: Model, params: Params, image: Float[Array, "H W C"], tokens: Int[Array, " N"]
) -> Float[Array, "N h w"]:
    """Where the picture was looked at for each output, while these tokens were read.

    The map of a caption's word i is that of the token before it: read [begin, words].
    """
    assert model.attention is not None, "the caller has asked"
    attention, inputs = model.attention, {"image": image[None], "tokens": tokens[None]}

    def step(carry: Carry, token: Int[Array, ""]) -> tuple[Carry, Array]:
        weights = attention(params, carry, token[None])[0]
        return model.step(params, carry, token[None])[0], weights

    return lax.scan(step, model.initial(params, inputs), tokens)[1]


class Description(NamedTuple):
    """Captions of one picture, best first, and the maps of the first one's words."""

    captions: tuple[Caption, ...]
    maps: Float[np.ndarray, "N h w"] | None  # None: the model attends to nothing


def describe_picture(
    model: Model,
    params: Params,
    task: Task,
    picture: UInt8[np.ndarray, "S S 3"],
    beam: int,
) -> Description:
    """The greedy caption of a picture, or with `beam` so many of a search."""
    begin, end = task.symbols.index(BEGIN), task.symbols.index(END)
    image = jnp.asarray(picture, jnp.float32) / 255
    size = task.max_length

    if beam:
        search = lambda params, image: search_captions(
            model, params, image, begin, end, size, beam
        )
        rows, scores = jax.device_get(jax.jit(search)(params, image))
    else:
        write = lambda params, image: write_captions(
            model, params, image[None], begin, size
        )
        rows, scores = jax.device_get(jax.jit(write)(params, image))
    found = [
        caption_of(row, score, task.symbols, end)
        for row, score in zip(rows, scores, strict=True)
        if np.isfinite(score).all()  # fewer captions than beams
    ]
    if model.attention is None:
        return Description(tuple(found), None)
    read = np.concatenate([[begin], rows[0][:-1]]).astype(np.int32)
    attend = lambda params, image, read: attention_maps(model, params, image, read)
    maps = np.asarray(jax.jit(attend)(params, image, jnp.asarray(read)))
    return Description(tuple(found), maps[: len(found[0].words)])
