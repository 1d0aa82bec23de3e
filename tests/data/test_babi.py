"""bAbI: the files' lines, the sequences made of them, and the real set's numbers."""

import os
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.data import babi_file
from lib.data.babi import make_babi, make_record, read_corpus
from lib.data.babi_file import floors_of, parse
from lib.error import UserError

SNIPPET = """\
1 Mary moved to the bathroom.
2 John went to the hallway.
3 Where is Mary? \tbathroom\t1
4 Daniel got the apple there.
5 Daniel picked up the milk.
6 What is Daniel carrying?\tapple,milk\t4 5
1 The office is north of the kitchen.
2 How do you go?\ts,e\t1
"""
PUBLISHED = Path(os.environ.get("HORIZON_DATA", "/nowhere"), "babi/babi_en.tar.xz")
needs_data = pytest.mark.skipif(not PUBLISHED.is_file(), reason="no babi_en.tar.xz")


def test_a_question_has_all_that_was_told_before_it_in_its_story():
    first, second, third = parse(SNIPPET)
    told = "mary moved to the bathroom . john went to the hallway ."
    assert " ".join(first.story) == told
    assert " ".join(first.question) == "where is mary ?"
    assert first.answer == ("bathroom", ".")
    more = " daniel got the apple there . daniel picked up the milk ."
    assert " ".join(second.story) == told + more
    assert third.story == tuple("the office is north of the kitchen .".split())
    assert [q.number for q in (first, second, third)] == [0, 0, 1]


def test_a_list_is_an_answer_of_several_words():
    assert [q.answer for q in parse(SNIPPET)[1:]] == [
        ("apple", "milk", "."),
        ("s", "e", "."),
    ]


@pytest.mark.parametrize("text", ["Mary moved.\n", "2 Mary moved.\n"])
def test_a_line_outside_a_story_is_named(text):
    with pytest.raises(UserError, match="babi: line 1 is not a line of a story"):
        parse(text)


@pytest.mark.parametrize(
    ("questions", "rule", "share"),
    [
        # Three of five answers are "a": one answer for all.
        (["is x a", "is y a", "is z a", "why x b", "is w b"], {"": "a"}, 4 / 5),
        # By first word five of five: one answer for each of them.
        (["is x a", "is y a", "is z a", "why x b", "why y b"], None, 1.0),
    ],
)
def test_the_floor_is_the_most_frequent_answer_or_that_of_each_first_word(
    questions, rule, share
):
    lines = [f"1 It is so.\n2 {q[:-2]}?\t{q[-1]}\t1\n" for q in questions]
    told = parse("".join(lines))
    floors, said = floors_of({"train": told, "test": told[:1]})
    assert floors == {"train": share, "test": 1.0}
    assert said == {"": "a", "is": "a", "why": "b"}


@pytest.fixture
def small(monkeypatch):
    """A data set of which only the tiny task 1 is there."""
    story = SNIPPET + "".join(
        f"1 {name} went to the {place}.\n2 Where is {name}?\t{place}\t1\n"
        for name in ("Mary", "John")
        for place in ("hallway", "office", "bathroom", "kitchen")
    )
    rows = [
        {"name": f"en/qa1_single_{split}", "text": story} for split in ("train", "test")
    ]
    rows.append({"name": "en/qa3_three_test", "text": story})
    monkeypatch.setattr(babi_file.dataset, "load", lambda name: {"all": rows})
    read_corpus.cache_clear()
    yield
    read_corpus.cache_clear()


def rows_of(task, length, index=0, data=None):
    data = task.data if data is None else data
    batch = jax.jit(task.batch_at)(data, jnp.int32(index), jnp.int32(length))
    batch = jax.tree.map(np.asarray, batch)
    said = []
    for inputs, targets, mask in zip(*batch[:3], strict=True):
        at = [task.symbols[t] if m else "_" for t, m in zip(targets, mask, strict=True)]
        words = [task.symbols[t] for t in inputs]
        size = max(np.count_nonzero(inputs), 0)
        assert not inputs[size:].any() and not mask[size:].any()
        said.append((" ".join(words[:size]), " ".join(at[:size])))
    return said


