"""Pooling over time, reading both ways and dropout: what a stack adds to its layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import MODELS
from lib.types import Interface
from tests import reference
from tests.models.contract import assert_close, draw_like

B, T, H = 3, 7, 4
WORDS = Interface(vocabulary_size=5, input_size=5, output_size=3, padding=True)
LENGTHS = (7, 4, 1)


def make(**settings):
    """An rnn over padded words, with parameters of no special value."""
    model = MODELS["rnn"](WORDS, hidden_size=H, embedding_size=3, **settings)
    random = np.random.default_rng(0)
    inputs = random.integers(1, 5, (B, T), dtype=np.int32)
    for b, length in enumerate(LENGTHS):
        inputs[b, length:] = 0
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), inputs))
    return model, params, inputs


def whole(model, params, inputs, key=None, reset=None):
    carry = model.initial(params, inputs)
    return model.apply(params, carry, jnp.asarray(inputs), reset, key)


def wide(tree):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)


def states(params, words, name):
    """All h_t [T, H] of one layer over the words' embeddings, in float64."""
    return reference.rnn(params[name], params["E"][words], np.zeros(H))


POOLED = {"mean": lambda h: h.mean(axis=0), "max": lambda h: h.max(axis=0)}


@pytest.mark.parametrize("pooling", POOLED)
def test_pooled_outputs_are_answers_to_every_prefix(pooling):
    model, params, inputs = make(pooling=pooling)
    outputs, _ = whole(model, params, inputs)
    p = wide(params)
    for b in range(B):
        h = states(p, inputs[b], "layer_0")
        pooled = np.array([POOLED[pooling](h[: t + 1]) for t in range(T)])
        np.testing.assert_allclose(outputs[b], pooled @ p["V"] + p["c"], 1e-5, 1e-5)


@pytest.mark.parametrize("pooling", POOLED)
def test_pooling_step_by_step_is_the_whole_sequence(pooling):
    model, params, inputs = make(pooling=pooling)
    outputs, last = whole(model, params, inputs)
    carry, steps = model.initial(params, inputs), []
    for t in range(T):
        carry, y = model.step(params, carry, inputs[:, t])
        steps.append(y)
    assert_close(outputs, np.stack(steps, axis=1))
    assert_close(last, carry)


@pytest.mark.parametrize("pooling", POOLED)
def test_a_reset_empties_the_pool(pooling):
    model, params, inputs = make(pooling=pooling)
    reset = np.zeros((B, T), bool)
    reset[:, 3] = True
    outputs, _ = whole(model, params, inputs, reset=jnp.asarray(reset))
    fresh, _ = whole(model, params, inputs[:, 3:])
    assert_close(outputs[:, 3:], fresh)


@pytest.mark.parametrize("pooling", ["last", *POOLED])
def test_reading_both_ways_is_a_loop_from_either_end_of_the_real_words(pooling):
    model, params, inputs = make(direction="both", pooling=pooling)
    outputs, carry = whole(model, params, inputs)
    assert carry == () and not model.causal
    p = wide(params)
    for b, length in enumerate(LENGTHS):
        words = inputs[b, :length]
        ahead = states(p, words, "layer_0")
        behind = states(p, words[::-1], "back_0")[::-1]
        if pooling == "last":
            h = np.concatenate([ahead[-1], behind[0]])
        else:
            h = POOLED[pooling](np.concatenate([ahead, behind], axis=1))
        expected = np.broadcast_to(h @ p["V"] + p["c"], (T, 3))
        np.testing.assert_allclose(outputs[b], expected, 1e-5, 1e-5)


def test_two_layers_both_ways_read_each_other_but_no_padding():
    model, params, inputs = make(direction="both", num_layers=2)
    outputs, _ = whole(model, params, inputs)
    shorter, _ = whole(model, params, inputs[1:2, : LENGTHS[1]])
    assert_close(outputs[1, 0], shorter[0, 0])
    p = wide(params)
    words = inputs[1, : LENGTHS[1]]
    ahead = states(p, words, "layer_0")
    behind = states(p, words[::-1], "back_0")[::-1]
    h = np.concatenate([ahead, behind], axis=1)
    ahead = reference.rnn(p["layer_1"], h, np.zeros(H))
    behind = reference.rnn(p["back_1"], h[::-1], np.zeros(H))
    expected = np.concatenate([ahead[-1], behind[-1]]) @ p["V"] + p["c"]
    np.testing.assert_allclose(outputs[1, 0], expected, 1e-5, 1e-5)


def test_reading_both_ways_needs_to_know_the_end():
    running = Interface(vocabulary_size=5, input_size=5, output_size=5)
    with pytest.raises(ValueError, match="needs a task of padded tokens"):
        MODELS["gru"](running, hidden_size=H, direction="both")


def test_a_model_that_reads_both_ways_has_no_step():
    model, params, inputs = make(direction="both")
    with pytest.raises(ValueError, match="no step form"):
        model.step(params, (), inputs[:, 0])


def test_dropout_leaves_out_its_share_and_scales_the_rest():
    floats = Interface(vocabulary_size=0, input_size=1000, output_size=1)
    model = MODELS["rnn"](floats, hidden_size=1, dropout=0.25)
    x = np.ones((2, 3, 1000), np.float32)
    layer = {"U": np.full((1000, 1), 1e-4), "W": np.zeros((1, 1)), "b": np.zeros(1)}
    params = {"layer_0": layer, "V": np.ones((1, 1)), "c": np.zeros(1)}
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)
    kept = []
    for seed in range(20):
        outputs, _ = whole(model, params, x, key=jax.random.key(seed))
        # The readout's own feature is left out or is 4/3 of tanh(n 1e-4 4/3).
        np.testing.assert_allclose(outputs, outputs[:, :1] * np.ones((1, 3, 1)))
        seen = np.asarray(outputs)[:, 0, 0]
        kept += [np.arctanh(y * 0.75) / 1e-4 * 0.75 for y in seen if y]
    # 1000 features, each kept with probability 0.75: s.d. 14 a draw, some 30 draws.
    assert np.mean(kept) == pytest.approx(750, abs=12)
    assert np.std(kept) == pytest.approx(13.7, abs=6)
    assert 18 <= len(kept) <= 38  # of 40 readouts, each kept with probability 0.75


def test_without_a_key_nothing_is_left_out():
    model, params, inputs = make(dropout=0.5)
    plain, _, _ = make()
    assert_close(whole(model, params, inputs)[0], whole(plain, params, inputs)[0])
