"""Files of the user's own: executed where they are named, hashed into the run's id."""

import json

import pytest

from lib import own, run_config
from lib.config import check_config, make_config
from lib.error import RefusedError, UserError
from lib.library import load_run
from lib.program import identify, make_program
from lib.registry import MODELS, SEQUENCE_MODELS, TASKS
from tests.small import RUN

CELL = """
from tests.own.broken_models import sound
from lib.setting import Size
from lib.types import Interface, Model

def make_cell(interface: Interface, *, hidden_size: Size = 4) -> Model:
    return sound(interface, hidden_size=hidden_size)
"""
TASK = """
from tests.own.broken_tasks import sound

def make_first(split, batch_size, max_length):
    return sound(split, batch_size, max_length)
"""
CONFIG = {**RUN, "model": {"name": "cell.py:make_cell", "hidden_size": 4}}


@pytest.fixture(autouse=True)
def nothing_added(monkeypatch):
    """Every test begins and ends with the registered models and tasks alone."""
    monkeypatch.setattr(own, "_ADDED", {})
    monkeypatch.setenv(own.ENVIRONMENT, "[]")
    yield
    for registry in (MODELS, SEQUENCE_MODELS, TASKS):
        for name in [name for name in registry if own.is_own(name)]:
            del registry[name]


def write(folder, text, name="cell.py"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return f"{folder / name}"


def id_of(config):
    return identify(make_config(config))


def test_a_file_is_a_model_by_its_name_without_its_folder(tmp_path):
    path = write(tmp_path, CELL)
    assert own.add_model(f"{path}:make_cell") == "cell.py:make_cell"
    assert make_config(CONFIG).model == CONFIG["model"]


def test_the_id_depends_on_the_content_and_not_on_the_place(tmp_path, monkeypatch):
    ids = []
    for folder, text in (("a", CELL), ("b", CELL), ("c", CELL + "# another\n")):
        monkeypatch.setattr(own, "_ADDED", {})
        own.add_model(write(tmp_path / folder, text) + ":make_cell")
        ids.append(id_of(CONFIG))
    assert ids[0] == ids[1] != ids[2]


def test_a_changed_file_is_another_program_in_the_same_process(tmp_path):
    path = write(tmp_path, CELL)
    own.add_model(f"{path}:make_cell")
    narrow = make_program(make_config(CONFIG))
    write(tmp_path, CELL.replace("hidden_size=hidden_size", "hidden_size=7"))
    own.add_model(f"{path}:make_cell")
    wide = make_program(make_config(CONFIG))
    assert narrow.key != wide.key
    assert narrow.cost()["state_size"] == 4 and wide.cost()["state_size"] == 7


def test_registered_models_keep_their_ids(tmp_path):
    before = id_of(RUN)
    own.add_model(write(tmp_path, CELL) + ":make_cell")
    assert id_of(RUN) == before


def test_two_files_of_one_name_are_refused(tmp_path):
    own.add_model(write(tmp_path / "a", CELL) + ":make_cell")
    with pytest.raises(UserError, match="has the same name, cell.py:make_cell"):
        own.add_model(write(tmp_path / "b", CELL + "#") + ":make_cell")


def test_a_config_executes_nothing_and_says_what_to_give(tmp_path):
    write(tmp_path, CELL)
    _, (problem,) = check_config(CONFIG)
    assert "give --model=PATH/cell.py:make_cell" in problem


def test_a_task_of_the_users_own_is_one_of_the_tasks(tmp_path):
    name = own.add_task(write(tmp_path, TASK, "first.py") + ":make_first")
    config = make_config({**RUN, "task": {"name": name, "length": 5}})
    assert make_program(config).task.max_length == 5


WRONG = [
    ("x = 1\ny = (", "cell.py, line 2: SyntaxError"),
    ("import json\n\nz = nowhere", "cell.py, line 3: NameError: name 'nowhere'"),
    ("import json\njson.loads('{')", "cell.py, line 2: JSONDecodeError"),
    ("def make_sell(interface): pass", "no factory 'make_cell'; did you mean 'make_se"),
    ("def make_cell(): pass", r"must be a function \(interface, \*, settings\), got"),
    ("def make_cell(a, b): pass", r"got \(a, b\)"),
    ("def make_cell(interface, *, n=3): pass", "the setting 'n' needs a type, as n:"),
    ("def make_cell(interface, *, n: dict = {}): pass", "'n' must be one of int, "),
    ("def make_cell(interface, *, n: 'Sise' = 1): pass", "name 'Sise' is not defined"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path, text, said):
    with pytest.raises(UserError, match=said):
        own.add_model(write(tmp_path, text) + ":make_cell")
    assert "cell.py:make_cell" not in MODELS


@pytest.mark.parametrize("given", ["cell.py", ":f", "cell.py:", "cell.py:a b", "x:f"])
def test_what_names_no_file_and_factory_is_refused(given):
    with pytest.raises(UserError, match="--model="):
        own.add_model(given)


def test_a_process_takes_over_what_the_one_before_it_was_given(tmp_path, monkeypatch):
    own.add_model(write(tmp_path, CELL) + ":make_cell")
    now = id_of(CONFIG)
    monkeypatch.setattr(own, "_ADDED", {})
    own.restore()
    assert id_of(CONFIG) == now


def test_a_file_that_changes_while_a_command_runs_is_refused(tmp_path, monkeypatch):
    own.add_model(write(tmp_path, CELL) + ":make_cell")
    told = json.loads(own.os.environ[own.ENVIRONMENT])
    monkeypatch.setattr(own, "_ADDED", {})
    write(tmp_path, "raise SystemError('executed')")
    assert told[0][:2] == ["model", f"{tmp_path}/cell.py:make_cell"]
    with pytest.raises(RefusedError, match="has changed since this command began"):
        own.restore()


def test_a_run_is_loaded_with_its_own_file_only(tmp_path, monkeypatch):
    path = write(tmp_path, CELL)
    own.add_model(f"{path}:make_cell")
    run = run_config(CONFIG)
    assert run.result["state"] == "done"
    _store_of(run, tmp_path, monkeypatch)
    assert load_run(tmp_path / "store", run.id).id == run.id
    write(tmp_path, CELL + "#")
    own.add_model(f"{path}:make_cell")
    with pytest.raises(UserError, match="another content of cell.py:make_cell: SHA-25"):
        load_run(tmp_path / "store", run.id)


def _store_of(run, tmp_path, monkeypatch):
    from lib import store
    from lib.program import versions_of

    root, versions = tmp_path / "store", versions_of(run.config)
    store.write_config(root, run.id, run.config.to_dict(), versions, "")
    store.write_params(root, run.id, run.params)
    store.write_result(root, run.id, run.result)
    assert store.verify_run(root, run.id).problems == []
