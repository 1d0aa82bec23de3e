"""The program that answers questions about pictures, on one small run."""

import re
import sys
from typing import NamedTuple

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver
from PIL import Image

import lib
from experiments import answer
from lib import store
from lib.driver import Control, Group, run_group
from lib.error import UserError
from lib.library import identify, make_config
from lib.picture import decode_png

SIDE = 48
CONFIG = {
    "task": {
        "name": "scene_questions",
        "length": 8,
        "kinds": ("left", "shape"),
        "num_objects": 2,
        "side": SIDE,
        "questions_per_picture": 2,
    },
    "model": {"name": "relation_chain", "filters": (4, 4), "hidden_size": 8},
    "train": {"num_steps": 2, "batch_size": 4, "eval_every": 2},
    "evaluation": {
        "batch_size": 32,
        "num_validation": 32,
        "num_test": 32,
        "num_answers": 2,
    },
}
ASKED = "Is the red thing on the left?"


class Said(NamedTuple):
    code: int
    output: str
    errors: str


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store with one run, and its id."""
    root, config = tmp_path_factory.mktemp("answer"), make_config(CONFIG)
    name = identify(config)
    group = Group(name, (name,), (config,), 1)
    run_group(root, group, Control(checkpoint_seconds=float("inf")))
    Image.new("RGB", (SIDE, SIDE), (255, 0, 0)).save(root / "picture.png")
    Image.new("RGB", (100, 50)).save(root / "large.png")
    (root / "text.png").write_text("no picture")
    return root, name


@pytest.fixture
def say(trained, capsys):
    """Runs the program on a picture of the store's folder, as at its edge."""
    root, name = trained

    def say(*arguments, out="out.png"):
        if not flags.FLAGS.is_parsed():
            flags.FLAGS.mark_as_parsed()
        words = [str(root / a) if a.endswith(".png") else a for a in arguments]
        given = {"run": name, "store": str(root), "out": str(root / out)}
        with flagsaver.flagsaver(**given):
            try:
                code = answer.main(["answer", *words])
            except UserError as error:
                print(error, file=sys.stderr)
                code = error.exit_code
        return Said(code, *capsys.readouterr())

    return say


def test_it_prints_answers_with_probabilities_and_the_map(say, trained):
    said = say("picture.png", ASKED)
    assert said.code == 0
    likely, rest = said.output.split("\n\n")
    rows = [line.split() for line in likely.splitlines()]
    assert {name for name, _ in rows} == {"yes", "no", "circle", "square"}
    shares = [float(share) for _, share in rows]
    assert shares == sorted(shares, reverse=True) and abs(sum(shares) - 1) < 1e-3
    title, *lines = rest.splitlines()
    assert title == "Attention to 12 x 12 places, the last of 2 looks:"
    assert len(lines) == 12 and all(len(line) == 26 for line in lines)
    picture = np.asarray(Image.open(trained[0] / "out.png"))
    # The picture and two looks at it, side by side, 8 pixels between them.
    assert picture.shape == (336, 3 * 336 + 16, 3)


def test_unknown_words_are_said_with_how_the_question_was_read(say):
    said = say("picture.png", "Is the purple thing on the left?")
    errors = said.errors.splitlines()
    assert errors[:2] == [
        "read as unknown: 'purple'",
        "that is: is the <unknown> thing on the left ?",
    ]
    assert said.code == 0


def test_a_picture_of_another_size_is_stretched_and_that_is_said(say):
    said = say("large.png", ASKED)
    assert said.code == 0
    assert "read at 48 x 48 pixels, from 100 x 50" in said.errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("picture.png", " "), "question: there is no word in it"),
        (("picture.png", "?!"), "question: there is no word in it"),
        (("picture.png", "Quel temps"), "none of its 2 words is known to this run"),
        (("text.png", ASKED), "is no picture of a known format"),
        (("picture.png",), "give a picture and a question"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(say, arguments, message):
    said = say(*arguments)
    assert said.code == 2
    assert message in said.errors
    assert len(said.errors.splitlines()) == 1


def test_a_picture_that_cannot_be_written_is_said_in_one_line(say):
    said = say("picture.png", ASKED, out="map.txt")
    assert said.code == 2
    assert re.search("--out must end in .png, got .*map.txt", said.errors)
    assert said.output == ""  # said before an answer, not after it


def test_a_run_about_no_pictures_is_refused_by_name(say, trained, monkeypatch):
    root, name = trained
    loaded = lib.load_run(root, name)
    other = loaded._replace(task=loaded.task._replace(system="memory"))
    monkeypatch.setattr(lib, "load_run", lambda root, name: other)
    said = say("picture.png", ASKED)
    assert said.code == 2 and "which asks nothing about pictures" in said.errors


def test_the_result_keeps_floors_and_answers_with_their_pictures(trained):
    result = store.read_run(*trained).result
    assert set(result["floors"]) == {"majority", "question_only", "image_only"}
    # Either shape, either side: half of the questions of a kind.
    assert abs(result["floors"]["question_only"]["left"] - 0.5) < 0.03
    kept = result["picture_answers"]
    assert 1 <= len(kept) <= 4
    for entry in kept:
        assert decode_png(entry["picture"]).shape == (SIDE, SIDE, 3)
        assert entry["question"].endswith("?")
        assert np.allclose(np.sum(entry["looks"], axis=(1, 2)), 1, atol=0.01)
    right = [entry["said"] == entry["wanted"] for entry in kept]
    assert right == sorted(right, reverse=True)