@pytest.mark.parametrize(
    ("order", "inputs", "targets"),
    [
        (
            "story",
            "the office is north of the kitchen . how do you go ? s e",
            "_ _ _ _ _ _ _ _ _ _ _ _ s e .",
        ),
        (
            "question",
            "how do you go ? the office is north of the kitchen . s e",
            "_ _ _ _ _ _ _ _ _ _ _ _ s e .",
        ),
    ],
)
def test_the_answer_is_asked_for_at_the_end_and_fed_as_it_goes(
    small, order, inputs, targets
):
    task = make_babi("train", 3, 64, order=order)
    assert rows_of(task, 64)[2] == (inputs, targets)


@pytest.mark.parametrize(
    ("length", "kept"),
    [
        (31, "mary moved to the bathroom . john went to the hallway . daniel got"),
        (30, "john went to the hallway . daniel got"),
        (18, "daniel picked up the milk . what"),
        (13, "daniel picked up the milk . what"),
        (12, "what is daniel"),
    ],
)
def test_a_shorter_length_keeps_the_last_whole_sentences(small, length, kept):
    task = make_babi("train", 3, 64)
    inputs, targets = rows_of(task, length)[1]
    assert len(inputs.split()) <= length
    assert inputs.startswith(kept) and inputs.endswith("carrying ? apple milk")
    assert targets.endswith("_ apple milk .")


def test_validation_is_the_last_tenth_of_the_stories_and_gives_no_words(small):
    corpus = read_corpus(1, "1k")
    assert corpus.facts["examples"] == {"train": 10, "validation": 1, "test": 11}
    row = rows_of(make_babi("validation", 1, 64), 64)[0][0]
    # The kitchen of the last story is known from elsewhere; nothing is from it alone.
    assert row == "john went to the kitchen . where is john ? kitchen"
    assert set(corpus.symbols[3:]) == {
        word for q in parse(SNIPPET) for part in q[:3] for word in part if word != "."
    } | {"office", "kitchen", "hallway"}


def test_batches_score_every_question_once_and_nothing_beyond(small):
    task = make_babi("test", 4, 64)
    assert task.eval_batches == 3
    rows = [row for i in range(3) for row in rows_of(task, 64, i)]
    assert rows[11:] == [("", "")]
    assert len({row for row, _ in rows[:11]}) == 11


def test_the_functions_of_one_split_read_the_data_of_another(small):
    """As the one program that evaluates both validation and test does."""
    validation, test = (make_babi(split, 4, 64) for split in ("validation", "test"))
    rows = [row for i in range(3) for row in rows_of(validation, 64, i, test.data)]
    assert rows == [row for i in range(3) for row in rows_of(test, 64, i)]


def test_a_word_that_training_lacks_is_unknown():
    told = parse("1 Zoe slept.\n2 Where is Zoe?\there\t1\n")
    record = make_record(told, ("", "<unknown>", ".", "?", "is", "slept", "where"))
    assert record.story.tolist() == [[1, 5, 2]]
    assert record.question.tolist() == [[6, 4, 1, 3]]
    assert record.answer.tolist() == [[1, 2]]


def test_a_missing_file_is_one_clear_line(small):
    with pytest.raises(UserError, match=r"no train file of task 3 at size 1k.*tasks 1"):
        make_babi("train", 1, 64, number=3)
    with pytest.raises(UserError, match=r"no train and no test file of task 2"):
        make_babi("train", 1, 64, number=2)


def test_a_length_that_holds_no_question_is_refused(small):
    with pytest.raises(ValueError, match="length must be at least 7.*task 1, got 6"):
        make_babi("train", 1, 6)


@needs_data
def test_the_real_first_task_has_its_questions_words_and_answers():
    corpus = read_corpus(1, "1k")
    assert corpus.facts["examples"] == {"train": 900, "validation": 100, "test": 1000}
    assert corpus.facts["title"] == "single-supporting-fact"
    # 21 words and marks, by `grep -oE` and `sort -uf`; padding and unknown beside.
    assert len(corpus.symbols) == 23 and corpus.facts["unknown_rate"] == 0
    assert corpus.longest == 71  # 10 statements, a question of 4, one word fed


@needs_data
def test_real_lists_have_as_many_words_as_commas_say():
    from lib.data import dataset

    text = {r["name"]: r["text"] for r in dataset.load("babi")["all"]}
    raw = text["en/qa8_lists-sets_test"]
    answers = re.findall(r"\t([^\t\n]*)\t", raw)
    assert [len(q.answer) - 1 for q in parse(raw)] == [
        a.count(",") + 1 for a in answers
    ]
    assert len(answers) == 1000 and sum("," in a for a in answers) == 67
