"""The program that answers questions about pictures, on one small run."""

import os

import numpy as np
import pytest
from PIL import Image

from lib import store
from lib.driver import Control, Group, run_group
from lib.library import identify, make_config
from lib.picture import decode_png
from tests.experiments.test_train_generate_reproduce import ROOT
from tests.experiments.test_train_generate_reproduce import ask as run_programs
from tests.small import RUN

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
COMMANDS = {
    "answer": ("{picture}", ASKED, "--out={out}"),
    "unknown": ("{picture}", "Is the purple thing on the left?", "--out={out}"),
    "large": ("{large}", ASKED, "--out={out}"),
    "empty": ("{picture}", " "),
    "marks": ("{picture}", "?!"),
    "strange": ("{picture}", "Quel temps fait-il"),
    "no picture": ("{text}", ASKED),
    "alone": ("{picture}",),
    "recall": ("{picture}", ASKED),
    "ending": ("{picture}", ASKED, "--out={out}.txt"),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store with a run about pictures and one about none; their ids."""
    root, ids = tmp_path_factory.mktemp("answer"), {}
    for name, settings in (("scenes", CONFIG), ("recall", RUN)):
        config = make_config(settings)
        ids[name] = identify(config)
        group = Group(ids[name], (ids[name],), (config,), 1)
        run_group(root, group, Control(checkpoint_seconds=float("inf")))
    return root, ids


@pytest.fixture(scope="module")
def answers(trained):
    root, ids = trained
    files = {name: root / f"{name}.png" for name in ("picture", "large", "out", "text")}
    Image.new("RGB", (SIDE, SIDE), (255, 0, 0)).save(files["picture"])
    Image.new("RGB", (100, 50)).save(files["large"])
    files["text"].write_text("no picture")
    commands = [
        (
            "answer",
            f"--run={ids.get(name, ids['scenes'])}",
            f"--store={root}",
            *(argument.format(**files) for argument in arguments),
        )
        for name, arguments in COMMANDS.items()
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return dict(zip(COMMANDS, run_programs(environment, *commands), strict=True))


def test_it_prints_answers_with_probabilities_and_the_map(answers, trained):
    answer = answers["answer"]
    assert answer.code == 0
    likely, rest = answer.output.split("\n\n")
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


def test_unknown_words_are_said_with_how_the_question_was_read(answers):
    errors = answers["unknown"].errors.splitlines()
    assert errors[:2] == [
        "read as unknown: 'purple'",
        "that is: is the <unknown> thing on the left ?",
    ]
    assert answers["unknown"].code == 0


def test_a_picture_of_another_size_is_stretched_and_that_is_said(answers):
    assert answers["large"].code == 0
    assert "read at 48 x 48 pixels, from 100 x 50" in answers["large"].errors


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty", "question: there is no word in it"),
        ("marks", "question: there is no word in it"),
        ("strange", "question: none of its 3 words is known to this run"),
        ("no picture", "is no picture of a known format"),
        ("alone", "give a picture and a question"),
        ("recall", "learned recall, which asks nothing about pictures"),
        ("ending", "cannot be written"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(answers, name, message):
    answer = answers[name]
    assert answer.code == 2
    assert message in answer.errors
    assert len(answer.errors.splitlines()) == 1


def test_the_result_keeps_floors_and_answers_with_their_pictures(trained):
    root, ids = trained
    result = store.read_run(root, ids["scenes"]).result
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
