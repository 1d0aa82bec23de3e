"""The program that classifies a text, on one small run over a user's own file."""

import os
import re
from pathlib import Path

import pytest

from lib.driver import Control, Group, run_group
from lib.library import identify, load_run, make_config
from tests.experiments.test_train_generate_reproduce import ROOT, ask
from tests.small import RUN

LABELLED = Path(__file__).parents[1] / "data" / "labelled.csv"
TEXTS = {
    "task": {
        "name": "labelled_text",
        "path": str(LABELLED),
        "length": 12,
    },
    "model": {"name": "bag", "embedding_size": 16},
    "optimizer": {"name": "adam", "learning_rate": 0.05},
    "train": {"num_steps": 80, "batch_size": 16, "eval_every": 80},
    "evaluation": {"batch_size": 8, "lengths": [4, 24], "num_evidence": 1},
    "seed": 0,
}
TEXT = "The rocket left for orbit, says ann.b@moon.org: call 07781 482378 zebra!"
COMMANDS = {
    "text": (f"--text={TEXT}",),
    "file": ("--file={file}",),
    "latin": ("--file={latin}",),
    "encoding": ("--file={latin}", "--encoding=latin-1"),
    "no such encoding": ("--file={file}", "--encoding=utf-9"),
    "html": (f"--text={TEXT}", "--evidence={folder}/a.html"),
    "png": (f"--text={TEXT}", "--evidence={folder}/a.png"),
    "gif": (f"--text={TEXT}", "--evidence={folder}/a.gif"),
    "nowhere": (f"--text={TEXT}", "--evidence={folder}/b/a.png"),
    "neither": (),
    "both": (f"--text={TEXT}", "--file={file}"),
    "empty": ("--text= ",),
    "unknown": ("--text=zebra xylophone",),
    "dashes": ("--text=-- ...",),
    "missing": ("--file={file}.txt",),
    "recall": (f"--text={TEXT}",),
}
REFUSED = {
    "latin": r"latin\.txt: not utf-8 at byte 28 .* as encoding=latin-1",
    "no such encoding": "unknown encoding 'utf-9'",
    "gif": r"--evidence must end in \.html or \.png",
    "nowhere": "--evidence: there is no folder",
    "neither": "give either --text or --file",
    "both": "give either --text or --file",
    "empty": "--text is empty",
    "unknown": "none of the text's 2 words is among the [0-9]+ that the run knows",
    "dashes": "none of the text's 0 words is among the [0-9]+ that the run knows",
    "missing": r"\.txt\.txt",
    "recall": "--run: [0-9a-f]{16} learned recall, which has no classes",
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store with a classifier and another run, and their ids."""
    root, ids = tmp_path_factory.mktemp("classify"), {}
    for name, settings in (("texts", TEXTS), ("recall", RUN)):
        config = make_config(settings)
        ids[name] = identify(config)
        group = Group(ids[name], (ids[name],), (config,), 1)
        run_group(root, group, Control(checkpoint_seconds=float("inf")))
    return root, ids


@pytest.fixture(scope="module")
def answers(stored):
    root, ids = stored
    places = {"file": root / "a.txt", "latin": root / "latin.txt", "folder": root}
    places["file"].write_text(TEXT)
    places["latin"].write_bytes(
        "The rocket left for orbit, d\xe9j\xe0".encode("latin-1")
    )
    commands = [
        (
            "classify",
            f"--run={ids.get(name, ids['texts'])}",
            f"--store={root}",
            *(argument.format(**places) for argument in arguments),
        )
        for name, arguments in COMMANDS.items()
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return dict(zip(COMMANDS, ask(environment, *commands), strict=True))


def test_classes_come_with_probabilities_the_likeliest_first(answers):
    answer = answers["text"]
    assert answer.code == 0
    lines = [re.split(r"\s+", line) for line in answer.output.splitlines()]
    assert [name for name, _ in lines] == ["sci.space", "rec.autos"]
    values = [float(value) for _, value in lines]
    assert values[0] > 0.6 and sum(values) == pytest.approx(1, abs=1e-4)
    assert answer.errors == "read 13 words, 5 of them unknown\n"


def test_a_file_is_classified_as_its_text_is(answers):
    assert answers["file"] == answers["text"]
    assert answers["encoding"].code == 0


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_clear_line(answers, name):
    answer = answers[name]
    assert answer.code == 2 and answer.output == ""
    assert len(answer.errors.splitlines()) == 1
    assert re.search(REFUSED[name], answer.errors), answer.errors


def test_the_evidence_page_is_masked_and_needs_no_network(stored, answers):
    assert answers["html"].code == 0
    page = (stored[0] / "a.html").read_text()
    assert "[e-mail]" in page and "moon" not in page
    assert "ann.b" not in page and "482378" not in page
    assert 'class="for' in page and "<script" not in page and "http:" not in page


def test_the_evidence_picture_is_a_png(stored, answers):
    assert answers["png"].code == 0
    assert (stored[0] / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_last_row_of_the_evidence_is_the_answer(stored):
    run = load_run(stored[0], stored[1]["texts"])
    answer = run.classify(TEXT)
    inputs = answer.reading.tokens[None]
    assert len(answer.course) == inputs.shape[1] + 1
    logits = run.apply(inputs)[0, -1]
    best = run.task.classes[int(answer.probabilities.argmax())]
    assert best == "sci.space" == run.task.classes[int(logits.argmax())]


def test_the_result_has_a_confusion_and_evidence_of_test_texts(stored):
    result = load_run(stored[0], stored[1]["texts"]).result
    counts = result["confusion"]["counts"]
    assert [sum(row) for row in counts] == [4, 4]
    reached = result["metrics"]["test"]["12"]["accuracy"]
    assert sum(counts[i][i] for i in range(2)) / 8 == pytest.approx(reached)
    assert all(entry["unit"] == "word" for entry in result["evidence"])
