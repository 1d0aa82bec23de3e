"""VQA v2 from a small copy in its own format, written here."""

import itertools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from lib.check import check_program
from lib.config import make_config
from lib.data import vqa
from lib.data.vqa import make_vqa
from lib.data.vqa_file import credit, find_pictures, normalised, read_entries
from lib.error import UserError
from lib.types import Batch

NUM_PICTURES, LENGTH = 10, 8
TEN = ["yes"] * 5 + ["Yes."] * 2 + ["no"] * 2 + ["maybe"]


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of ten pictures with two questions each, and the settings that name it."""
    monkeypatch.setenv("HORIZON_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "train2014"
    folder.mkdir()
    asked, answered = [], []
    for number in range(NUM_PICTURES):
        grey = Image.new("RGB", (40, 30), (20 * number, 0, 0))
        grey.save(folder / f"COCO_train2014_{number:012d}.png")
        for i, (question, answers) in enumerate(
            [("Is this red?", TEN), ("What number is it?", [str(number % 3)] * 10)]
        ):
            identity = {"question_id": 10 * number + i, "image_id": number}
            asked.append({**identity, "question": question})
            answered.append(
                {
                    **identity,
                    "answer_type": "other",
                    "answers": [{"answer": a, "answer_id": 1} for a in answers],
                }
            )
    # One about a picture that is not there.
    asked.append({"question_id": 999, "image_id": 77, "question": "Where?"})
    answered.append(
        {"question_id": 999, "image_id": 77, "answers": [{"answer": "x"}] * 10}
    )
    questions, annotations = tmp_path / "questions.json", tmp_path / "annotations.json"
    questions.write_text(json.dumps({"info": {}, "questions": asked}))
    annotations.write_text(json.dumps({"annotations": answered}))
    settings = {
        "questions": str(questions),
        "annotations": str(annotations),
        "pictures": str(folder),
        "side": 16,
    }
    yield settings
    vqa._read.cache_clear()


def test_credit_is_the_mean_over_the_ten_ways_to_leave_one_person_out():
    for said in range(11):
        humans = [True] * said + [False] * (10 - said)
        left = [sum(nine) for nine in itertools.combinations(humans, 9)]
        expected = sum(min(same / 3, 1) for same in left) / 10
        assert credit(said) == pytest.approx(expected)
    assert [round(credit(n), 2) for n in range(5)] == [0, 0.3, 0.6, 0.9, 1]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Yes.", "yes"),
        ("a dog", "dog"),
        ("two", "2"),
        ("None", "0"),
        ("ten  apples", "10 apples"),
        ("1,000", "1000"),
        ("3.5", "3.5"),
        ("black/white", "black white"),
        ("The\nend!", "end"),
    ],
)
def test_answers_are_compared_without_marks_and_articles(answer, expected):
    assert normalised(answer) == expected


def test_ten_answers_become_classes_and_credit(copy):
    task = make_vqa("train", 4, LENGTH, **copy)
    assert set(task.classes) == {"yes", "0", "1", "2"}
    facts = task.facts
    assert facts["num_pictures"] == {"train": 7, "validation": 1, "test": 2}
    assert facts["num_questions"] == {"train": 14, "validation": 2, "test": 4}
    # "yes" is the commonest answer: 7 of 10 say it, so it is worth 1; else nothing.
    assert task.floor(LENGTH) == 0.5
    pictures = np.asarray(task.data["pictures"])
    numbers = pictures[:, 0, 0, 0] // 20
    assert pictures.shape == (7, 16, 16, 3) and (pictures[..., 1:] == 0).all()
    labels = np.asarray(task.data["labels"])
    for place, picture in enumerate(np.asarray(task.data["picture"])):
        text = [task.symbols[t] for t in np.asarray(task.data["tokens"])[place] if t]
        answer = task.classes[labels[place]]
        if text == ["is", "this", "red", "?"]:
            assert answer == "yes"
        else:
            assert answer == str(numbers[picture] % 3)


def test_accuracy_is_the_credit_of_what_is_answered(copy):
    task = make_vqa("train", 14, LENGTH, num_answers=5, **copy)
    batch = jax.jit(task.batch_at)(task.data, jnp.int32(0), jnp.int32(LENGTH))
    label = np.asarray(batch.targets["label"]).max(axis=1)

    def score(classes):
        outputs = jax.nn.one_hot(jnp.asarray(classes), len(task.classes))
        outputs = jnp.broadcast_to(outputs[:, None], (14, LENGTH, len(task.classes)))
        metric = task.metrics["accuracy"]
        return metric.finalize(metric.accumulate(outputs, Batch(*batch)))

    assert score(label) == 1.0
    yes = task.classes.index("yes")
    assert score(np.full(14, yes)) == 0.5  # half of the questions are answered "yes"


def test_an_answer_that_is_no_class_trains_nothing_but_is_scored(copy):
    task = make_vqa("train", 14, LENGTH, num_answers=2, **copy)
    batch = jax.jit(task.batch_at)(task.data, jnp.int32(0), jnp.int32(LENGTH))
    outputs = jnp.zeros((14, LENGTH, 2))
    loss = task.loss.accumulate(outputs, Batch(*batch))
    known = int(np.asarray(task.data["known"]).sum())
    assert known < 14 and loss.count == known
    assert loss.total == pytest.approx(known * np.log(2), rel=1e-5)
    accuracy = task.metrics["accuracy"].accumulate(outputs, Batch(*batch))
    assert accuracy.count == 14


def test_pictures_are_scaled_once_and_again_when_a_file_has_changed(copy, monkeypatch):
    def refuse(path):
        raise AssertionError(f"{path} was read again")

    first = make_vqa("train", 4, LENGTH, **copy)
    vqa._read.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(vqa, "read_picture", refuse)
        again = make_vqa("train", 4, LENGTH, **copy)
    assert again.fingerprint == first.fingerprint
    for path in find_pictures(vqa.Path(copy["pictures"])).values():
        Image.new("RGB", (64, 64), (0, 0, 255)).save(path)
    vqa._read.cache_clear()
    changed = make_vqa("train", 4, LENGTH, **copy)
    assert (np.asarray(changed.data["pictures"])[..., 2] == 255).all()
    assert changed.fingerprint != first.fingerprint


def test_a_run_of_it_fits_together(copy):
    task = {"name": "vqa", "length": LENGTH, **copy}
    model = {"name": "cnn_mlp", "filters": (2, 2)}
    check_program(make_config({"task": task, "model": model}))


def test_files_of_their_own_may_test(copy):
    own = {
        f"test_{name}": copy[name] for name in ("questions", "annotations", "pictures")
    }
    task = make_vqa("test", 4, LENGTH, **copy, **own)
    assert task.facts["num_pictures"] == {"train": 9, "validation": 1, "test": 10}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"questions": ""}, "vqa: questions must name a file or folder, got ''"),
        ({"questions": "/nowhere.json"}, "/nowhere.json: cannot be read"),
        ({"pictures": "/nowhere"}, "there is no folder /nowhere"),
        ({"test_questions": "x"}, "given together or not at all"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(copy, change, message):
    with pytest.raises(UserError, match=message):
        make_vqa("train", 4, LENGTH, **{**copy, **change})


def test_files_of_another_format_are_refused_by_name(copy, tmp_path):
    annotations = vqa.Path(copy["annotations"])
    broken = tmp_path / "broken.json"
    for content, message in (
        ("{", "broken.json: not JSON"),
        ("[]", 'broken.json: a list "questions" is wanted'),
        ('{"questions": [{"question_id": 1}]}', r'questions\[0\] has no "question"'),
        ('{"questions": [{"question_id": "1", "question": "", "image_id": 1}]}',
         "a whole number is wanted"),
    ):  # fmt: skip
        broken.write_text(content)
        with pytest.raises(UserError, match=message):
            read_entries(broken, annotations)
    answers = json.loads(annotations.read_text())
    answers["annotations"][0]["answers"].pop()
    broken.write_text(json.dumps(answers))
    with pytest.raises(UserError, match="question 0: 10 answers are wanted, got 9"):
        read_entries(vqa.Path(copy["questions"]), broken)
