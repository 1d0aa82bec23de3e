"""A store is data from a stranger: nothing in it runs, nothing leads out of it."""

import ast
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import store
from lib.store import lock, manifest, run
from tests.store import fake

ROOT = Path(__file__).resolve().parents[2]
MODULES = "pickle dill cloudpickle joblib marshal shelve yaml importlib".split()
CALLS = "eval exec compile __import__ os.system os.popen torch.load".split()
# A config file given on the command line is code that the user chose to run.
ALLOWED = {
    ("experiments/experiment.py", "importlib"),
    ("experiments/complaint.py", "importlib"),
    # So is a file given with --model or --task: the bytes that are hashed.
    ("lib/own.py", "exec"),
    ("lib/own.py", "compile"),
    ("experiments/bench/worker.py", "importlib"),  # .metadata: packages' versions
}


def _dangers(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            used = [(node.module or "").split(".")[0]]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            yield from [name] * (name in CALLS)
            keywords = {(k.arg, ast.unparse(k.value)) for k in node.keywords}
            risky = {("shell", "True"), ("allow_pickle", "True")}
            yield from (name for name, _ in keywords & risky)
            continue
        else:
            continue
        yield from (name for name in used if name in MODULES)


def test_no_code_path_executes_what_a_store_holds():
    found = {
        (str(path.relative_to(ROOT)), danger)
        for folder in ("lib", "experiments")
        for path in (ROOT / folder).rglob("*.py")
        for danger in _dangers(ast.parse(path.read_text()))
    }
    assert found <= ALLOWED, found - ALLOWED


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from dill import x", "eval('1')", "f(x, shell=True)"]
    + ["np.load(p, allow_pickle=True)", "import yaml.reader", "__import__('x')"],
)
def test_the_scan_sees_dangerous_code(code):
    assert list(_dangers(ast.parse(code)))


CANARY = b"cposix\nsystem\n(S'touch CANARY'\ntR."  # a pickle that runs a command


def test_a_pickle_in_place_of_any_file_is_not_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "store"
    fake.train(root)
    store.write_sweep(root, {"name": "s", "runs": []})
    with store.open_group(root, "g", fake.RUNS, "map", 2, codec=fake.CODEC) as group:
        group.save(1, {})
    files = [path for path in root.rglob("*") if path.is_file()]
    assert len(files) > 12
    for path in files:
        before = path.read_bytes()
        path.write_bytes(CANARY)
        for run_id in fake.RUNS:
            store.read_run(root, run_id)
            store.verify_run(root, run_id)
            _quietly(store.read_params, root, run_id, codec=fake.CODEC)
        store.verify_group(root, "g")
        _quietly(store.read_sweep, root, "s")
        path.write_bytes(before)
    assert not (tmp_path / "CANARY").exists()


def _quietly(read, *arguments, **named):
    try:
        read(*arguments, **named)
    except ValueError:
        pass


