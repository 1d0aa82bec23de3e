"""What a finished regression says of itself: forecasts, and free running."""

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.config import make_config
from lib.probe import examine
from lib.probe.forecast import free_run
from lib.program import make_hparams, make_program
from lib.types import Model

CHORALES = Path(os.environ.get("HORIZON_DATA", "/nowhere"), "poly_music")


def examined(config):
    """A run's program, untrained parameters, and what the probes say of them."""
    config = make_config(config)
    program, hparams = make_program(config), make_hparams(config)
    init = jax.eval_shape(program.trainer.init, 0, hparams, program.task.data)
    random = np.random.default_rng(0)
    draw = lambda s: jnp.asarray(0.5 * random.normal(size=s.shape), s.dtype)
    params = jax.tree.map(draw, init.params)
    found = examine(program, hparams, params)["forecast"]
    return program, program.make_model(hparams), params, found


def read_alone(model, params, rows):
    """The outputs of a model that reads rows one at a time."""
    step = jax.jit(model.step)
    carry, outputs = model.initial(params, jnp.zeros((1, 1, rows.shape[1]))), []
    for row in rows:
        carry, y = step(params, carry, jnp.asarray(row, jnp.float32)[None])
        outputs.append(np.asarray(y[0]))
    return carry, np.array(outputs)


def test_a_free_run_reads_its_own_predictions():
    # h_t = x_t, y_t = 3 x_t: after 1, 2 come 6, 18, 54.
    model = Model(
        init=lambda key, inputs: {},
        initial=lambda params, inputs: jnp.zeros((1, 1)),
        apply=lambda *args: None,
        step=lambda params, carry, x: (x, 3 * x),
    )
    found = free_run(model, {}, jnp.array([[1.0], [2.0]]), 3)
    assert found[:, 0].tolist() == [6, 18, 54]


def test_the_sine_is_predicted_one_step_ahead_and_run_free():
    _, model, params, found = examined(
        {
            "task": {"name": "sine", "length": 39, "num_points": 40},
            "model": {"name": "rnn", "hidden_size": 4},
            "evaluation": {"batch_size": 1},
        }
    )
    truth = np.sin(2 * np.pi * 4 * np.arange(40) / 40)
    np.testing.assert_allclose(found["truth"], truth, atol=1e-4)
    _, one_step = read_alone(model, params, truth[:-1, None])
    np.testing.assert_allclose(found["one_step"], one_step[:, 0], atol=1e-4)
    rows = list(truth[:12, None])  # 30 % of 40 points
    while len(rows) < 40:
        rows.append(read_alone(model, params, np.array(rows))[1][-1])
    free = np.array(rows)[12:, 0]
    np.testing.assert_allclose(found["free"], free, atol=1e-4)
    expected = np.mean((free - truth[12:]) ** 2)
    assert found["free_mse"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("base", ["zero", "last", "season"])
def test_a_series_is_forecast_from_the_true_rows_before(tmp_path, base):
    path = tmp_path / "two.csv"
    rows = np.random.default_rng(1).normal(size=(50, 2))
    path.write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in rows))
    program, model, params, found = examined(
        {
            "task": {
                "name": "series", "source": "file", "path": str(path), "length": 5,
                "horizon": 3, "season": 4, "rows": [30, 10, 10], "relative_to": base,
            },
            "model": {"name": "rnn", "hidden_size": 4},
            "evaluation": {"batch_size": 4},
        }
    )  # fmt: skip
    z = (rows - rows[:30].mean(0)) / rows[:30].std(0)
    origins = range(39, 47)  # the last rows read whose forecast lies in the test rows
    np.testing.assert_allclose(found["truth"], z[40:48], atol=1e-4)

    def forecast(row):
        y = read_alone(model, params, z[row - 4 : row + 1])[1][-1].reshape(3, 2)
        bases = {"zero": 0, "last": z[row], "season": z[row - 3 : row]}
        return y + bases[base]

    expected = [forecast(row)[0] for row in origins]
    np.testing.assert_allclose(found["one_step"], expected, atol=2e-4)
    example = found["example"]
    assert example["row"] == 44  # the middle one of eight origins reads row 43 last
    np.testing.assert_allclose(example["context"], z[39:44], atol=1e-4)
    np.testing.assert_allclose(example["truth"], z[44:47], atol=1e-4)
    np.testing.assert_allclose(example["forecast"], forecast(43), atol=2e-4)
    np.testing.assert_allclose(example["trivial"]["season"], z[40:43], atol=1e-4)
    np.testing.assert_allclose(example["trivial"]["last"], z[[43] * 3], atol=1e-4)


def test_a_chorale_has_the_probability_of_every_key():
    if not (CHORALES / "JSB_Chorales.mat").is_file():
        pytest.skip("no poly_music/JSB_Chorales.mat in $HORIZON_DATA")
    program, model, params, found = examined(
        {
            "task": {"name": "jsb_chorales", "length": 160},
            "model": {"name": "rnn", "hidden_size": 4},
            "evaluation": {"batch_size": 2},
        }
    )
    piece = np.asarray(program.test.data["frames"][0][:84], np.float32)
    np.testing.assert_array_equal(found["truth"], piece[1:])
    _, outputs = read_alone(model, params, piece[:10])
    np.testing.assert_allclose(
        found["chance"][:10], 1 / (1 + np.exp(-outputs)), atol=1e-3
    )
