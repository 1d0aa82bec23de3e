"""Writing captions: greedy and beam search from a picture, up to the end."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.caption import attention_maps, caption_of, search_captions, write_captions
from lib.registry import READING_MODELS
from lib.types import Interface
from tests.models.contract import draw_like

SYMBOLS = ("", "<unknown>", ".", "<begin>", "red", "blue")
END, BEGIN, NUM, WIDTH = 2, 3, 3, 40
INTERFACE = Interface(6, 6, 6, padding=True, image=(8, 8, 3))


@functools.cache
def case():
    model = READING_MODELS["picture_reader"](
        INTERFACE, filters=(3, 4), hidden_size=5, embedding_size=3
    )
    random = np.random.default_rng(0)
    image = jnp.asarray(random.uniform(size=(2, 8, 8, 3)), jnp.float32)
    inputs = {"image": image, "tokens": jnp.zeros((2, 1), jnp.int32)}
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), inputs))
    # Nothing is nearly sure and ends are likely, so that short captions come first too.
    flat = {"V": 0.1 * params["V"], "c": params["c"].at[END].add(0.5)}
    return model, {**params, **flat}, image


def one(image):
    """What a model's initial state is made from, for one picture."""
    return {"image": image[None], "tokens": jnp.zeros((1, 1), jnp.int32)}


@functools.cache
def every_caption():
    """The log-probability of every caption of at most NUM tokens before the first
    picture, the end at its end or cut off, from the model's whole-sequence form."""
    model, params, image = case()
    rows = list(itertools.product(range(6), repeat=NUM))
    tokens = jnp.asarray([[BEGIN, *row[:-1]] for row in rows], jnp.int32)
    inputs = {"image": jnp.repeat(image[:1], len(rows), axis=0), "tokens": tokens}
    carry = model.initial(params, inputs)
    outputs, _ = model.apply(params, carry, inputs, None, None)
    log_p = np.asarray(jax.nn.log_softmax(outputs, axis=-1))
    found = {}
    for row, own in zip(rows, log_p, strict=True):
        size = row.index(END) + 1 if END in row else NUM
        found[row[:size]] = sum(own[i, row[i]] for i in range(size))
    return found


def test_captions_and_their_ends_are_all_there_is():
    assert np.exp(list(every_caption().values())).sum() == pytest.approx(1, abs=1e-5)


def test_a_wide_beam_finds_the_likeliest_captions_in_order():
    model, params, image = case()
    search = functools.partial(search_captions, model)
    tokens, scores = jax.jit(search, static_argnums=(2, 3, 4, 5))(
        params, image[0], BEGIN, END, NUM, WIDTH
    )
    best = sorted(every_caption().items(), key=lambda item: -item[1])[:5]
    assert min(len(caption) for caption, _ in best) < NUM
    for row, score, (caption, log_p) in zip(
        np.asarray(tokens), scores, best, strict=False
    ):
        assert tuple(row[: len(caption)]) == caption
        assert set(row[len(caption) :]) <= {END}
        assert float(score) == pytest.approx(log_p, abs=1e-5)


def test_greedy_captions_are_of_their_own_picture_and_take_the_likeliest_word():
    model, params, image = case()
    write = jax.jit(functools.partial(write_captions, model), static_argnums=(2, 3))
    tokens, log_p = jax.device_get(write(params, image, BEGIN, NUM))
    for i in range(2):
        carry = model.initial(params, one(image[i]))
        token = jnp.asarray([BEGIN], jnp.int32)
        for t in range(NUM):
            carry, logits = model.step(params, carry, token)
            token = jnp.argmax(logits, axis=-1).astype(jnp.int32)
            assert int(token[0]) == tokens[i, t]
            best = float(jnp.max(jax.nn.log_softmax(logits)))
            assert float(log_p[i, t]) == pytest.approx(best, abs=1e-5)


def test_maps_are_those_of_the_steps_that_wrote_the_words():
    model, params, image = case()
    read = [BEGIN, 4, 5]
    maps = attention_maps(model, params, image[1], jnp.asarray(read, jnp.int32))
    carry = model.initial(params, one(image[1]))
    assert model.attention is not None
    for token, weights in zip(read, maps, strict=True):
        token = jnp.asarray([token], jnp.int32)
        own = model.attention(params, carry, token)[0]
        np.testing.assert_allclose(weights, own, rtol=1e-5)
        carry, _ = model.step(params, carry, token)
    assert np.abs(maps[0] - maps[2]).max() > 1e-4


def test_a_caption_ends_at_its_first_end():
    log_p = np.array([-1.0, -2.0, -4.0, -8.0])
    caption = caption_of(np.array([4, 5, 2, 2]), log_p, SYMBOLS, END)
    assert caption.words == ("red", "blue", ".") and caption.log_probability == -7
    assert caption_of(np.array([4, 2]), -0.5, SYMBOLS, END).log_probability == -0.5
    endless = caption_of(np.array([4, 5, 4, 4]), log_p, SYMBOLS, END)
    assert len(endless.words) == 4 and endless.log_probability == -15