@pytest.mark.parametrize(
    "run_id",
    ["", "..", "../../etc/passwd", "/etc/passwd", "0" * 15, "0" * 17, "G" * 16]
    + ["0" * 15 + "\n", "ABCDEFABCDEFABCD", "con", 7, None],
)
def test_only_sixteen_hexadecimal_digits_are_a_run_id(tmp_path, run_id):
    with pytest.raises(ValueError, match="16 hexadecimal digits"):
        store.run_folder(tmp_path, run_id)
    with pytest.raises(ValueError):
        store.read_run(tmp_path, run_id)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "/etc/x", "a/b", "a\\b", "CON", "con.txt", "nul", "LPT1"]
    + ["-rf", ".hidden", "a" * 65, "a b", "a\nb", "ä", "x\0"],
)
def test_a_name_that_is_no_plain_file_name_is_refused(tmp_path, name):
    for use in (
        lambda: store.read_sweep(tmp_path, name),
        lambda: store.write_sweep(tmp_path, {"name": name, "runs": []}),
        lambda: store.open_group(tmp_path, name, [], "map", 1).__enter__(),
    ):
        with pytest.raises(ValueError, match="name must be"):
            use()
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=50, database=None, deadline=None)
@given(st.text("aZ9._-/\\~: \n\0é", max_size=70))
def test_any_name_stays_inside_or_is_refused(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp()
    try:
        path = store.sweep.place.sweep_file(root, name)
    except ValueError:
        return
    assert path.resolve().parent == (root / "sweeps").resolve()


def test_values_of_any_length_and_alphabet_live_inside_files(tmp_path):
    config = {"name": "x" * 5000 + " ../ä\n\0\ud800", "seed": 0}
    store.write_config(tmp_path, fake.RUNS[0], config, {}, "")
    assert store.read_run(tmp_path, fake.RUNS[0]).config == config


@pytest.mark.parametrize("part", ["runs", "runs/{ab}", "runs/{ab}/{id}", "sweeps"])
def test_links_inside_a_store_are_not_followed(tmp_path, part):
    root, elsewhere = tmp_path / "store", tmp_path / "elsewhere"
    run_id = fake.RUNS[0]
    link = root / part.format(ab=run_id[:2], id=run_id)
    link.parent.mkdir(parents=True)
    elsewhere.mkdir()
    link.symlink_to(elsewhere)
    with pytest.raises(ValueError, match="link"):
        if part == "sweeps":
            store.write_sweep(root, {"name": "s", "runs": []})
        store.write_config(root, run_id, {}, {}, "")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["../../secret", "/etc/passwd", "params/../../x", "", 3]
)
def test_a_manifest_that_points_outside_is_refused(tmp_path, path):
    fake.train(tmp_path)
    folder = store.run_folder(tmp_path, fake.RUNS[0])
    document = store.document.read(folder / manifest.NAME)
    document["files"].append({"path": path, "size": 0, "sha256": ""})
    store.document.write(folder / manifest.NAME, document)
    problems = store.verify_run(tmp_path, fake.RUNS[0]).problems
    assert any("refused path" in problem for problem in problems)


def test_a_linked_file_does_not_verify(tmp_path):
    fake.train(tmp_path)
    folder = store.run_folder(tmp_path, fake.RUNS[0])
    (folder / run.CONFIG).rename(tmp_path / "config.json")
    (folder / run.CONFIG).symlink_to(tmp_path / "config.json")
    assert store.read_run(tmp_path, fake.RUNS[0]).state == "corrupt"
    problems = manifest.check(folder, fake.RUNS[0]).problems
    assert problems == [f"{folder / run.CONFIG}: is not a regular file"]


def test_an_unknown_sweep_lists_the_known_ones(tmp_path):
    store.write_sweep(tmp_path, {"name": "b", "runs": []})
    store.write_sweep(tmp_path, {"name": "a", "runs": []})
    assert store.list_sweeps(tmp_path) == ["a", "b"]
    assert store.read_sweep(tmp_path, "a") == {"format": 1, "name": "a", "runs": []}
    with pytest.raises(ValueError, match=r"no sweep 'c' in .* \(known: a, b\)"):
        store.read_sweep(tmp_path, "c")


def test_a_sweep_with_a_wrong_run_is_refused(tmp_path):
    store.write_sweep(tmp_path, {"name": "a", "runs": []})
    bad = {"name": "a", "format": 1, "runs": [{"id": "../x", "config": {}}]}
    (tmp_path / "sweeps" / "a.json").write_bytes(store.document.dumps(bad))
    with pytest.raises(ValueError, match="hexadecimal"):
        store.read_sweep(tmp_path, "a")


def test_a_store_that_cannot_be_written_is_refused_before_anything(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is not a folder") as caught:
        store.check_writable(tmp_path / "file" / "results")
    assert caught.value.exit_code == 2
    store.check_writable(tmp_path / "new" / "results")
    assert list((tmp_path / "new" / "results").iterdir()) == []


def test_a_read_only_store_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ValueError, match="is read-only"):
        store.check_writable(tmp_path / "results")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_where_locks_do_not_exclude_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lock.fcntl, "flock", lambda descriptor, kind: None)
    with pytest.raises(ValueError, match="file locks .* do not work"):
        store.check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
