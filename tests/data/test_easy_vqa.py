"""easy-VQA: its published counts, and questions with the pictures they belong to."""

import collections
import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.data.easy_vqa import make_easy_vqa
from tests.data.place import PUBLISHED

pytestmark = pytest.mark.skipif(
    not (PUBLISHED / "easy_vqa").is_dir(), reason="no easy_vqa in $HORIZON_DATA"
)
LENGTH, BATCH_SIZE = 12, 64
SPLITS = ("train", "validation", "test")


@functools.cache
def task_of(split="train", **settings):
    task = make_easy_vqa(split, BATCH_SIZE, LENGTH, **settings)
    return task, jax.jit(task.sample), jax.jit(task.batch_at)


def words(task, tokens):
    return " ".join(task.symbols[token] for token in tokens if token)


def test_it_has_its_published_counts(load):
    records = load("easy_vqa")
    rows = {
        split: json.loads(record["questions"]) for split, [record] in records.items()
    }
    assert {split: len(r) for split, r in rows.items()} == {
        "train": 38_575,
        "test": 9_673,
    }
    pictures = {split: len(record["pictures"]) for split, [record] in records.items()}
    assert pictures == {"train": 4_000, "test": 1_000}
    answers = collections.Counter(a for r in rows.values() for _, a, _ in r)
    assert len(answers) == 13
    assert answers["yes"] + answers["no"] == 28_407 + 7_136


def test_splits_share_no_picture_and_leave_no_question_out():
    facts = task_of()[0].facts
    assert facts["num_pictures"] == {"train": 3_600, "validation": 400, "test": 1_000}
    told = facts["num_questions"]
    assert told["train"] + told["validation"] == 38_575 and told["test"] == 9_673
    seen = [
        {
            picture.tobytes()
            for picture in np.asarray(task_of(split)[0].data["pictures"])
        }
        for split in SPLITS
    ]
    assert (
        not seen[0] & seen[1]
    )  # a picture of test may be one of training, as published


def test_every_question_of_the_split_is_asked_once_about_its_own_picture():
    task, _, batch_at = task_of("test")
    asked, darkest = collections.Counter(), []
    for index in range(task.eval_batches):
        batch = jax.tree.map(
            np.asarray, batch_at(task.data, jnp.int32(index), jnp.int32(LENGTH))
        )
        for row in np.flatnonzero(batch.mask.any(axis=1)):
            text = words(task, batch.inputs["tokens"][row])
            answer = task.classes[batch.targets[row][batch.mask[row] > 0][0]]
            asked[text, answer] += 1
            if "color" in text and answer == "black":
                darkest.append(batch.inputs["image"][row].min())
    published = collections.Counter()
    raw = read_raw("test")
    for text, answer, _ in raw:
        published[text.replace("?", " ?"), answer] += 1
    assert asked == published
    # Backgrounds and other shapes are lighter than the black ones.
    assert max(darkest) < 0.25 and len(darkest) > 50


def read_raw(split):
    import tarfile

    with tarfile.open(PUBLISHED / "easy_vqa" / "easy_vqa_data.tar.xz") as archive:
        file = archive.extractfile(f"data/{split}/questions.json")
        assert file is not None
        return json.load(file)


def test_training_draws_questions_of_their_own_picture():
    task, sample, _ = task_of(questions_per_picture=8)
    batch = sample(jax.random.key(0), task.data, jnp.int32(LENGTH))
    assert batch.inputs["image"].shape == (BATCH_SIZE // 8, 64, 64, 3)
    own = {}
    pictures = np.asarray(task.data["pictures"])
    tokens, labels = np.asarray(task.data["tokens"]), np.asarray(task.data["labels"])
    for place, picture in enumerate(np.asarray(task.data["picture"])):
        key = (tokens[place].tobytes(), int(labels[place]))
        own.setdefault(pictures[picture].tobytes(), set()).add(key)
    for row in range(BATCH_SIZE):
        image = np.asarray(batch.inputs["image"][row // 8]) * 255
        label = int(batch.targets[row][batch.mask[row] > 0][0])
        key = (np.asarray(batch.inputs["tokens"][row]).tobytes(), label)
        assert key in own[np.rint(image).astype(np.uint8).tobytes()]


def test_floors_are_counted_from_the_published_questions():
    floors = task_of("test")[0].facts["floors"]
    test = read_raw("test")
    share = lambda answer: sum(a == answer for _, a, _ in test) / len(test)
    assert floors["majority"]["accuracy"] in (share("yes"), share("no"))
    by_picture = collections.defaultdict(collections.Counter)
    for _, answer, picture in test:
        by_picture[picture][answer] += 1
    most = sum(max(counts.values()) for counts in by_picture.values())
    assert floors["image_only"]["accuracy"] == most / len(test)
    # All of training's questions instead of nine in ten; a tie may fall otherwise.
    by_question = collections.defaultdict(collections.Counter)
    for text, answer, _ in read_raw("train"):
        by_question[text][answer] += 1
    told = {text: counts.most_common(1)[0][0] for text, counts in by_question.items()}
    right = sum(told[text] == answer for text, answer, _ in test) / len(test)
    assert abs(floors["question_only"]["accuracy"] - right) < 0.02
    assert 0.64 < right < 0.68


def test_a_blind_reader_sees_grey_or_a_lone_mark():
    key, length = jax.random.key(0), jnp.int32(LENGTH)
    task, sample, _ = task_of(blind="image")
    assert (np.asarray(sample(key, task.data, length).inputs["image"]) == 0.5).all()
    task, sample, _ = task_of(blind="question")
    tokens = np.asarray(sample(key, task.data, length).inputs["tokens"])
    assert {words(task, row) for row in tokens} == {"?"}


def test_a_length_below_the_longest_question_is_refused():
    with pytest.raises(
        ValueError, match="easy_vqa: length must be at least 10, .*got 9"
    ):
        make_easy_vqa("train", BATCH_SIZE, 9)
