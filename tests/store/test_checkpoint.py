"""States come back bit for bit, or not at all."""

import errno
import json
import random
import resource
import shutil
import sys
import warnings
from collections import namedtuple
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib import store
from lib.store import checkpoint, manifest, step
from tests.store import fake

Layer = namedtuple("Layer", ["W", "nothing"])
NAN_BITS = [0x7FC01234, 0xFFC00001, 0x80000000, 0x00000001, 0]


def make_state():
    draw = np.random.default_rng(0)
    odd = np.array(NAN_BITS, np.uint32).view(np.float32)
    return {
        "params": {
            "rnn": Layer(jnp.asarray(draw.normal(size=(3, 8, 8)), "float32"), ())
        },
        "odd": jnp.asarray(odd),
        "zero": jnp.zeros((4, 3)),
        "seed": jnp.uint32(2**32 - 1),
        "step": jnp.int32(-7),
        "flag": jnp.array([True, False, True]),
        "on": jnp.array(True),
        "spectrum": jnp.asarray(draw.normal(size=4) + 1j, "complex64"),
        "half": jnp.asarray([1.5, -0.0], "bfloat16"),
        "empty": jnp.zeros((0, 3)),
        "host": np.arange(3, dtype=np.int64),
        "tuple": (np.float64(0.1), [jnp.float32(-0.0), None]),
    }


