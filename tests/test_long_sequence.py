"""Sequences read in chunks: as if whole, at the memory of a chunk."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lib import long_sequence, make_model, make_task, stream
from lib.error import UserError
from lib.long_sequence import score_in_chunks
from lib.train import evaluation_key, make_trainer, predict
from lib.types import Batch, Interface, Model, TrainState
from tests.models.contract import case_of, draw_like
from tests.reference import lstm

FLOATS = Interface(0, 3, 4)


def params_of(model, inputs):
    return draw_like(jax.eval_shape(model.init, jax.random.key(0), inputs))


def test_a_stream_is_the_recurrence_in_float64():
    model = make_model("lstm", FLOATS, hidden_size=5)
    x = np.random.default_rng(0).normal(size=(1, 700, 3)).astype(np.float32)
    params = params_of(model, x)
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    zeros = np.zeros(5)
    h = lstm(p["layer_0"], x[0].astype(np.float64), (zeros, zeros))
    reached = np.concatenate(list(stream(model, params, x, chunk=64)), axis=1)
    np.testing.assert_allclose(reached[0], h @ p["V"] + p["c"], rtol=1e-5, atol=1e-5)


def test_a_stream_reads_no_further_than_asked():
    model = make_model("rnn", FLOATS, hidden_size=2)
    params = params_of(model, np.zeros((1, 1, 3), np.float32))
    read = []

    def pieces():
        for index in range(1000):
            read.append(index)
            yield np.ones((1, 4, 3), np.float32)

    outputs = stream(model, params, pieces(), chunk=4)
    next(outputs)
    next(outputs)
    assert len(read) == 2


# Accuracy at the last scored step, nats of whole examples, values.
@pytest.mark.parametrize(
    ("name", "length"), [("recall", 29), ("copy_memory", 9), ("adding", 29)]
)
def test_scores_in_chunks_are_those_of_the_whole(name, length):
    task = make_task(name, length, batch_size=3)
    model = make_model("rnn", task.interface, hidden_size=4)
    sample = lambda: task.sample(jax.random.key(3), task.data, jnp.int32(length - 2))
    params = params_of(model, jax.eval_shape(sample).inputs)
    metrics = {"loss": task.loss, **task.metrics}

    @jax.jit
    def both(params):
        batch = sample()
        outputs = predict(model, params, batch.inputs, None)
        whole = {n: m.accumulate(outputs, batch) for n, m in metrics.items()}
        return whole, score_in_chunks(model, params, batch, metrics, chunk=8)

    whole, cut = both(params)
    assert cut.keys() == whole.keys() == metrics.keys()
    for a, b in zip(jax.tree.leaves(cut), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_resets_inside_chunks_and_at_their_edges_are_kept():
    case = case_of("lstm", "tokens")
    reset = np.zeros(case.inputs.shape, bool)
    reset[0, [4, 5]] = reset[1, 2] = True
    batch = Batch(
        jnp.asarray(case.inputs),
        jnp.zeros(case.inputs.shape, jnp.int32),
        jnp.ones(case.inputs.shape),
        jnp.asarray(reset),
    )
    loss = {"loss": make_task("recall", 4).loss}
    outputs, _ = case.apply_with_reset(case.params, case.carry, batch.inputs, reset)
    expected = loss["loss"].accumulate(outputs, batch)
    cut = jax.jit(lambda p, b: score_in_chunks(case.model, p, b, loss, chunk=4))
    reached = cut(case.params, batch)["loss"]
    np.testing.assert_allclose(reached.total, expected.total, rtol=1e-5)
    assert reached.count == expected.count


def test_evaluation_reads_long_sequences_in_chunks_and_scores_the_same(monkeypatch):
    task = make_task("recall", 21, batch_size=4)
    model = make_model("rnn", task.interface, hidden_size=3)
    longest = []

    def apply(params, carry, inputs, reset, key):
        longest.append(inputs.shape[1])
        return model.apply(params, carry, inputs, reset, key)

    watched = model._replace(apply=apply)
    make = lambda _: watched
    trainer = make_trainer(task, task, make, lambda _: optax.sgd(0.1))
    params = params_of(model, jax.ShapeDtypeStruct((4, 21), jnp.int32))
    zero = jnp.int32(0)
    state = TrainState(zero, zero, params, (), zero, {})

    def evaluate():
        longest.clear()
        sums = jax.jit(lambda s, n: trainer.evaluate(s, {}, (), *n))(
            state, (evaluation_key("test"), jnp.array([21, 9]), jnp.int32(2))
        )
        return sums, max(longest)

    whole, most = evaluate()
    assert most == 21
    monkeypatch.setattr(long_sequence, "WHOLE", 20)
    monkeypatch.setattr(long_sequence.score_in_chunks, "__defaults__", (4,))
    cut, most = evaluate()
    assert most == 4
    for a, b in zip(jax.tree.leaves(cut), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def temporary_bytes(model: Model, num_steps: int) -> int:
    """What one program that scores tokens [1, T] needs beside its arguments."""
    task = make_task("recall", num_steps, batch_size=1)
    batch = jax.eval_shape(
        lambda: task.sample(jax.random.key(0), (), jnp.int32(num_steps))
    )
    shapes = jax.eval_shape(model.init, jax.random.key(0), batch.inputs)
    scored = jax.jit(lambda p, b: score_in_chunks(model, p, b, {"loss": task.loss}))
    memory = scored.lower(shapes, batch).compile().memory_analysis()
    return memory.temp_size_in_bytes


def test_memory_of_a_score_does_not_grow_with_what_layers_hold():
    model = make_model("lstm", make_task("recall", 8).interface, hidden_size=64)
    short, long = (temporary_bytes(model, n) for n in (2**14, 2**18))
    # A token, its target and its mark: 12 bytes a step; h and c alone would be 512.
    assert long - short <= 13 * (2**18 - 2**14)


def test_a_training_sequence_of_100_000_steps_fits_two_gibibytes():
    """JAX's own differentiation of the layer (method "plain") needs 5.3 GiB for it."""
    task = make_task("recall", 100_000, batch_size=8)
    model = make_model("lstm", task.interface, hidden_size=64)
    shapes = lambda f, *a: jax.eval_shape(f, *a)
    batch = shapes(lambda: task.sample(jax.random.key(0), (), jnp.int32(100_000)))
    params = shapes(model.init, jax.random.key(0), batch.inputs)

    def loss(params, batch):
        mean = task.loss.accumulate(predict(model, params, batch.inputs, None), batch)
        return mean.total / mean.count

    compiled = jax.jit(jax.value_and_grad(loss)).lower(params, batch).compile()
    # The process itself takes some 0.4 GiB.
    assert compiled.memory_analysis().temp_size_in_bytes < 1.5 * 2**30


def test_what_cannot_be_streamed_is_refused():
    model = make_model("rnn", FLOATS, hidden_size=2)
    params = params_of(model, np.zeros((1, 1, 3), np.float32))
    piece = lambda size: np.zeros((size, 4, 3), np.float32)
    with pytest.raises(UserError, match="one batch size, width and dtype"):
        list(stream(model, params, [piece(1), piece(2)]))
    with pytest.raises(UserError, match=r"tokens \[B, T\] or values \[B, T, D\]"):
        list(stream(model, params, np.zeros(4)))
    with pytest.raises(UserError, match="chunk must be an int of at least 1, got 0"):
        stream(model, params, piece(1), chunk=0)
    with pytest.raises(UserError, match="reads forward only"):
        stream(model._replace(causal=False), params, piece(1))
