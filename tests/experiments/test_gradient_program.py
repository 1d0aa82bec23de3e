"""The gradient's way back of a finished run: recorded as it trains, and shown after."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lib import store
from lib.check import check_program
from lib.compile import initial_params
from lib.config import make_config
from lib.driver import Control, Group, run_group
from lib.error import UserError
from lib.probe.gradient import gradient_norms
from lib.program import identify, make_hparams, make_program
from tests.small import small

ROOT = Path(__file__).resolve().parents[2]
LAGS = 4


def train(root, **values):
    config = make_config(small(**values))
    run_id = identify(config)
    group = Group(store.digest([run_id]), (run_id,), (config,), 1)
    run_group(root, group, Control())
    return run_id, config


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("gradient")
    run_id, config = train(root, evaluation__gradient_lags=LAGS)
    return root, run_id, config


def gradient(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "experiments.gradient", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def recorded(root, run_id):
    rows = store.read_run(root, run_id).metrics
    return {r["step"]: r["norms"] for r in rows if r["split"] == "gradient"}


def test_norms_are_recorded_at_the_start_and_at_every_validation(trained):
    root, run_id, *_ = trained
    norms = recorded(root, run_id)
    assert list(norms) == [0, 20, 40, 60]
    assert {len(row) for row in norms.values()} == {LAGS}


def test_the_recorded_norms_are_those_of_the_first_and_last_parameters(trained):
    root, run_id, config = trained
    program, hparams = make_program(config), make_hparams(config)
    measure = gradient_norms(program)
    ends = initial_params(program, config), store.read_params(root, run_id)
    norms = recorded(root, run_id)
    for step, params in zip((0, 60), ends, strict=True):
        # Five digits are kept.
        np.testing.assert_allclose(
            measure(hparams, params)[:LAGS], norms[step], rtol=1e-4
        )


def test_the_newest_line_of_the_metrics_has_the_scores(trained):
    root, run_id, *_ = trained
    assert store.look(root, run_id).last_row["split"] == "validation"


def test_the_program_prints_norms_and_decay_and_draws_them(trained):
    root, run_id, *_ = trained
    done = gradient(f"--run={run_id}", f"--store={root}", "--length=8")
    assert done.returncode == 0, done.stderr
    *table, path = done.stdout.splitlines()
    lags = [line.split()[0] for line in table[3:]]
    assert lags == ["1", "2", "4", "7", "decay"]
    assert table[-1].count("1/e in") + table[-1].count("grows") == 2
    assert Path(path).read_bytes().startswith(b"\x89PNG")
    text = Path(path).with_suffix(".svg").read_text()
    assert "before training" in text and "lag T − t" in text


def test_a_run_that_is_not_there_is_refused_in_one_line(trained):
    done = gradient("--run=0000000000000000", f"--store={trained[0]}")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "'0000000000000000' is not in the store" in done.stderr


def test_recording_is_refused_before_a_run_starts_where_there_is_no_state():
    config = small(model={"name": "window_mlp"}, evaluation__gradient_lags=3)
    with pytest.raises(UserError, match="gradient_lags: needs a model that carries"):
        check_program(make_config(config))


def test_metrics_with_norms_are_plain_json(trained):
    root, run_id, *_ = trained
    path = next(root.rglob(f"{run_id}/metrics.jsonl"))
    refuse = lambda name: pytest.fail(f"{name} is not JSON")
    for line in path.read_text().splitlines():
        json.loads(line, parse_constant=refuse)
