"""Models that read a question whole: what all keep to, and loops over their equations.

A batch holds three questions of each of two pictures.
"""

import functools
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import READING_MODELS
from lib.types import Interface
from tests.models.contract import draw_like
from tests.ops.test_image import correlate, padded
from tests.reference import gru, relu

P, Q, T, SIDE = 2, 3, 6, 8
INTERFACE = Interface(7, 7, 4, padding=True, image=(SIDE, SIDE, 3))
SMALL: dict[str, Any] = {"filters": (3, 4), "hidden_size": 5, "embedding_size": 3}
FORMS = {
    "relation_network": {"relation_size": 6},
    "relation_chain": {"relation_size": 6, "num_hops": 2},
    "cnn_mlp": {"layer_size": 6},
}
LENGTHS = (6, 3, 4, 1, 5, 2)
every_model = pytest.mark.parametrize("name", FORMS)
# Sums of some hundred float32 products of numbers near 1.
close = functools.partial(np.testing.assert_allclose, rtol=2e-4, atol=2e-5)


@functools.cache
def case_of(name):
    """The model, its parameters, inputs, and its compiled answer."""
    model = READING_MODELS[name](INTERFACE, **SMALL, **FORMS.get(name, {}))
    random = np.random.default_rng(0)
    tokens = random.integers(1, 7, (P * Q, T), dtype=np.int32)
    tokens *= np.arange(T) < np.array(LENGTHS)[:, None]
    image = random.uniform(size=(P, *INTERFACE.image)).astype(np.float32)
    inputs = {"image": jnp.asarray(image), "tokens": jnp.asarray(tokens)}
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), inputs))

    def answer(params, inputs):
        carry = model.initial(params, inputs)
        return model.apply(params, carry, inputs, None, None)[0]

    return model, params, inputs, jax.jit(answer)


@pytest.mark.parametrize("name", [*FORMS, "picture_reader"])
def test_questions_of_one_picture_are_answered_as_if_each_were_alone(name):
    _, params, inputs, answer = case_of(name)
    outputs = answer(params, inputs)
    assert outputs.shape == (P * Q, T, INTERFACE.output_size)
    alone = {**inputs, "image": jnp.repeat(inputs["image"], Q, axis=0)}
    close(answer(params, alone), outputs)
    swapped = {"image": inputs["image"][::-1], "tokens": inputs["tokens"][::-1]}
    close(answer(params, swapped)[::-1], outputs)


@every_model
def test_the_answer_is_the_same_at_every_word_and_for_any_padding(name):
    model, params, inputs, answer = case_of(name)
    outputs = np.asarray(answer(params, inputs))
    assert (outputs == outputs[:, :1]).all() and not model.causal
    shorter = {**inputs, "tokens": inputs["tokens"][:, :4]}
    close(answer(params, shorter)[1:4], outputs[1:4, :4])
    with pytest.raises(ValueError, match="no step form"):
        model.step(params, (), inputs["tokens"][:, 0])


@every_model
def test_an_answer_depends_on_every_word_and_on_its_own_picture(name):
    _, params, inputs, answer = case_of(name)
    whole = np.asarray(answer(params, inputs))[:, 0]
    for t in range(T):
        tokens = inputs["tokens"]
        changed = tokens.at[:, t].set(
            jnp.where(tokens[:, t] > 0, tokens[:, t] % 6 + 1, 0)
        )
        other = np.asarray(answer(params, {**inputs, "tokens": changed}))[:, 0]
        moved = np.abs(other - whole).max(axis=1) > 0
        np.testing.assert_array_equal(moved, np.array(LENGTHS) > t)
    image = inputs["image"].at[0, 3, 5].add(0.5)
    other = np.asarray(answer(params, {**inputs, "image": image}))[:, 0]
    moved = np.abs(other - whole).max(axis=1) > 0
    np.testing.assert_array_equal(moved, np.arange(P * Q) < Q)


@every_model
def test_a_run_trains_to_the_same_bits_wherever_it_stands_among_others(name):
    _, params, inputs, answer = case_of(name)

    def train(params):
        loss = lambda params: jnp.mean(jnp.square(answer(params, inputs)))
        return jax.tree.map(lambda a, g: a - 0.1 * g, params, jax.grad(loss)(params))

    both = jax.jit(lambda many: jax.lax.map(train, many))
    stacked = lambda *scales: jax.tree.map(
        lambda p: jnp.stack([scale * p for scale in scales]), params
    )
    first, second = both(stacked(1.0, 0.5)), both(stacked(0.5, 0.25))
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        np.testing.assert_array_equal(a[1], b[0])


