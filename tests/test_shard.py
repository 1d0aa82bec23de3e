"""Training with the batch shared out among two devices, in a process that has two."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.launch.process import thread_environment

ROOT = Path(__file__).resolve().parents[1]

SCRIPT = """
import json
import jax
import jax.numpy as jnp
import numpy as np
from lib import shard
from lib.config import make_config
from lib.error import UserError
from lib.check import check_program
from lib.program import make_hparams, make_program
from lib.train import evaluation_key

def config(batch_size, evaluation_size):
    return make_config({
        "task": {"name": "recall", "length": 8},
        "model": {"name": "rnn", "hidden_size": 8},
        "optimizer": {"name": "sgd", "learning_rate": 0.5},
        "train": {"num_steps": 3, "batch_size": batch_size},
        "evaluation": {"batch_size": evaluation_size},
    })

def trained(config):
    program, hparams = make_program(config), make_hparams(config)
    trainer, key = program.trainer, evaluation_key("validation")
    def run(steps):
        state = trainer.init(jnp.uint32(0), hparams, ())
        state = trainer.train(state, hparams, (), steps)
        sums = trainer.evaluate(state, hparams, (), key, jnp.array([5, 8]), 2)
        return state.params, sums
    params, sums = jax.jit(run)(jnp.int32(3))
    assert all(x.sharding.is_fully_replicated for x in jax.tree.leaves(params))
    leaves = jax.tree.leaves((params, sums))
    return [np.asarray(x, float).ravel().tolist() for x in leaves]

found = {"devices": shard.num_shards(), "shared": trained(config(6, 10))}
found["odd"] = trained(config(6, 7))[-1]  # an evaluation batch of 7 stays whole
try:
    check_program(config(5, 10))
except UserError as error:
    found["error"] = str(error)
count, shard.num_shards = shard.num_shards, lambda: 1
make_program.__globals__["_make_program"].cache_clear()
found["whole"] = trained(config(6, 10))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found():
    environment = {**os.environ, **thread_environment(2), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_devices_find_what_one_finds(found):
    assert found["devices"] == 2
    for shared, whole in zip(found["shared"], found["whole"], strict=True):
        assert shared == pytest.approx(whole, rel=1e-5, abs=1e-6)


def test_a_batch_that_cannot_be_halved(found):
    assert found["odd"], "an evaluation batch stays whole"
    assert found["error"] == (
        "train.batch_size must be a multiple of the number of threads, 2, got 5"
    )
