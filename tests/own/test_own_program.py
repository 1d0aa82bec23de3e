"""A model outside the repository through the programs: trained, refused, reproduced."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.experiment import Experiment
from experiments.own import Given, Own, split_given
from experiments.own_sweep import join
from tests.experiments.test_train_generate_reproduce import ask

ROOT = Path(__file__).resolve().parents[2]
TINY = "--config=tests/launch/tiny.py"
AHEAD = """
from lib.setting import Size
from tests.own.broken_models import looks_two_ahead

def ahead(interface, *, hidden_size: Size = 4):
    return looks_two_ahead(interface)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder outside the repository with a cell and one that looks ahead."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copy(ROOT / "docs/examples/my_cell.py", folder / "cell.py")
    (folder / "ahead.py").write_text(AHEAD)
    return folder


@pytest.fixture(scope="module")
def answers(place):
    """What the programs say, in the order in which a user would ask them."""
    environment = {**os.environ, "HORIZON_CACHE": str(place / "cache")}
    environment |= {"PYTHONPATH": str(ROOT)}
    store, cell = f"--store={place / 'store'}", f"--model={place}/cell.py"
    model = f"{cell}:gated_integrator,longest=8"
    (trained,) = ask(environment, ("train", TINY, model, store))
    assert trained.code == 0, trained.errors
    run_id = json.loads(trained.output)["id"]
    again = ("reproduce", f"--run={run_id}", store)
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(place / "cell.py", elsewhere)
    other = place / "other"
    other.mkdir()
    (other / "cell.py").write_text((place / "cell.py").read_text() + "\n# changed\n")
    name = "cell.py:gated_integrator"
    return trained, *ask(
        environment,
        again,
        (*again, f"--model={elsewhere}/{name}"),
        (*again, f"--model={other}/{name}"),
        ("verify", store),
        ("sweep", TINY, f"--model={place}/ahead.py:ahead", store),
        ("sweep", TINY, f"{cell}:gated_integrator,width=8", store, "--dry-run"),
        ("sweep", TINY, f"{cell}:gated_integrator,longest", store, "--dry-run"),
        ("check",),
    )


def test_a_run_of_ones_own_model_is_a_run_like_any_other(place, answers):
    result = json.loads(answers[0].output)
    assert result["state"] == "done"
    source = (place / "cell.py").read_bytes()
    copy = place / "store/sources" / f"{hashlib.sha256(source).hexdigest()}.txt"
    assert copy.read_bytes() == source
    assert answers[4].code == 0, answers[4]


def test_reproducing_needs_the_file_and_says_how_to_name_it(answers):
    assert answers[1].code == 2
    assert "give --model=PATH/cell.py:gated_integrator" in answers[1].errors


def test_the_same_file_elsewhere_reproduces_the_run(answers):
    assert (answers[2].code, answers[2].output) == (0, "identical\n"), answers[2]


def test_a_changed_file_does_not(answers):
    assert answers[3].code == 2
    assert (
        "was made by another content of cell.py:gated_integrator" in answers[3].errors
    )


def test_a_model_that_looks_ahead_is_refused_before_anything_is_written(place, answers):
    assert answers[5].code == 2
    first = answers[5].errors.splitlines()[0]
    assert first.startswith("ahead.py:ahead: looks ahead: with 3 steps the output at")
    assert not list((place / "store/sweeps").glob("tiny-ahead*"))


def test_a_setting_that_the_factory_lacks_is_named_with_those_it_has(answers):
    assert answers[6].code == 2
    assert "model: unknown setting 'width'" in answers[6].errors
    assert (
        "known: embedding_size, hidden_size, longest, num_layers" in answers[6].errors
    )


@pytest.mark.parametrize(
    ("place_of", "said"),
    [(7, "settings follow as ,name=value"), (8, "--model or --task must be given")],
)
def test_what_is_asked_wrongly_is_one_line(answers, place_of, said):
    answer = answers[place_of]
    assert answer.code == 2 and said in answer.errors
    assert answer.errors.count("\n") == 1


def test_the_sweep_of_ones_own_model_has_one_more_value_on_each_model_axis():
    code = (
        "from experiments.own import Given, Own\n"
        "from experiments.own_sweep import join\n"
        "from experiments.experiment import Experiment\n"
        "from tests.launch import tiny\n"
        "base = {'tiny': (tiny.get_config().to_dict(), tiny.get_sweep()['tiny'])}\n"
        "before = Experiment('tiny', '', '', base, [])\n"
        "given = Given('cell, decay 0.5', 'cell.py:cell', {'decay': 0.5})\n"
        "after = join(before, Own((given,), ()))\n"
        "print(after.name, [p for p, _ in after.parts['tiny'][1][0].points])\n"
        "task = Given('mine', 'task.py:mine', {})\n"
        "replaced = join(before, Own((), (task,)))\n"
        "print(replaced.parts['mine'][0]['task'])\n"
    )
    name, task = ran(code)
    assert name == "tiny-cell-decay-0.5 ['rnn', 'window 4', 'cell, decay 0.5']"
    assert task == "{'name': 'task.py:mine', 'length': 4}"


def test_two_files_with_a_factory_of_one_name_are_two_curves():
    code = (
        "from experiments.own import Given, name_apart\n"
        "one, two = (Given('cell', f'{f}.py:make_cell', {}) for f in 'ab')\n"
        "other = Given('cell, decay 0.5', 'a.py:make_cell', {'decay': 0.5})\n"
        "print([given.label for given in name_apart([one, two, other])])\n"
        "try:\n    name_apart([one, other, one])\n"
        "except ValueError as error:\n    print(error)\n"
    )
    assert ran(code) == [
        "['a.py:make_cell', 'b.py:make_cell', 'cell, decay 0.5']",
        "a.py:make_cell: is given twice",
    ]


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("my,cell.py:make,path=a:b", ["my,cell.py:make", "path=a:b"]),
        ("cell.py:make,path=c.py:d,n=1", ["cell.py:make", "path=c.py:d", "n=1"]),
        ("c:/cell.py:make", ["c:/cell.py:make"]),
        ("no/file:make,n=1", ["no/file:make", "n=1"]),
    ],
)
def test_a_setting_may_hold_what_parts_the_file_from_its_factory(given, parts):
    assert split_given(given) == parts


def test_long_names_that_are_cut_stay_apart():
    labels = [f"cell, {'width 8, ' * 8}decay 0.{i}" for i in (5, 6)]
    base = Experiment("battery", "", "", {}, [])
    names = [
        join(base, Own((Given(label, "cell.py:cell", {}),), ())).name
        for label in labels
    ]
    assert [name[:23] for name in names] == ["battery-cell-width-8-wi"] * 2
    assert {len(name) for name in names} == {64}  # the most that a store takes
    assert names[0] != names[1]


def ran(code):
    """The lines that a program prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    return done.stdout.splitlines()
