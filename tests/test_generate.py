"""Writing text: one compiled loop against a Python loop over single steps."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.generate import beam_search, generate, likeliest, sampler, truncate
from lib.library import make_model
from lib.types import Interface
from lib.writer import CHUNK, Manner, make_writer

SIZE = 11
MODELS = {
    "lstm": {"hidden_size": 6, "num_layers": 2, "embedding_size": 4},
    "tcn": {"hidden_size": 6, "num_layers": 2, "kernel_size": 2, "scale": 0.3},
}


def fresh(name, size=SIZE, seed=3, scale=0.6, **settings):
    """A model with parameters of no special value, sure of itself."""
    model = make_model(name, Interface(size, size, size), **settings)
    tokens = jax.ShapeDtypeStruct((1, 1), jnp.int32)
    shapes = jax.eval_shape(model.init, jax.random.key(0), tokens)
    random = np.random.default_rng(seed)
    draw = lambda leaf: jnp.asarray(random.normal(0, scale, leaf.shape), leaf.dtype)
    return model, jax.tree.map(draw, shapes)


@pytest.fixture(scope="module", params=MODELS)
def written(request):
    """A model, two prompts, and a writer of 12 tokens."""
    model, params = fresh(request.param, **MODELS[request.param])
    prompt = jnp.array([[1, 4, 2], [7, 7, 0]], jnp.int32)
    write = jax.jit(lambda t, key: generate(model, params, prompt, 12, sampler(t), key))
    return model, params, prompt, write


def loop(model, params, prompt, draw, num_tokens=12):
    """The same, one step at a time in Python; `draw(index, logits)` picks a token."""
    step = jax.jit(model.step)
    carry, logits = model.initial(params, prompt[:, :1]), None
    for place in range(prompt.shape[1]):
        carry, logits = step(params, carry, prompt[:, place])
    tokens = []
    for index in range(num_tokens):
        tokens.append(draw(index, logits))
        carry, logits = step(params, carry, tokens[-1])
    return np.stack(tokens, 1)


def greedy_text(model, params, prompt):
    key = jax.random.key(0)
    write = lambda: generate(model, params, prompt, 12, likeliest(), key)
    return jax.jit(write)()


def argmax(index, logits):
    return jnp.argmax(logits, -1).astype(jnp.int32)


@pytest.mark.parametrize("temperature", [0.5, 1.5])
def test_the_compiled_loop_writes_what_single_steps_write(written, temperature):
    model, params, prompt, write = written
    key = jax.random.key(8)

    def draw(index, logits):
        draw_key = jax.random.fold_in(key, index)
        return jax.random.categorical(draw_key, logits / temperature).astype(jnp.int32)

    expected = loop(model, params, prompt, draw)
    np.testing.assert_array_equal(write(jnp.float32(temperature), key), expected)
    assert len(np.unique(expected)) > 2, "the test would not see a stuck loop"


def test_greedy_is_the_likeliest_of_every_step(written):
    model, params, prompt, write = written
    expected = loop(model, params, prompt, argmax)
    greedy = greedy_text(model, params, prompt)
    np.testing.assert_array_equal(greedy, expected)
    cold = write(jnp.float32(1e-6), jax.random.key(0))
    np.testing.assert_array_equal(cold, expected)


def test_another_key_writes_another_text(written):
    write = written[-1]
    texts = [write(jnp.float32(1.0), jax.random.key(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(texts[0], texts[1])
    assert (np.asarray(texts[0]) != np.asarray(texts[2])).any()


@pytest.mark.parametrize(
    ("name", "embedding_size"),
    [("rnn", 0), ("lstm", 4), ("gru", 0), ("gru", 4), ("orthogonal_rnn", 4)],
)
def test_the_prepared_step_is_the_step(name, embedding_size):
    settings = {"hidden_size": 6, "num_layers": 2, "embedding_size": embedding_size}
    model, params = fresh(name, **settings)
    assert model.prepared is not None
    x = jnp.array([3, 10], jnp.int32)
    carry = model.initial(params, x[:, None])
    carry = jax.tree.map(lambda c: c + 0.3, carry)
    expected = jax.jit(model.step)(params, carry, x)
    weights = jax.jit(model.prepared.prepare)(params)
    found = jax.jit(model.prepared.step)(weights, carry, x)
    # Float32: sums in another order.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
        found,
        expected,
    )


def test_chunks_write_what_one_loop_writes():
    model, params = fresh("gru", hidden_size=6)
    manner = Manner(length=2 * CHUNK + 5, temperature=1.0, seed=4)
    chunks = list(make_writer(model, params)([1, 4], manner))
    prompt = jnp.array([[1, 4]], jnp.int32)
    chooser = sampler(jnp.float32(1.0))
    write = lambda p, key: generate(model, p, prompt, manner.length, chooser, key)
    whole = jax.jit(write)(params, jax.random.key(4))
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, 5]
    np.testing.assert_array_equal(np.concatenate(chunks), whole[0])


LOGITS = np.random.default_rng(2).normal(0, 1.5, (3, SIZE)).astype(np.float32)


def kept_probabilities(logits, top_k, top_p):
    """In float64, from the definitions: sort, cut, renormalise."""
    rows = []
    for row in logits.astype(np.float64):
        p = np.exp(row) / np.exp(row).sum()
        order = np.argsort(-p)[: top_k or None]
        within = p[order] / p[order].sum()
        count = int(np.searchsorted(np.cumsum(within), top_p, side="left")) + 1
        kept = np.zeros_like(p)
        kept[order[:count]] = within[:count] / within[:count].sum()
        rows.append(kept)
    return np.stack(rows)


@pytest.mark.parametrize(
    ("top_k", "top_p"), [(0, 1.0), (1, 1.0), (3, 1.0), (0, 0.7), (0, 0.01), (5, 0.8)]
)
def test_only_the_likeliest_are_kept_with_their_proportions(top_k, top_p):
    bound = None if top_p == 1.0 else jnp.float32(top_p)
    cut = lambda: jax.nn.softmax(truncate(jnp.asarray(LOGITS), top_k, bound), axis=-1)
    found = jax.jit(cut)()
    expected = kept_probabilities(LOGITS, top_k, top_p)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_drawing_has_the_frequencies_of_the_truncated_distribution():
    temperature, top_k, count = 0.7, 4, 20_000
    chooser = sampler(jnp.float32(temperature), top_k, jnp.float32(0.9))
    logits = jnp.broadcast_to(LOGITS[0], (count, SIZE))
    noise = jax.random.gumbel(jax.random.key(1), logits.shape)
    tokens = jax.jit(chooser.choose)(logits, noise)
    found = np.bincount(tokens, minlength=SIZE) / count
    expected = kept_probabilities(LOGITS[:1] / temperature, top_k, 0.9)[0]
    # Four standard deviations of a share of 20,000.
    np.testing.assert_allclose(found, expected, atol=4 * 0.5 / np.sqrt(count))
    assert (found[expected == 0] == 0).all()


def log_probability(model, params, prompt, tokens):
    """Of each row of tokens [N, T] after the prompt, in float64."""
    inputs = np.concatenate(
        [np.broadcast_to(prompt, (len(tokens), prompt.shape[1])), tokens[:, :-1]], 1
    )
    carry = model.initial(params, jnp.asarray(inputs))
    logits, _ = jax.jit(model.apply)(params, carry, jnp.asarray(inputs), None, None)
    logits = np.asarray(logits, np.float64)[:, prompt.shape[1] - 1 :]
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return np.take_along_axis(log_p, tokens[..., None], 2)[..., 0].sum(1)


def test_a_beam_of_one_is_greedy():
    model, params = fresh("lstm", hidden_size=6)
    prompt = jnp.array([[1, 4, 2]], jnp.int32)
    found, score = jax.jit(lambda: beam_search(model, params, prompt, 12, 1))()
    greedy = greedy_text(model, params, prompt)
    np.testing.assert_array_equal(found, greedy)
    expected = log_probability(model, params, np.asarray(prompt), np.asarray(greedy))
    np.testing.assert_allclose(score, expected, rtol=1e-5)


def test_a_beam_wide_enough_finds_the_likeliest_of_all_texts():
    size, length = 3, 4
    model, params = fresh("rnn", size, hidden_size=5)
    prompt = np.array([[1, 0]], np.int32)
    every = np.array([*itertools.product(range(size), repeat=length)], np.int32)
    log_p = log_probability(model, params, prompt, every)
    width = size ** (length - 1)
    prompt = jnp.asarray(prompt)
    search = jax.jit(lambda: beam_search(model, params, prompt, length, width))
    found, scores = search()
    order = np.argsort(-log_p)[:width]
    np.testing.assert_array_equal(found[0], every[order[0]])
    np.testing.assert_allclose(scores, log_p[order], rtol=1e-5)
    for tokens, score in zip(np.asarray(found), np.asarray(scores), strict=True):
        place = int(tokens @ size ** np.arange(length - 1, -1, -1))
        np.testing.assert_allclose(score, log_p[place], rtol=1e-5)
