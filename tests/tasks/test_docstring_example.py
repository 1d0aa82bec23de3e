"""The example in a generated task's docstring is what the task draws."""

import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import ABILITIES
from lib.setting import settings_of
from tests.tasks.golden import QUICK

TASKS = {name: make for tasks in ABILITIES.values() for name, make in tasks.items()}
EXAMPLE = r"An example \(T = (\d+)([^)]*)\):\n\n((?:    .+\n)+)"


@pytest.mark.parametrize("name", list(TASKS))
def test_the_example_of_the_docstring_is_the_first_of_key_zero(name):
    """Rows of inputs, one a feature, and a row of targets a value, "." not scored."""
    make = TASKS[name]
    text = inspect.getdoc(inspect.getmodule(make)) or ""
    found = re.search(EXAMPLE, text + "\n")
    assert found, f"{name}: no 'An example (T = ...):' with its rows below"
    length, rows = int(found[1]), [row.split() for row in found[3].splitlines()]
    inputs = np.array([r[1:] for r in rows if r[0] != "targets"], float).T
    targets = [r[1:] for r in rows if r[0] == "targets"]
    stated = re.findall(r"(\w+) = ([\w.]+)", found[2])
    settings = settings_of(make)
    options = {n: settings[n].kind(v) for n, v in stated if n in settings}

    task = make("train", 1, length, **options)
    sample = jax.jit(task.sample, compiler_options=QUICK)
    batch = sample(jax.random.key(0), task.data, jnp.int32(length))
    mask = np.asarray(batch.mask[0])
    drawn = np.asarray(batch.inputs[0]).reshape(len(mask), -1)
    answers = np.asarray(batch.targets[0]).reshape(len(mask), -1)
    np.testing.assert_allclose(inputs, drawn, atol=0.0051)  # two decimals
    assert len(targets) == answers.shape[1]
    for row, answer in zip(targets, answers.T, strict=True):
        assert [a != "." for a in row] == list(mask == 1)
        scored = np.array([a for a in row if a != "."], float)
        np.testing.assert_allclose(answer[mask == 1], scored, atol=0.0051)
