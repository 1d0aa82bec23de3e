"""The program: what it prints, how it refuses, what it does not import."""

import subprocess
import sys
from pathlib import Path

from synthetic_store import write_store

ROOT = Path(__file__).resolve().parents[2]


def program(*arguments):
    command = [sys.executable, "-m", "experiments.report", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_program_ends_with_the_path_of_the_page(small):
    done = program(f"--store={small}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(small / "report/horizon/index.html")
    assert "window_mlp, length 32  test/score" in done.stdout


def test_program_refuses_an_unknown_sweep_in_one_line(store):
    done = program(f"--store={store}", "--name=nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "known: horizon" in done.stderr


def test_reporting_imports_no_jax_and_asking_for_help_no_matplotlib(tmp_path):
    store = write_store(tmp_path, share=0.0, models=["tcn"])
    code = (
        "import sys; from pathlib import Path; import experiments.report\n"
        "heavy = {'jax', 'flax', 'orbax', 'matplotlib', 'scipy', 'ml_collections'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from lib.report import write_report\n"
        f"write_report({str(store)!r}, 'horizon')\n"
        "assert not {'jax', 'flax', 'orbax'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
