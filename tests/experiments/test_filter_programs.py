"""What filters and pooling do in a run: the programs that draw it, and its report."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from lib import load_run, store
from lib.check import check_program
from lib.compile import initial_params
from lib.config import make_config
from lib.driver import Control, Group, run_group
from lib.error import UserError
from lib.probe.filters import first_pictures
from lib.probe.invariance import make_invariance
from lib.program import identify, make_hparams, make_program
from lib.sweep import override
from tests.experiments.test_train_generate_reproduce import ROOT, ask
from tests.small import RUN, small

CNN = {"name": "cnn", "filters": (4,), "hidden_size": 0, "group": 2}
DIGITS = {**RUN, "task": {"name": "digits", "length": 8}, "model": CNN}


def train(root, base=DIGITS, **values):
    keys = {key.replace("__", "."): value for key, value in values.items()}
    config = make_config(override(base, {"evaluation.batch_size": 128, **keys}))
    run_id = identify(config)
    group = Group(store.digest([run_id]), (run_id,), (config,), 1)
    run_group(root, group, Control())
    return run_id


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("filters")
    return root, train(root, evaluation__shifts=(1, 2), evaluation__rotations=(90,))


@pytest.fixture(scope="module")
def answers(trained):
    """What the programs say of it: each command line by what it is about."""
    root, run_id = trained
    rows = {"name": "seq_digits", "length": 8, "order": "rows"}
    gru = {"name": "gru", "hidden_size": 4}
    beside = train(root, {**RUN, "task": rows, "model": gru}, train__num_steps=2)
    other = train(root, RUN, train__num_steps=2)
    of_run = (f"--run={run_id}", f"--store={root}")
    few = "--most_gigabytes=0.0002"
    commands = {
        "invariance": ("invariance", *of_run, "--most=2"),
        "filters": ("filters", *of_run, f"--beside={beside}"),
        "no layers": ("invariance", f"--run={other}", f"--store={root}"),
        "no such layer": ("filters", *of_run, "--layer=pool"),
        "side cost": ("side_cost", "--quick", few, f"--store={root}"),
    }
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = ask(environment, *commands.values())
    return dict(zip(commands, said, strict=True)), other


def test_accuracy_by_distance_is_that_of_pictures_moved_by_hand(trained):
    root, run_id = trained
    loaded = load_run(root, run_id)
    found = loaded.result["invariance"]
    test = make_program(loaded.config).test
    images = first_pictures(test, 10**6)
    assert len(images) == found["num_pictures"] == 359
    labels = np.asarray(test.data["labels"])
    right = lambda x: np.mean(np.asarray(loaded.apply(x))[:, 0].argmax(-1) == labels)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    moved = [padded[:, 2 - r : 10 - r, 2 - c : 10 - c] for r, c in
             ((0, 1), (0, -1), (1, 0), (-1, 0))]  # fmt: skip
    assert found["shift"]["0"] == pytest.approx(right(images), abs=1e-5)
    expected = np.mean([right(x) for x in moved])
    assert found["shift"]["1"] == pytest.approx(expected, abs=1e-5)
    turned = [np.ascontiguousarray(np.rot90(images, k, (1, 2))) for k in (1, -1)]
    expected = np.mean([right(x) for x in turned])
    # Interpolation at the ends of a turn differs in the last bits, a picture's answer.
    assert found["rotation"]["90"] == pytest.approx(expected, abs=1 / 359)


def test_every_layer_is_measured_from_the_picture_to_the_answer(trained):
    root, run_id = trained
    layers = load_run(root, run_id).result["invariance"]["layers"]
    names = ["picture", "conv 1", "relu 1", "maxout 1", "pool 1", "answer"]
    assert [layer["name"] for layer in layers] == names
    for layer in layers:
        assert 0 < layer["shift"]["1"] <= 1 and 0 < layer["rotation"]["90"] <= 1


def test_shifts_are_refused_where_there_are_no_pictures():
    with pytest.raises(UserError, match="shifts .* need a task of classes of pictures"):
        check_program(make_config(small(evaluation__shifts=(1,))))


def test_invariance_prints_a_row_a_layer_and_draws_it(trained, answers):
    root, run_id = trained
    answer = answers[0]["invariance"]
    assert answer.code == 0, answer.errors
    *table, path = answer.output.splitlines()
    named = [line.split("  ")[0] for line in table[3:]]
    assert named[0] == "picture" and named[-1] == "test accuracy" and len(named) == 7
    assert Path(path).read_bytes().startswith(b"\x89PNG")
    record = json.loads(Path(path).with_suffix(".json").read_text())
    found = load_run(root, run_id).result["invariance"]
    assert record["shift"] == found["shift"]
    assert table[-1].split()[-1] == f"{found['shift']['2']:.3f}"


def test_filters_are_drawn_as_they_are_kept(trained, answers):
    root, run_id = trained
    answer = answers[0]["filters"]
    assert answer.code == 0, answer.errors
    paths = [Path(line) for line in answer.output.split()]
    assert [p.stem.split("-")[1] for p in paths] == ["filters", "maps", "field"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in paths)
    assert "gru on seq_digits" in paths[2].with_suffix(".svg").read_text()
    record = json.loads((paths[0].parent / f"{run_id}.json").read_text())
    kept = np.asarray(load_run(root, run_id).params["blocks"]["K_0_0"])
    drawn = np.reshape(record["filters"]["values"], record["filters"]["shape"])
    np.testing.assert_allclose(drawn, kept, rtol=1e-4)
    assert len(record["beside"]["gru on seq_digits, |∂E/∂hₜ|"]) == 7


def test_a_run_without_layers_is_refused_in_one_line(answers):
    answer = answers[0]["no layers"]
    assert answer.code == 2
    (line,) = answer.errors.splitlines()
    assert line.startswith(
        f"--run: {answers[1]}, a rnn: needs a model that shows its layers"
    )


def test_filters_refuses_an_unknown_layer_in_one_line(answers):
    answer = answers[0]["no such layer"]
    assert answer.code == 2
    (line,) = answer.errors.splitlines()
    assert line.startswith("--layer: unknown 'pool'; did you mean 'pool 1'? (known: ")


def test_side_cost_prints_counts_and_measures_what_fits(trained, answers):
    answer = answers[0]["side cost"]
    assert answer.code == 0, answer.errors
    assert Path(answer.output.split()[-1]).read_bytes().startswith(b"\x89PNG")
    rows = json.loads((trained[0] / "report/side_cost/cost.json").read_text())
    matrix = {row["side"]: row["parameters"] for row in rows if "flops" not in row}
    assert matrix == {8: 16 * 8**4, 16: 16 * 16**4}
    rows = [row for row in rows if "flops" in row]
    assert {(row["network"], row["side"]) for row in rows} == {
        (name, side) for name in ("feed-forward", "convolutional")
        for side in (8, 16)
    }  # fmt: skip
    for row in rows:
        assert (row["seconds"] is None) == (row["memory"] > 2e5)


def test_random_filters_are_the_same_after_training(tmp_path):
    run_id = train(tmp_path, model__kernels="random", train__num_steps=5)
    loaded = load_run(tmp_path, run_id)
    program = make_program(loaded.config)
    first = initial_params(program, loaded.config)
    for name in ("K_0_0", "b_0_0"):
        kept, drawn = loaded.params["blocks"][name], first["blocks"][name]
        np.testing.assert_array_equal(kept, drawn)
    assert (np.asarray(loaded.params["V"]) != np.asarray(first["V"])).any()


def test_fewer_pictures_are_asked_of_the_whole_split(trained):
    root, run_id = trained
    loaded = load_run(root, run_id)
    program = make_program(loaded.config)
    measure = make_invariance(program, (1,), (), num_pictures=100)
    found = measure(make_hparams(loaded.config), loaded.params)
    assert found["num_pictures"] == 128  # one batch
