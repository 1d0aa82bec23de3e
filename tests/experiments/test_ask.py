"""The program that answers questions, on one small run."""

import os
import re

import pytest

from lib import store
from lib.driver import Control, Group, run_group
from lib.library import identify, make_config
from tests.experiments.test_train_generate_reproduce import ROOT
from tests.experiments.test_train_generate_reproduce import ask as run_programs
from tests.small import RUN
from tests.stories import STORIES
from tests.tasks.story_reader import answers_to, deeds_of

TOLD = "Julie lost a red lamp in Paris. Bill found a blue book in London."
ASKED = "--question=What was it that Julie lost in Paris?"
COMMANDS = {
    "answer": (f"--story={TOLD}", ASKED),
    "unknown": (f"--story={TOLD.replace('Bill', 'Zoe')}", ASKED),
    "file": ("--story_file={file}", ASKED),
    "latin": ("--story_file={latin}", ASKED),
    "encoding": ("--story_file={latin}", "--encoding=latin-1", ASKED),
    "empty": ("--story=", ASKED),
    "silent": (f"--story={TOLD}", "--question= "),
    "long": ("--story=Julie lost.", ASKED),
    "both": (f"--story={TOLD}", "--story_file={file}", ASKED),
    "missing": ("--story_file={file}.txt", ASKED),
    "recall": (f"--story={TOLD}", ASKED),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store with a run that answers questions and one that does not; their ids."""
    root, ids = tmp_path_factory.mktemp("ask"), {}
    for name, settings in (("stories", STORIES), ("recall", RUN)):
        config = make_config(settings)
        ids[name] = identify(config)
        group = Group(ids[name], (ids[name],), (config,), 1)
        run_group(root, group, Control(checkpoint_seconds=float("inf")))
    return root, ids


@pytest.fixture(scope="module")
def answers(trained):
    root, ids = trained
    files = {"file": root / "told.txt", "latin": root / "latin.txt"}
    files["file"].write_text(TOLD)
    files["latin"].write_bytes(TOLD.replace("Bill", "Zoé").encode("latin-1"))
    commands = [
        (
            "ask",
            f"--run={ids.get(name, ids['stories'])}",
            f"--store={root}",
            *(argument.format(**files) for argument in arguments),
        )
        for name, arguments in COMMANDS.items()
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return dict(zip(COMMANDS, run_programs(environment, *commands), strict=True))


def test_it_answers_and_names_the_sentence_that_moved_the_answer_most(answers):
    answer = answers["answer"]
    assert (answer.code, answer.errors) == (0, "")
    first, *rest = answer.output.splitlines()
    assert re.fullmatch(r"red lamp   probability 0\.9\d\d", first)
    (most,) = [line for line in rest if line.startswith("*")]
    assert most.endswith("1  Julie lost a red lamp in Paris .")
    assert float(most[1:].split()[0]) > 1
    assert any(line.endswith("2  Bill found a blue book in London .") for line in rest)


def test_the_result_keeps_answers_with_what_would_have_been_right(trained):
    root, ids = trained
    result = store.read_run(root, ids["stories"]).result
    assert len(result["answers"]) == 3
    for answer in result["answers"]:
        told, _, question = answer["text"].rpartition(" . ")
        deeds = deeds_of(told.split(" . "), "english")
        ((_, right),) = answers_to(question, deeds, "english")
        assert answer["wanted"] == answer["said"] == right  # it has learned them all
        assert 0.5 < answer["probability"] <= 1


def test_a_story_from_a_file_is_answered_alike(answers):
    assert answers["file"] == answers["answer"]


def test_unknown_words_are_said_and_shown_as_they_were_read(answers):
    answer = answers["unknown"]
    assert answer.code == 0 and answer.output.startswith("red lamp")
    said, shown = answer.errors.splitlines()
    assert said == "read as unknown: 'Zoe'"
    assert "Paris . <unknown> found a blue" in shown
    assert answers["encoding"].errors.startswith("read as unknown: 'Zoé'")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("latin", r"latin.txt: not utf-8 at byte \d+ .*name the encoding"),
        ("empty", "story: there is no word in it"),
        ("silent", "question: there is no word in it"),
        ("long", "question: longer than the story: 9 words and marks to its 3"),
        ("both", "give the story as either --story or --story_file"),
        ("missing", "told.txt.txt"),
        ("recall", "--run: .* learned recall, which asks no questions"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(answers, name, said):
    answer = answers[name]
    assert (answer.code, answer.output) == (2, "")
    assert len(answer.errors.splitlines()) == 1
    assert re.search(said, answer.errors)
