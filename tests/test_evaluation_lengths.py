"""One reading of a padded text answers for every length, as a reading of each does."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lib.data.newsgroups import make_newsgroups
from lib.models.bag import make_bag
from lib.models.gru import make_gru
from lib.train import evaluation_key, make_trainer, predict
from tests.data.texts import small_texts

LENGTHS = (3, 9, 16)
MODELS = {
    "bag": lambda interface: make_bag(interface, embedding_size=8),
    "both ways": lambda interface: make_gru(
        interface, embedding_size=8, hidden_size=4, direction="both", pooling="mean"
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_each_length_is_scored_as_if_nothing_followed(name):
    with small_texts():
        task = make_newsgroups("test", 32, max(LENGTHS))
    model = MODELS[name](task.interface)
    trainer = make_trainer(task, task, lambda _: model, lambda _: optax.sgd(0.1))
    state = jax.jit(trainer.init)(jnp.uint32(0), {}, task.data)
    key = evaluation_key("test")
    sums = jax.jit(trainer.evaluate)(
        state, {}, task.data, key, jnp.asarray(LENGTHS), jnp.int32(task.eval_batches)
    )
    answer = jax.jit(lambda x: predict(model, state.params, x, None))
    for place, length in enumerate(LENGTHS):
        right = []
        for index in range(task.eval_batches):
            batch = task.batch_at(task.data, jnp.int32(index), jnp.int32(length))
            y = np.asarray(answer(batch.inputs[:, :length])).argmax(-1)
            scored = np.asarray(batch.mask)[:, :length] > 0
            right += (y == np.asarray(batch.targets)[:, :length])[scored].tolist()
        assert len(right) == 90 == sums["accuracy"].count[place]
        assert sums["accuracy"].total[place] == sum(right)
