"""Every mistake on a command line is one clear line and exit code 2."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = '''
"""A program with a config."""

import sys
sys.path.insert(0, {root!r})

from absl import flags

from experiments import program
from experiments.experiment import define_config_flag
from lib.error import RefusedError, UserError

CONFIG = define_config_flag(required=False)
WORKERS = flags.DEFINE_integer("workers", 2, "Processes.")
RAISES = {{
    7: UserError("two\\nlines \\x1b[31m"),
    8: RefusedError("held"),
    9: KeyboardInterrupt(),
}}


def main(arguments):
    print(CONFIG.value.to_json() if CONFIG.value else "no config")
    if WORKERS.value in RAISES:
        raise RAISES[WORKERS.value]
    return 75 if WORKERS.value == 75 else None


if __name__ == "__main__":
    program.run(main)
'''

# Answers every command line it is given in a child of its own: imports are slow.
SERVER = """
import json, os, runpy, sys
sys.path.insert(0, sys.argv[1])
import ml_collections.config_flags, experiments.experiment, experiments.program

answers = []
for arguments in json.load(sys.stdin):
    child = os.fork()
    if child == 0:
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), number)
        sys.argv = ["demo.py", *arguments]
        runpy.run_path("demo.py", run_name="__main__")
    status = os.waitpid(child, 0)[1]
    answers.append([os.waitstatus_to_exitcode(status), open("stdout").read()])
    answers[-1].append(open("stderr").read())
print(json.dumps(answers))
"""

CONFIG = """
from ml_collections import ConfigDict

def get_config():
    model = {"name": "lstm", "rate": 0.5, "deep": True, "init": None, "sizes": (1, 2)}
    task = {"name": "recall", "length": 16}
    return ConfigDict({"task": task, "model": model, "axes": [{"a": 1}]})
"""


MISTAKES = [
    ("--wrokers=3", "unknown flag --wrokers; did you mean 'workers'?"),
    ("--workers=many", "flag --workers=many: invalid literal"),
    ("extra", "unexpected argument 'extra'"),
    ("--config=absent.py", "--config=absent.py: cannot be read: No such file"),
    ("--config=.", "--config=.: is not a Python file"),
    ("--config=broken.py", "ModuleNotFoundError: No module named 'nowhere"),
    ("--config=empty.py", "has no attribute 'get_config'"),
    ("--config=none.py --config.a=1", "get_config() must return a ConfigDict"),
    ("--config=good.py:x", "takes 0 positional arguments but 1 was given"),
    ("--config.task.length=3", "is given without --config=FILE"),
    (
        "--config=good.py --config.task.lenght=3",
        "unknown setting config.task.lenght; did you mean 'length'? "
        "(known: length, name)",
    ),
    ("--config good.py --config.taks.length=3", "did you mean 'task'?"),
    ("--config=good.py --noconfig.model.depe", "did you mean 'deep'?"),
    ("--config=good.py --config.task.length=abc", "must be an integer, got 'abc'"),
    ("--config=good.py --config.task.length=1.5", "must be an integer, got '1.5'"),
    ("--config=good.py --config.task.length=True", "must be an integer"),
    ("--config=good.py --config.model.rate=True", "must be a number, got 'True'"),
    ("--config=good.py --config.model.deep=maybe", "must be true or false"),
    ("--config=good.py --config.model.init=x", "None cannot be replaced"),
    ("--config=good.py --config.task=3", "a table cannot be replaced"),
    ("--config=good.py --config.task.length.x=3", "is a setting, not a table"),
    ("--config=good.py --config.axes[0].b=3", "unknown setting config.axes[0].b"),
    ("--config=good.py --config.axes[3].a=3", "--config.axes has 1 entries"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("program")
    (folder / "demo.py").write_text(PROGRAM.format(root=str(ROOT)))
    (folder / "good.py").write_text(CONFIG)
    (folder / "broken.py").write_text("import nowhere_to_be_found")
    (folder / "empty.py").write_text("")
    (folder / "none.py").write_text("def get_config(): return None")
    return folder


@pytest.fixture(scope="module")
def answers(folder):
    """(exit code, stdout, stderr) of every command line that a test asks about."""
    lines = [arguments for arguments, _ in MISTAKES] + OTHERS
    done = subprocess.run(
        [sys.executable, "-c", SERVER, str(ROOT)],
        input=json.dumps([line.split() for line in lines]),
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(lines, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(("arguments", "said"), MISTAKES)
def test_a_mistake_is_one_clear_line(answers, arguments, said):
    code, stdout, stderr = answers[arguments]
    assert (code, stdout) == (2, ""), stderr
    assert said in stderr and stderr.count("\n") == 1


TWO_MISTAKES = "--config=good.py --config.a=1 --config.task.nam=x"
OVERRIDES = "--config=good.py --config.task.length=8 --config.axes[0].a=2"


def test_every_mistaken_override_has_its_line(answers):
    code, _, stderr = answers[TWO_MISTAKES]
    assert code == 2 and stderr.count("\n") == 2


def test_overrides_are_put_in(answers):
    code, stdout, stderr = answers[OVERRIDES]
    assert code == 0, stderr
    assert '"length": 8' in stdout and '{"a": 2}' in stdout


ENDINGS = [
    ("--workers=1", 0, ""),
    ("--workers=7", 2, "two\nlines [31m\n"),
    ("--workers=8", 3, "held\n"),
    ("--workers=9", 130, "interrupted\n"),
    ("--workers=75", 75, ""),
]


@pytest.mark.parametrize(("arguments", "code", "said"), ENDINGS)
def test_errors_of_the_program_end_with_their_exit_code(answers, arguments, code, said):
    assert (answers[arguments][0], answers[arguments][2]) == (code, said)


def test_help_names_the_flags_and_is_no_error(answers):
    code, stdout, stderr = answers["--help"]
    assert (code, stderr) == (0, "")
    assert "A program with a config." in stdout
    assert "--config" in stdout and "--workers" in stdout


OTHERS = [TWO_MISTAKES, OVERRIDES, "--help", *(ending[0] for ending in ENDINGS)]


def test_a_reader_that_leaves_early_is_no_error(folder):
    script = f"{sys.executable} demo.py --config=good.py | true"
    command = ["bash", "-o", "pipefail", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
