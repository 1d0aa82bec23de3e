"""The program that says what a picture shows, on one small run."""

import os
import re

import numpy as np
import pytest
from PIL import Image

from lib import store
from lib.driver import Control, Group, run_group
from lib.library import identify, make_config
from tests.experiments.test_train_generate_reproduce import ROOT
from tests.experiments.test_train_generate_reproduce import ask as run_programs

SCENES = {
    "task": {"name": "scenes", "length": 5, "side": 16, "max_shapes": 1},
    "model": {
        "name": "picture_reader",
        "filters": (4, 4),
        "hidden_size": 16,
        "embedding_size": 8,
    },
    "optimizer": {"name": "adam", "learning_rate": 0.02},
    "train": {"num_steps": 60, "batch_size": 16, "eval_every": 60},
    "evaluation": {
        "batch_size": 32,
        "num_validation": 32,
        "num_test": 64,
        "num_answers": 4,
    },
}
COMMANDS = {
    "greedy": ("{picture}", "--map={map}"),
    "beam": ("{picture}", "--beam=4", "--map={map}"),
}
BAD = {
    "none": (),
    "text": ("{text}",),
    "large": ("{picture}", "--max_megapixels=0.0001"),
    "beams": ("{picture}", "--beam=1000"),
    "nowhere": ("{picture}", "--map={map}/deep/map.png"),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store with a run that captions scenes of one shape, and its id."""
    root, config = tmp_path_factory.mktemp("caption"), make_config(SCENES)
    run_id = identify(config)
    group = Group(run_id, (run_id,), (config,), 1)
    run_group(root, group, Control(checkpoint_seconds=float("inf")))
    return root, run_id


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    files = {n: root / f"{n}.png" for n in ("picture", "map", "text")}
    pixels = np.full((30, 40, 3), 240, np.uint8)
    pixels[8:20, 10:24] = (200, 30, 30)
    Image.fromarray(pixels).save(files["picture"])
    files["text"].write_text("no picture")
    return files


def run_all(commands, files, run_id, root):
    """The answers of the program to several command lines, by name."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    given = [
        ("caption", f"--run={run_id}", f"--store={root}")
        + tuple(argument.format(**files) for argument in arguments)
        for arguments in commands.values()
    ]
    return dict(zip(commands, run_programs(environment, *given), strict=True))


@pytest.fixture(scope="module")
def answers(trained, files):
    root, run_id = trained
    return run_all(COMMANDS, files, run_id, root)


@pytest.fixture(scope="module")
def refusals(files, tmp_path_factory):
    return run_all(BAD, files, "0" * 16, tmp_path_factory.mktemp("empty"))


@pytest.mark.slow
def test_it_prints_the_caption_and_writes_where_each_word_came_from(answers, files):
    answer = answers["greedy"]
    assert (answer.code, answer.errors) == (0, "")
    caption, where = answer.output.splitlines()
    assert re.fullmatch(r" +-\d+\.\d{3}  a \w+ \w+ \w+ \.", caption)
    assert where == f"where each word came from: {files['map']}"
    with Image.open(files["map"]) as drawn:
        assert drawn.width > 500


@pytest.mark.slow
def test_a_beam_prints_captions_best_first_and_none_worse_than_greedy(answers):
    greedy = float(answers["greedy"].output.split()[0])
    answer = answers["beam"]
    assert answer.code == 0
    scores = [float(line.split()[0]) for line in answer.output.splitlines()[:-1]]
    assert len(scores) == 4 and scores == sorted(scores, reverse=True)
    assert scores[0] >= greedy - 0.001


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", "name the picture"),
        ("text", r"text.png"),
        ("large", "max_megapixels"),
        ("beams", "--beam must be from 1 to 64, or 0 for greedy, got 1000"),
        ("nowhere", "--map: there is no folder .*deep"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(refusals, name, said):
    answer = refusals[name]
    assert (answer.code, answer.output) == (2, "")
    assert len(answer.errors.splitlines()) == 1
    assert re.search(said, answer.errors)


@pytest.mark.slow
def test_the_result_keeps_marks_and_pictures(trained):
    root, run_id = trained
    result = store.read_run(root, run_id).result
    captions = result["captions"]
    assert captions["pictures"] == captions["num"] == 64
    # Colours are learned first; what ignores the picture has a third of the facts.
    assert captions["meaning"] > captions["floor"]["meaning"] + 0.1
    # Every picture is as its captions' exact match says, word by word or greedily.
    assert captions["exact"] == result["metrics"]["test"]["5"]["exact_match"]
    assert len(captions["shown"]) == 4