def bits(tree):
    return [
        (np.asarray(x).dtype.name, np.shape(x), np.asarray(x).tobytes())
        for x in jax.tree.leaves(tree)
    ]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with the checkpoints 10 and 20, to be copied by whoever changes it."""
    folder = tmp_path_factory.mktemp("group")
    for at_step in (10, 20):
        state = {**make_state(), "step": jnp.int32(at_step)}
        step.save(folder, "owner", at_step, state, checkpoint.CODEC)
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def latest(folder, template=None, owner="owner"):
    return step.latest(folder, owner, template or make_state(), checkpoint.CODEC)


def test_every_dtype_and_shape_comes_back_bit_for_bit(saved):
    found = latest(saved)
    assert found.problems == []
    at_step, state = found.checkpoint
    expected = {**make_state(), "step": jnp.int32(20)}
    assert at_step == 20
    assert bits(state) == bits(expected)
    assert jax.tree.structure(state) == jax.tree.structure(expected)


def test_leaves_are_of_the_kind_of_the_template(saved):
    _, state = latest(saved).checkpoint
    assert isinstance(state["host"], np.ndarray)
    assert isinstance(state["zero"], jax.Array)
    abstract = jax.eval_shape(lambda: {"x": jnp.zeros(3)})
    assert jax.tree.structure(abstract) == jax.tree.structure({"x": 0})


def test_without_a_template_numpy_arrays_come_back_by_name(saved):
    tree = checkpoint.read(saved / "20", None)
    assert isinstance(tree["params"]["rnn"]["W"], np.ndarray)
    np.testing.assert_array_equal(
        tree["params"]["rnn"]["W"], make_state()["params"]["rnn"].W
    )


def test_a_folder_may_be_named_by_way_of_its_parent(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "beside").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    checkpoint.write(Path("../beside"), {"w": np.arange(3.0, dtype=np.float32)})
    found = checkpoint.read(Path("../beside"), None)
    np.testing.assert_array_equal(found["w"], [0, 1, 2])


def test_the_last_two_checkpoints_are_kept(copied):
    step.save(copied, "owner", 30, make_state(), checkpoint.CODEC)
    assert step.steps(copied) == [20, 30]
    assert {path.name for path in copied.iterdir()} == {"20", "30"}


def test_no_flipped_bit_is_ever_loaded(copied):
    draw = random.Random(0)
    intact = bits(latest(copied).checkpoint[1])
    paths = [p for p in sorted((copied / "20").rglob("*")) if p.is_file()]
    sizes = [path.stat().st_size for path in paths]
    silent = 0
    for _ in range(200):
        path = draw.choices(paths, weights=sizes)[0]
        content = bytearray(path.read_bytes())
        place = draw.randrange(len(content))
        content[place] ^= 1 << draw.randrange(8)
        before = path.read_bytes()
        path.write_bytes(content)
        problems = step.check(copied, "owner", 20)
        if not problems:
            found = latest(copied).checkpoint
            silent += found[0] != 20 or bits(found[1]) != intact
        path.write_bytes(before)
    assert silent == 0
    assert latest(copied).checkpoint[0] == 20


@pytest.mark.parametrize("keep", [0.0, 0.5, -2])
def test_a_cut_file_is_named_and_the_step_before_is_used(copied, keep):
    for path in sorted(p for p in (copied / "20").rglob("*") if p.is_file()):
        content = path.read_bytes()
        path.write_bytes(content[: int(keep * len(content)) if keep >= 0 else keep])
        found = step.check(copied, "owner", 20)
        assert path.name in found[0], found
        path.write_bytes(content)
    (copied / "20" / manifest.NAME).write_bytes(b"")
    found = latest(copied)
    assert found.checkpoint[0] == 10 and "20/MANIFEST.json" in found.problems[0]


def test_a_missing_file_is_named_and_an_extra_one_is_ignored(copied):
    (copied / "20" / "extra.txt").write_text("hello")
    assert latest(copied).checkpoint[0] == 20
    assert manifest.check(copied / "20", "owner").extra == [
        str(copied / "20" / "extra.txt")
    ]
    (copied / "20" / "arrays.json").unlink()
    found = latest(copied)
    assert found.checkpoint[0] == 10
    assert found.problems == [f"{copied}/20/arrays.json: is missing"]


def test_where_no_checkpoint_verifies_all_are_listed(copied):
    for at_step in (10, 20):
        (copied / str(at_step) / "arrays.json").write_text("{}")
    with pytest.raises(store.CorruptError, match="20/arrays.*10/arrays"):
        latest(copied)


def test_a_corrupt_step_is_replaced_when_it_is_reached_again(copied):
    (copied / "20" / "arrays.json").unlink()
    step.save(copied, "owner", 15, make_state(), checkpoint.CODEC)
    assert step.steps(copied) == [10, 15]
    step.save(copied, "owner", 20, make_state(), checkpoint.CODEC)
    assert latest(copied).problems == []


def test_a_checkpoint_of_another_owner_is_refused(copied):
    with pytest.raises(store.CorruptError, match="belongs to 'owner', not to 'other'"):
        latest(copied, owner="other")


def test_a_checkpoint_under_another_step_is_refused(copied):
    shutil.copytree(copied / "10", copied / "30")
    found = latest(copied)
    assert found.checkpoint[0] == 20 and "holds step 10" in found.problems[0]


def test_a_linked_checkpoint_is_refused(copied, tmp_path):
    shutil.move(copied / "20", tmp_path / "elsewhere")
    (copied / "20").symlink_to(tmp_path / "elsewhere")
    found = latest(copied)
    assert found.checkpoint[0] == 10 and "link" in found.problems[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"zero": jnp.zeros((4, 4))},
            r"zero: float32\[4, 3\], expected float32\[4, 4\]",
        ),
        ({"zero": jnp.zeros((4, 3), "int32")}, "expected int32"),
        ({"more": jnp.zeros(1)}, r"more: float32\[1\] is missing"),
        ({"flag": None}, r"flag: bool\[3\] is not expected"),
    ],
)
def test_another_shape_dtype_or_key_is_refused_before_reading(
    saved, monkeypatch, change, said
):
    monkeypatch.setattr(checkpoint, "_read_vectors", None)
    with pytest.raises(ValueError, match=said):
        latest(saved, template={**make_state(), **change})


def _describe(folder, arrays) -> None:
    content = {"format": 1, "arrays": arrays}
    (folder / "arrays.json").write_text(json.dumps(content))


def test_a_huge_shape_is_refused_before_it_is_allocated(copied):
    folder = copied / "20"
    _describe(folder, [{"name": ["x"], "shape": [10**12], "dtype": "float32"}])
    with pytest.raises(store.CorruptError, match="4,000,000,000,000 bytes"):
        checkpoint.read(folder, None)
    _describe(folder, [{"name": ["x"], "shape": [10**8], "dtype": "float32"}])
    with pytest.raises(store.CorruptError, match="not those of arrays.json"):
        checkpoint.read(folder, None)


def test_an_array_larger_than_described_is_refused_before_it_is_allocated(copied):
    path = next((copied / "20").rglob("float32/.zarray"))
    header = json.loads(path.read_text())
    path.write_text(json.dumps({**header, "shape": [10**12], "chunks": [10**12]}))
    for template in (None, make_state()):
        with pytest.raises(store.CorruptError, match="not those of arrays.json"):
            checkpoint.read(copied / "20", template)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": ["x"], "shape": [-1], "dtype": "float32"},
        {"name": ["x"], "shape": [1.5], "dtype": "float32"},
        {"name": ["x"], "shape": [1], "dtype": "object"},
        {"name": ["x"], "shape": [1], "dtype": "not a dtype"},
        {"name": [1], "shape": [1], "dtype": "float32"},
        {"shape": [1], "dtype": "float32"},
        "text",
    ],
)
def test_a_strange_description_is_refused(copied, entry):
    _describe(copied / "20", [entry])
    with pytest.raises(store.CorruptError):
        checkpoint.read(copied / "20", None)


def test_objects_cannot_be_stored(tmp_path):
    with pytest.raises(store.WriteError, match="cannot be stored"):
        step.save(tmp_path, "o", 1, {"x": np.array(["text"])}, checkpoint.CODEC)
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_refuses_leaves_the_earlier_checkpoint(saved, tmp_path):
    folder = Path(shutil.copytree(saved, tmp_path / "copy"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(store.WriteError, match=r"large \(400,000 bytes") as caught:
            step.save(folder, "owner", 30, {"x": jnp.ones(10**5)}, checkpoint.CODEC)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG
    assert {path.name for path in folder.iterdir()} == {"10", "20"}
    assert latest(folder).checkpoint[0] == 20


def test_saving_says_nothing(tmp_path, capfd):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        step.save(tmp_path, "o", 1, {"x": jnp.zeros(3)}, checkpoint.CODEC)
        latest(tmp_path, {"x": jnp.zeros(3)}, "o")
    assert capfd.readouterr() == ("", "")
    assert caught == []


def test_a_finished_runs_parameters_load_without_knowing_the_model(tmp_path):
    run_id, params = fake.RUNS[0], {"rnn": {"W": jnp.ones((2, 2)), "b": jnp.zeros(2)}}
    store.write_config(tmp_path, run_id, fake.config_of(0), fake.VERSIONS, "")
    store.write_params(tmp_path, run_id, params)
    with pytest.raises(ValueError, match="has no parameters"):
        store.read_params(tmp_path, run_id)
    store.write_result(tmp_path, run_id, {"state": "done", "step": 3})
    loaded = store.read_params(tmp_path, run_id)
    assert bits(loaded) == bits(params) and isinstance(loaded["rnn"]["W"], np.ndarray)
    template = jax.tree.map(jnp.zeros_like, params)
    assert isinstance(
        store.read_params(tmp_path, run_id, template)["rnn"]["W"], jax.Array
    )
    array = next((store.run_folder(tmp_path, run_id) / "params").rglob("float32/0"))
    array.write_bytes(array.read_bytes()[::-1])
    with pytest.raises(store.CorruptError, match="has changed"):
        store.read_params(tmp_path, run_id)


def test_importing_the_store_imports_no_jax():
    import subprocess

    code = "import sys, lib.store; print({'jax', 'numpy', 'orbax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
