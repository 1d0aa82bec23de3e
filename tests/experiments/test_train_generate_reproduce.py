"""One small text run through the programs: trained, written with, reproduced."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from lib import store
from lib.data.python_docs import read_corpus
from lib.library import identify, load_run, make_config
from tests.small import RUN

ROOT = Path(__file__).resolve().parents[2]
TEXT = "--config=tests/experiments/text.py"
TINY = "--config=tests/launch/tiny.py"
NONE = "0" * 16  # the id of no run

# Answers each command line in a child of its own: imports are slow, forks are not. A
# child ends without taking its modules down, which takes longer than most answers.
SERVER = """
import atexit, json, os, runpy, sys, tempfile, threading, traceback
import jax, ml_collections.config_flags, orbax.checkpoint, experiments.experiment
import lib.library, experiments.program

def answer(program, arguments):
    sys.argv = [program, *arguments]
    code = 0
    try:
        runpy.run_module("experiments." + program, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

answers = []
for program, *arguments in json.load(sys.stdin):
    files = [tempfile.NamedTemporaryFile("r") for _ in range(2)]
    child = os.fork()
    if child == 0:
        for number, file in enumerate(files, 1):
            os.dup2(os.open(file.name, os.O_WRONLY), number)
        answer(program, arguments)
    status = os.waitpid(child, 0)[1]
    answers.append([os.waitstatus_to_exitcode(status), *(f.read() for f in files)])
print(json.dumps(answers))
"""


class Answer(NamedTuple):
    """How a program ended, and what it said."""

    code: int
    output: str
    errors: str


def ask(environment, *commands):
    """The answers of programs to their command lines."""
    done = subprocess.run(
        [sys.executable, "-c", SERVER],
        input=json.dumps([list(map(str, command)) for command in commands]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return [Answer(*answer) for answer in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return {**os.environ, "HORIZON_CACHE": str(cache), "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def trained(environment, tmp_path_factory):
    """A store with one run, its id, and the answer of the program that trained it."""
    root = tmp_path_factory.mktemp("text")
    (answer,) = ask(environment, ("train", TEXT, f"--store={root}"))
    assert answer.code == 0, answer.errors
    ((run_id,), _) = store.list_runs(root)
    return root, run_id, answer


@pytest.fixture(scope="module")
def changed(trained, tmp_path_factory):
    """A copy of the store with one number another, made on it is not known what."""
    root, run_id, _ = trained
    copy = tmp_path_factory.mktemp("changed") / "store"
    shutil.copytree(root, copy)
    path = store.run_folder(copy, run_id) / "result.json"
    result = json.loads(path.read_text())
    result["metrics"]["test"]["256"]["loss"] += 0.25
    result["measured"]["device"] = ""  # as a commit where there is no git
    path.write_text(json.dumps(result))
    return copy


@pytest.fixture(scope="module")
def reproduced(environment, trained, changed):
    root, run_id, _ = trained
    return ask(
        environment,
        ("reproduce", f"--run={run_id}", f"--store={root}"),
        ("reproduce", f"--run={run_id}", f"--store={changed}"),
    )


WRITE = ("--prompt=The", "--length=30")
SAMPLES = {
    "first": (*WRITE, "--seed=1"),
    "again": (*WRITE, "--seed=1"),
    "other": (*WRITE, "--seed=2"),
    "unknown": ("--prompt=a☃b", "--length=5"),
    "greedy": (*WRITE, "--greedy"),
    "beam": (*WRITE, "--beam=1"),
    "narrow": (*WRITE, "--top_k=1", "--seed=7"),
    "explained": ("--prompt=The ", "--explain"),
    "measured": ("--benchmark",),
}


@pytest.fixture(scope="module")
def written(environment, trained):
    root, run_id, _ = trained
    start = ("generate", f"--run={run_id}", f"--store={root}")
    answers = ask(environment, *((*start, *flags) for flags in SAMPLES.values()))
    return dict(zip(SAMPLES, answers, strict=True))


def test_training_prints_the_result(trained):
    _, run_id, answer = trained
    shown = json.loads(answer.output)
    assert shown["id"] == run_id and shown["step"] == 20
    assert shown["metrics"]["test"]["256"]["loss"] > 0


def test_a_text_run_has_contexts_and_a_sample(trained):
    root, run_id, _ = trained
    result = store.read_run(root, run_id).result
    assert list(result["context"]) == ["1", "2", "4"]
    assert len(result["sample"]) == 20


def test_a_text_run_has_the_loss_of_every_symbol_of_a_passage(trained):
    root, run_id, _ = trained
    passage = store.read_run(root, run_id).result["passage"]
    run = load_run(root, run_id)
    start = int(run.task.data["start"])
    tokens = np.asarray(run.task.data["tokens"])[start : start + 31]
    assert passage["symbols"] == [run.task.symbols[token] for token in tokens]
    logits = np.asarray(run.apply(tokens[None, :-1])[0], np.float64)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = -log_p[np.arange(30), tokens[1:]]
    np.testing.assert_allclose(passage["nats"], expected, rtol=1e-4)  # float32


def test_a_text_run_has_losses_on_true_pasts_and_on_own_samples(trained):
    root, run_id, _ = trained
    found = store.read_run(root, run_id).result["free_running"]
    assert (found["read"], found["windows"]) == (6, 16)
    assert len(found["forced"]) == len(found["free"]) == 6
    assert found["forced"][0] == found["free"][0] and found["forced"] != found["free"]


def test_training_says_what_is_in_the_text(trained):
    lines = [line for line in trained[2].errors.splitlines() if "known" in line]
    assert len(lines) == 1 and lines[0].startswith("python_docs: ")
    size = len(read_corpus().symbols)
    assert f"{size} characters known; train " in lines[0]
    assert "the commonest: ␣ " in lines[0]


def test_a_run_is_reproduced_to_the_bit(reproduced):
    answer = reproduced[0]
    assert (answer.code, answer.output) == (0, "identical\n"), answer.errors


def test_a_changed_number_is_named_with_its_size(reproduced):
    answer = reproduced[1]
    assert answer.code == 1, answer.errors
    said = "1 numbers differ; the largest difference is 0.25, in metrics/test/256/loss"
    assert said in answer.output


def test_what_was_not_known_of_a_run_is_none(reproduced):
    assert "device differs: then none, now cpu" in reproduced[1].output.lower()


def test_the_prompt_comes_first(written):
    answer = written["first"]
    assert answer.code == 0, answer.errors
    assert answer.output.startswith("The") and answer.errors == ""
    assert len(answer.output) == len("The") + 30 + 1


def test_the_same_seed_writes_the_same_text(written):
    assert written["first"] == written["again"]
    assert written["first"].output != written["other"].output


def test_unknown_characters_of_the_prompt_are_reported(written):
    answer = written["unknown"]
    assert answer.code == 0
    assert answer.errors == "--prompt: unknown: '☃'; read as: a�b\n"
    assert answer.output.startswith("a�b")


def test_greedy_one_beam_and_the_likeliest_one_write_the_same(written):
    texts = {written[name].output for name in ("greedy", "beam", "narrow")}
    assert len(texts) == 1 and texts != {written["first"].output}


def test_a_prompt_is_explained_as_inputs_over_targets(written):
    answer = written["explained"]
    lines = answer.output.splitlines()
    assert lines[0].split() == ["input", *"The␣"], answer.errors
    assert lines[1].split() == ["target", *"he␣"]
    predicted = lines[2].split()
    rows = [line.split() for line in lines[5:]]
    assert predicted[0] == "predicted" and [r[0] for r in rows] == list("1234")
    assert [row[1] for row in rows] == list("The␣")
    assert [row[2] for row in rows[:3]] == list("he␣")
    for row in rows[:3]:
        assert 0 < float(row[4]) <= float(row[5]) < 1  # the predicted is likeliest


def test_the_compiled_loop_is_measured_beside_a_python_loop(written):
    compiled, python, ratio = written["measured"].output.splitlines()
    compiled, python = (
        float(line.split(": ")[1].split()[0].replace(",", ""))
        for line in (compiled, python)
    )
    assert float(ratio.split()[1]) == pytest.approx(compiled / python, abs=0.1)
    assert compiled > 3 * python


GENERATE = [
    ((f"--run={NONE}",), f"run '{NONE}' is not in the store"),
    (("--run=abc",), "run id must be 16 hexadecimal digits, got 'abc'"),
    (("--temperature=0",), "--temperature must be at least 1e-06 and finite, got 0.0"),
    (
        ("--temperature=-1",),
        "--temperature must be at least 1e-06 and finite, got -1.0",
    ),
    (
        ("--temperature=nan",),
        "--temperature must be at least 1e-06 and finite, got nan",
    ),
    (("--length=0",), "--length must be from 1 to"),
    (("--seed=-1",), "--seed must be from 0 to"),
    (("--prompt=",), "--prompt must have at least one character"),
    (("--top_k=0",), "--top_k must be at least 1, got 0"),
    (("--top_p=0",), "--top_p must be above 0 and at most 1, got 0.0"),
    (("--top_p=1.01",), "--top_p must be above 0 and at most 1, got 1.01"),
    (("--beam=0",), "--beam must be at least 1, got 0"),
    (("--beam=3", "--greedy"), "--greedy and --beam exclude each other"),
    (("--run=RECALL",), "learned recall, which is not text"),
]
REPRODUCE = [
    ((f"--run={NONE}",), f"no run '{NONE}' in the store"),
    (("--run=../../etc",), "run id must be 16 hexadecimal digits"),
]
SWEEP = [
    ((TINY, "--config.optimizer.learning_rat=1"), "did you mean 'learning_rate'"),
    ((TINY, "--config.train.num_steps=True"), "num_steps must be an integer"),
    ((TINY, "--config.optimizer.clip_norm=nan"), "got nan"),
    (
        (TINY, "--config.model.hidden_size=0"),
        "got 0 [model=rnn, length=4; model=rnn, length=6 and 2 more",
    ),
    (("--config=absent.py",), "absent.py: cannot be read: No such file"),
    ((TINY, "--store=FILE"), "is not a folder"),
    ((TINY, "--engine=ray"), "Ray is not installed; install it with"),
]


@pytest.fixture(scope="module")
def mistakes(environment, trained, tmp_path_factory):
    """The answers to every mistaken command line, and the stores of the sweeps."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "file").touch()
    root, run_id, _ = trained
    recall = identify(make_config(RUN))
    both = folder / "both"
    shutil.copytree(root, both)
    end_recall(both, recall)
    commands = []
    for flags, _ in GENERATE:
        flags = [flag.replace("RECALL", recall) for flag in flags]
        commands.append(("generate", f"--run={run_id}", f"--store={both}", *flags))
    for flags, _ in REPRODUCE:
        commands.append(("reproduce", f"--store={both}", *flags))
    for place, (flags, _) in enumerate(SWEEP):
        flags = [flag.replace("FILE", str(folder / "file")) for flag in flags]
        given = ("--engine=serial", f"--store={folder / f'sweep{place}'}", *flags)
        commands.append(("sweep", *given))
    keys = [*GENERATE, *REPRODUCE, *SWEEP]
    answers = ask(environment, *commands)
    return dict(zip(keys, answers, strict=True)), folder


def end_recall(root, run_id):
    """A finished run of another task, trained in this process."""
    from lib.driver import Control, Group, run_group

    run_group(root, Group("b" * 16, (run_id,), (make_config(RUN),), 1), Control())


@pytest.mark.parametrize("case", [*GENERATE, *REPRODUCE, *SWEEP])
def test_a_mistake_is_one_clear_line(mistakes, case):
    answer = mistakes[0][case]
    assert (answer.code, answer.output) == (2, ""), answer.errors
    assert case[1] in answer.errors and answer.errors.count("\n") == 1


def test_mistakes_write_nothing(mistakes):
    _, folder = mistakes
    assert sorted(path.name for path in folder.iterdir()) == ["both", "file"]
    assert (folder / "file").stat().st_size == 0


def test_the_local_engine_writes_nothing_for_a_mistake(environment, tmp_path):
    bad = "--config.optimizer.clip_norm=nan"
    root = tmp_path / "store"
    (answer,) = ask(environment, ("sweep", TINY, bad, f"--store={root}"))
    assert answer.code == 2 and answer.errors.count("\n") == 1, answer.errors
    assert not root.exists()


def test_a_dry_run_counts_and_writes_nothing(environment, tmp_path):
    root = tmp_path / "store"
    (answer,) = ask(environment, ("sweep", TINY, f"--store={root}", "--dry-run"))
    assert answer.code == 0
    assert "4 cells, 16 runs (16 distinct), 4 programs" in answer.errors
    assert not root.exists()
