import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.bag import make_bag
from lib.ops.group import NONE, hash_groups
from lib.train import predict
from lib.types import Interface
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement

WORDS = Interface(vocabulary_size=7, input_size=7, output_size=2)


def answer(model, params, x):
    read = jax.jit(lambda x: predict(model, params, x, None))
    return np.asarray(read(x))


def test_bag_follows_its_equations_in_values_and_gradients():
    def loop(params, x, carry):
        total, count = np.asarray(carry[0][0]), np.asarray(carry[0][1])
        return reference.bag(params, x, total, count)

    model = make_bag(INTERFACE, hidden_size=4, num_layers=2, embedding_size=5)
    check_agreement(model, loop)


def test_a_word_group_adds_its_row_where_it_is_whole():
    model = make_bag(WORDS, embedding_size=3, ngrams=2, num_buckets=13)
    tokens = np.array([[3, 5, 3, 5]], np.int32)
    params = model.init(jax.random.key(0), tokens)
    rows = np.random.default_rng(0).normal(size=(13, 3)).astype(np.float32)
    params = {**params, "G": jnp.asarray(rows)}
    outputs = answer(model, params, tokens)
    [(code, _)], _ = hash_groups(jnp.asarray(tokens.T), jnp.full((1, 1), NONE))
    row = np.asarray(code)[:, 0] % 13
    embedded = np.asarray(params["E"])[tokens[0]]
    embedded[1:] += rows[row[1:]]
    mean = np.cumsum(embedded, 0) / np.arange(1, 5)[:, None]
    np.testing.assert_allclose(outputs[0], mean @ params["V"], rtol=1e-5, atol=1e-6)
    assert row[1] == row[3] != row[2], "5 3 is another group than 3 5"


def test_groups_that_differ_seldom_share_a_hash():
    pairs = np.stack(np.meshgrid(np.arange(300), np.arange(300))).reshape(2, -1)
    first, second = jnp.asarray(pairs, jnp.int32)
    [(code, inside)], _ = hash_groups(second[None], first[None])
    rows = np.asarray(code)[0] % 2**20
    # 90,000 balls in 2^20 boxes fill 86,252 of them on average, give or take 60.
    assert len(np.unique(rows)) == pytest.approx(86_252, abs=400)
    assert np.asarray(inside).all()


def test_a_word_of_little_weight_is_hardly_heard():
    model = make_bag(WORDS, embedding_size=4, weighted=True)
    params = model.init(jax.random.key(0), np.zeros((1, 1), np.int32))
    params["a"] = params["a"].at[2].set(-20.0)
    short, long = np.array([[3, 5]], np.int32), np.array([[3, 2, 5, 2]], np.int32)
    answers = [answer(model, params, x)[0, -1] for x in (short, long)]
    np.testing.assert_allclose(*answers, rtol=1e-4)
    plain = {**params, "a": jnp.zeros(7)}
    embedded = np.asarray(params["E"])[long[0]]
    expected = embedded.mean(0) @ params["V"]
    np.testing.assert_allclose(answer(model, plain, long)[0, -1], expected, rtol=1e-4)


def test_dropout_takes_features_of_the_mean_and_keeps_its_expectation():
    model = make_bag(WORDS, embedding_size=64, dropout=0.5)
    x = np.array([[3, 5, 2]], np.int32)
    params = model.init(jax.random.key(0), x)
    carry = model.initial(params, x)
    noisy = lambda key: model.apply(params, carry, x, None, key)[0][0, -1]
    drawn = jax.jit(jax.vmap(noisy))(jax.random.split(jax.random.key(1), 4000))
    plain = answer(model, params, x)[0, -1]
    error = np.asarray(drawn).std(0) / 4000**0.5
    assert (error > 0).all()
    assert (np.abs(drawn.mean(0) - plain) < 4 * error).all()


def test_groups_need_tokens():
    with pytest.raises(ValueError, match="bag: ngrams above 1 need tokens"):
        make_bag(INTERFACE, ngrams=2)
    with pytest.raises(ValueError, match="bag: weighted needs tokens"):
        make_bag(INTERFACE, weighted=True)