@every_model
def test_outputs_are_those_of_the_loop_over_the_equations(name):
    _, params, inputs, answer = case_of(name)
    exact = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
    maps = places_of(exact["places"], inputs["image"])
    loop = {
        "relation_network": relation_network,
        "relation_chain": relation_chain,
        "cnn_mlp": cnn_mlp,
    }[name]
    expected = [
        loop(exact, maps[b // Q], *words_of(exact["reader"], inputs["tokens"][b]))
        for b in range(P * Q)
    ]
    close(answer(params, inputs)[:, 0], np.array(expected))


def test_the_looks_of_a_chain_weigh_the_places_of_the_picture():
    model, params, inputs, _ = case_of("relation_chain")
    weights = np.asarray(model.looks(params, inputs))
    assert weights.shape == (P * Q, 3, 2, 2)
    np.testing.assert_allclose(weights.sum((2, 3)), 1, rtol=1e-5)
    exact = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
    maps = places_of(exact["places"], inputs["image"])
    words = words_of(exact["reader"], inputs["tokens"][1])
    seen: list[np.ndarray] = []
    relation_chain(exact, maps[0], *words, seen)
    close(weights[1].reshape(3, -1), np.array(seen))


def places_of(p, images):
    """Filters of 4 x 4 pixels at every second pixel, first from the pixel on, then
    from two pixels before it."""
    x = np.asarray(images, np.float64)
    corners = [x[:, i, j] for i, j in product((0, -1), repeat=2)]
    x = x - np.mean(corners, axis=0)[:, None, None]
    for i in range(2):
        K, (_, H, W, C) = p[f"K_{i}"], x.shape
        whole = np.zeros((4, 4, C, K.shape[-1]))
        for m, n in product(range(4), repeat=2):
            inside = C * (2 * (m % 2) + n % 2)
            whole[m, n] = K[m // 2, n // 2, inside : inside + C]
        before, after = ((0, 2), (2, 0))[i]
        z = padded(x, ((before, after + H % 2), (before, after + W % 2)))
        x = relu(correlate(z, whole, 2) + p[f"b_{i}"])
    return x  # [P, h, w, F]


def words_of(p, tokens):
    """The states of the words of one question, and where both readers ended."""
    x = p["E"][[int(token) for token in tokens if token]]
    states = [
        gru(p["ahead"], x, np.zeros(p["ahead"]["W"].shape[0])),
        gru(p["behind"], x[::-1], np.zeros(p["behind"]["W"].shape[0]))[::-1],
    ]
    return np.concatenate(states, axis=1), np.concatenate([states[0][-1], states[1][0]])


def objects_of(places):
    h, w, _ = places.shape
    at = [(i, j) for i in np.linspace(-1, 1, h) for j in np.linspace(-1, 1, w)]
    return np.concatenate([places.reshape(h * w, -1), at], axis=1), np.array(at)


def feedforward(p, h):
    return relu(h @ p["U_0"] + p["b_0"]) @ p["V"] + p["c"]


def softmax(s):
    return np.exp(s) / np.exp(s).sum()


def cnn_mlp(p, places, _, q):
    h = relu(np.concatenate([places.reshape(-1), q]) @ p["U"] + p["b"])
    return feedforward(p, h)


def relation_network(p, places, _, q):
    o, _ = objects_of(places)
    total = np.zeros(6)
    for one in o:
        for other in o:
            h = relu(np.concatenate([one, other, q]) @ p["U"] + p["b"])
            for i in (1, 2):
                h = relu(h @ p[f"W_{i}"] + p[f"b_{i}"])
            total += h
    return feedforward(p["f"], total / len(o) ** 2)


def relation_chain(p, places, states, q, seen=None):
    features, at = objects_of(places)
    o = relu(features @ p["U"] + p["b"])
    about = lambda k: softmax(states @ (q @ p[f"S_{k}"]) / np.sqrt(len(q))) @ states
    query = relu(about(0) @ p["A_0"]) @ p["A_1"]
    scores = o @ p["K"] @ query / np.sqrt(len(query))
    things, counts = [], []
    for k in range(3):
        weights = softmax(scores)
        if seen is not None:
            seen.append(weights)
        thing, place = weights @ o, weights @ at
        gates = 1 / (1 + np.exp(-scores))
        things += [thing, gates @ o / len(o)]
        if k == 2:
            break
        g, rows = p["g"], []
        for own, where in zip(o, at, strict=True):
            offset = where - place
            length = np.sqrt(offset @ offset + 1e-4)
            z = own @ g["U_o"] + thing @ g["U_m"] + about(k + 1) @ g["U_c"] + g["b_0"]
            z = z + np.append(offset, length) @ g["U_p"]
            rows.append(relu(relu(z) @ g["U_1"] + g["b_1"]))
        scores = (np.array(rows) @ g["v"])[:, 0]
        counts.append(np.mean(rows, axis=0))
    return feedforward(p["f"], np.concatenate([*things, *counts, q]))
