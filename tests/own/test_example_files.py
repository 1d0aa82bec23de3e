"""The two worked examples of the cookbook, as a user would give them."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib import own
from lib.contract.model import TOKENS, check_model
from lib.contract.task import check_task
from lib.registry import MODELS, TASKS

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


@pytest.fixture(scope="module")
def cell():
    return MODELS[own.add_model(f"{EXAMPLES / 'my_cell.py'}:gated_integrator")]


@pytest.fixture(scope="module")
def task():
    return TASKS[own.add_task(f"{EXAMPLES / 'my_task.py'}:make_last_marked")]


def test_the_example_model_keeps_the_contract(cell):
    settings = {"hidden_size": 5, "num_layers": 2, "embedding_size": 3, "longest": 8}
    assert check_model(cell, TOKENS, settings) == []


def test_the_example_task_keeps_the_contract(task):
    assert check_task(task, {"num_symbols": 4, "share_marked": 0.25}) == []


def test_the_example_model_is_about_forty_lines():
    lines = (EXAMPLES / "my_cell.py").read_text().split('"""', 2)[2].splitlines()
    assert len([line for line in lines if line.strip()]) <= 40


def test_the_example_model_is_the_recurrence_of_its_docstring(cell):
    """A float64 loop over h_t = a h + (1 - a) sigmoid(x W + b) (x U)."""
    from lib.contract.difference import draw_inputs
    from lib.types import Interface

    interface = Interface(0, 3, 2)
    model, x = cell(interface, hidden_size=4, longest=16), draw_inputs(interface, 12)
    params = model.init(jax.random.key(0), x)
    got, _ = model.apply(params, model.initial(params, x), jnp.asarray(x), None, None)
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    own_layer, h, outputs = p["layer_0"], np.zeros((2, 4)), []
    a = 1 - np.geomspace(1 / 2, 1 / 16, 4)
    for t in range(12):
        gate = 1 / (1 + np.exp(-(x[:, t] @ own_layer["W"] + own_layer["b"])))
        h = a * h + (1 - a) * gate * (x[:, t] @ own_layer["U"])
        outputs.append(h @ p["V"] + p["c"])
    np.testing.assert_allclose(got, np.stack(outputs, axis=1), rtol=1e-4, atol=1e-5)


def test_the_example_task_asks_for_the_symbol_marked_last(task):
    made = task("train", 64, 20, num_symbols=4, share_marked=0.25)
    batch = made.sample(jax.random.key(0), (), jnp.int32(17))
    for inputs, targets in zip(*map(np.asarray, batch[:2]), strict=True):
        before = inputs[:16]
        marked = before[before >= 4]
        assert before[0] >= 4 and inputs[16] == 8 and targets[16] == marked[-1] - 4


@pytest.mark.parametrize("k", [2, 6, 17])
def test_a_window_of_the_example_task_knows_what_it_says(task, k):
    made = task("train", 20_000, 17, num_symbols=4, share_marked=0.25)
    batch = jax.jit(made.sample)(jax.random.key(1), (), jnp.int32(17))
    seen = np.asarray(batch.inputs)[:, 17 - k : 16]
    known = (seen >= 4).any(axis=1)
    # Four standard errors of 20,000 examples.
    assert known.mean() == pytest.approx(made.window_score(17, k), abs=0.0142)
