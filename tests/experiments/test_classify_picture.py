"""The program that classifies a picture, on small runs over scikit-learn's digits."""

import os
import re

import numpy as np
import pytest
from PIL import Image

from lib.data import digits
from lib.driver import Control, Group, run_group
from lib.library import identify, load_run, make_config
from tests.experiments.test_train_generate_reproduce import ROOT, ask

DIGITS = {
    "task": {"name": "digits", "length": 8},
    "model": {"name": "mlp", "hidden_size": 64, "num_layers": 1},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "train": {"num_steps": 300, "batch_size": 32, "eval_every": 300},
    "evaluation": {"batch_size": 120},
    "seed": 0,
}
ROWS = {
    **DIGITS,
    "task": {"name": "seq_digits", "length": 8, "order": "rows"},
    "model": {"name": "rnn", "hidden_size": 8},
    "train": {"num_steps": 2, "batch_size": 8, "eval_every": 2},
}
COMMANDS = {
    "own size": ("digits", "--picture={folder}/three.png"),
    "photograph": ("digits", "--picture={folder}/photograph.jpg"),
    "rows": ("rows", "--picture={folder}/three.png"),
    "text": ("digits", "--text=three"),
    "both": ("digits", "--text=three", "--picture={folder}/three.png"),
    "missing": ("digits", "--picture={folder}/four.png"),
    "no picture": ("digits", "--picture={folder}/text.png"),
    "tiny": ("digits", "--picture={folder}/tiny.png"),
    "large": ("digits", "--picture={folder}/photograph.jpg", "--max_megapixels=0.001"),
    "evidence": ("digits", "--picture={folder}/three.png", "--evidence=a.png"),
}
REFUSED = {
    "text": "learned digits, which reads pictures: give --picture",
    "both": "give either --text or --file, or --picture",
    "missing": "there is no such file",
    "no picture": "no picture of a known format",
    "tiny": "a picture has at least 8 a side",
    "large": "which --max_megapixels lifts",
    "evidence": "--evidence is what each word of a text did",
}


def three():
    """The picture of a test three that everybody would call one."""
    test = digits._album().splits["test"]
    return test.pictures[np.flatnonzero(test.labels == 3)[0], :, :, 0]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store with two runs, their ids, and a folder of pictures."""
    root, ids = tmp_path_factory.mktemp("pictures"), {}
    for name, settings in (("digits", DIGITS), ("rows", ROWS)):
        config = make_config(settings)
        ids[name] = identify(config)
        group = Group(ids[name], (ids[name],), (config,), 1)
        run_group(root, group, Control(checkpoint_seconds=float("inf")))
    Image.fromarray(three()).save(root / "three.png")
    large = np.kron(255 - three(), np.ones((20, 20), np.uint8))  # dark on bright
    wide = np.pad(large, ((0, 0), (60, 60)), constant_values=255)
    colour = np.stack([wide, wide, np.minimum(wide, 250)], axis=-1)
    Image.fromarray(colour).save(root / "photograph.jpg", quality=90)
    Image.fromarray(three()[:4, :4]).save(root / "tiny.png")
    (root / "text.png").write_text("three")
    return root, ids


@pytest.fixture(scope="module")
def answers(stored):
    root, ids = stored
    commands = [
        (
            "classify",
            f"--run={ids[name]}",
            f"--store={root}",
            *(argument.format(folder=root) for argument in arguments),
        )
        for name, *arguments in COMMANDS.values()
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return dict(zip(COMMANDS, ask(environment, *commands), strict=True))


def probabilities(answer):
    pairs = (line.split() for line in answer.output.splitlines())
    return {name: float(value) for name, value in pairs}


def test_a_picture_of_the_tasks_size_is_read_as_it_is(stored, answers):
    answer = answers["own size"]
    assert answer.code == 0, answer.errors
    assert answer.errors == "read 8 x 8 pixels\n"
    found = probabilities(answer)
    assert list(found)[0] == "3" and len(found) == 10
    assert list(found.values()) == sorted(found.values(), reverse=True)
    run = load_run(stored[0], stored[1]["digits"])
    logits = np.asarray(run.apply(three()[None, :, :, None] / np.float32(255)))[0, 0]
    exact = np.exp(logits - logits.max())
    assert found["3"] == pytest.approx(exact[3] / exact.sum(), abs=1e-4)


def test_a_photograph_is_turned_over_squared_and_scaled(answers):
    answer = answers["photograph"]
    assert answer.code == 0, answer.errors
    assert answer.errors == (
        "read 280 x 160 pixels, made grey, turned over, because its edge is bright, "
        "set into a square, scaled from 280 to 8 pixels a side\n"
    )
    assert len(probabilities(answer)) == 10


def test_a_model_of_sequences_reads_the_picture_step_by_step(answers):
    answer = answers["rows"]
    assert answer.code == 0, answer.errors
    assert sum(probabilities(answer).values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_clear_line(answers, name):
    answer = answers[name]
    assert answer.code == 2 and answer.output == ""
    assert len(answer.errors.splitlines()) == 1
    assert re.search(REFUSED[name], answer.errors), answer.errors


def test_the_result_shows_pictures_right_and_wrong(stored):
    result = load_run(stored[0], stored[1]["digits"]).result
    counts = np.array(result["confusion"]["counts"])
    test = digits._album().splits["test"]
    np.testing.assert_array_equal(counts.sum(1), np.bincount(test.labels))
    accuracy = np.trace(counts) / counts.sum()
    assert accuracy == pytest.approx(result["metrics"]["test"]["8"]["accuracy"])
    from lib.picture import decode_png

    known = {
        p.tobytes(): str(y) for p, y in zip(test.pictures, test.labels, strict=True)
    }
    for kind, entries in result["examples"].items():
        assert entries
        for entry in entries:
            assert known[decode_png(entry["picture"]).tobytes()] == entry["target"]
            likeliest = entry["answers"][0][0]
            assert (likeliest == entry["target"]) == (kind == "right")


def test_pictures_of_sequences_are_put_together_again(stored):
    result = load_run(stored[0], stored[1]["rows"]).result
    from lib.picture import decode_png

    test = digits._album().splits["test"]
    known = {p.tobytes() for p in test.pictures}
    entries = [e for kind in result["examples"].values() for e in kind]
    assert entries
    assert all(decode_png(e["picture"]).tobytes() in known for e in entries)
