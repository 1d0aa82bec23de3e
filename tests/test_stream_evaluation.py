"""Scores with the state carried along, on a test split longer than validation."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lib.data.language import make_language, make_split_corpus
from lib.library import make_model
from lib.train import evaluation_key, make_trainer

PARTS = ["abcab" * 20, "cabba" * 6, "bacca" * 21]
CORPUS = make_split_corpus("letters", PARTS, "character", "")
BATCH_SIZE, LENGTH = 3, 4


def nats(model, params, tokens):
    """The loss of each symbol after the first, read in one stream, in float64."""
    carry = model.initial(params, jnp.asarray(tokens[None, :1]))
    outputs, _ = model.apply(params, carry, jnp.asarray(tokens[None, :-1]), None, None)
    y = np.asarray(outputs[0], np.float64)
    log_p = y - np.log(np.exp(y).sum(-1, keepdims=True))
    return -log_p[np.arange(len(y)), tokens[1:]]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_every_target_of_a_split_is_scored_once_with_its_stream_before_it(split):
    tasks = {
        name: make_language(CORPUS, name, BATCH_SIZE, LENGTH)
        for name in ("train", "validation", "test")
    }
    model = make_model("rnn", tasks["train"].interface, hidden_size=5)
    trainer = make_trainer(
        tasks["train"],
        tasks["validation"],  # one compiled program scores every split
        lambda hparams: model,
        lambda hparams: optax.sgd(0.1),
        eval_state="carried",
    )
    task = tasks[split]
    state = jax.jit(trainer.init)(jnp.uint32(0), {}, task.data)
    sums = jax.jit(trainer.evaluate)(
        state,
        {},
        task.data,
        evaluation_key(split),
        jnp.array([LENGTH], jnp.int32),
        jnp.int32(task.stream_batches),
    )

    start, stop = int(task.data["start"]), int(task.data["stop"])
    tokens = np.asarray(task.data["tokens"])[start:stop]
    size = -(-(len(tokens) - 1) // BATCH_SIZE)
    streams = [tokens[i * size : (i + 1) * size + 1] for i in range(BATCH_SIZE)]
    expected = np.concatenate([nats(model, state.params, s) for s in streams])

    assert float(sums["loss"].count[0]) == len(tokens) - 1 == len(expected)
    # Float32 sums in another order.
    np.testing.assert_allclose(sums["loss"].total[0], expected.sum(), rtol=1e-5)
