"""What the README says to type works: Python as it stands, commands in small."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.experiments.test_train_generate_reproduce import ask

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()

SMALL = """
recall.train.num_steps=4 recall.train.eval_every=2 recall.evaluation.num_test=8
recall.evaluation.batch_size=8 recall.evaluation.num_validation=8
""".split()


def blocks(language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def commands():
    lines = "\n".join(blocks("sh")).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


def run(*lines):
    """The answers of programs to command lines, one after another."""
    split = [[w for w in shlex.split(line) if w] for line in lines]
    named = ((w[2].removeprefix("experiments."), *w[3:]) for w in split)
    return ask({**os.environ}, *named)


def test_the_library_example_runs(capsys):
    (example,) = (b for b in blocks("python") if "run_config" in b)
    names = {}
    exec(example, names)
    assert names["outputs"].shape == (32, 16, 8)
    assert "[ 50 100" in capsys.readouterr().out


def test_the_example_model_steps_as_it_reads_the_whole():
    (example,) = (b for b in blocks("python") if "class Leaky" in b)
    assert len(example.splitlines()) <= 46
    names = {"__name__": "leaky"}
    exec(example, names)
    from lib import make_task

    task = make_task("recall", 9, batch_size=3)
    inputs = task.sample(jax.random.key(0), task.data, jnp.int32(9)).inputs
    model = names["make_leaky"](task.interface, hidden_size=5)
    params = model.init(jax.random.key(1), inputs)
    carry = model.initial(params, inputs)
    whole, _ = model.apply(params, carry, inputs, None, None)
    for t in range(9):
        carry, y = model.step(params, carry, inputs[:, t])
        # Float32 products of another shape: rounding only.
        np.testing.assert_allclose(y, whole[:, t], rtol=1e-5, atol=1e-6)


def test_the_commands_of_a_sweep_run_in_small(tmp_path):
    named = [c for c in commands() if c.startswith("python -m experiments.")]
    programs = [c.split()[2] for c in named]
    assert {"experiments.train", "experiments.sweep"} < set(programs)
    small = " ".join(f"--config.{setting}" for setting in SMALL)
    store = str(tmp_path / "store")
    train = next(c for c in named if "experiments.train --config=configs/horizon" in c)
    sweep = next(c for c in named if "experiments.sweep" in c and "--store" in c)
    own = next(c for c in named if "--model=" in c)
    answers = run(
        f"{train} {small} --store={store}",
        f"{sweep} {small} --dry-run",
        f"{own} {small} --dry-run",
        *(
            f"python -m experiments.{program} --store={store}"
            for program in ("status", "verify", "report")
        ),
    )
    assert [answer.code for answer in answers] == [0] * 6, answers
    assert '"state": "done"' in answers[0].output
    assert "31 cells" in answers[1].errors
    assert "36 cells" in answers[2].errors


def test_every_flag_the_readme_names_exists():
    named = [c for c in commands() if c.startswith("python -m experiments.")]
    programs = sorted({c.split()[2] for c in named})
    answers = run(*(f"python -m {program} --help" for program in programs))
    help_of = {p: a.output for p, a in zip(programs, answers, strict=True)}
    for command in named:
        said = help_of[command.split()[2]]
        for flag in re.findall(r"--([a-z_]+)[= ]", command):
            assert f"--{flag}" in said or f"--[no]{flag}" in said, command


def test_every_file_of_the_tree_is_there():
    (tree,) = (b for b in blocks("") if b.startswith("configs/horizon.py"))
    for line in tree.splitlines():
        for name in line.split("  ")[0].split():
            assert (ROOT / name).exists(), name


@pytest.mark.parametrize(
    "target", ["run", "run FULL=1", "bench", "bench-quick", "test", "test-slow", "lint"]
)
def test_make_knows_its_targets(target):
    command = ["make", "--dry-run", *target.split()]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
