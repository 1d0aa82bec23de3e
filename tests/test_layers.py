"""Imports point one way, and reading a results folder needs no JAX."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the top down; a module may import from its own layer and from those below.
LAYERS = (
    ("experiments", "configs"),
    ("lib.library",),
    ("lib.launch", "lib.report"),
    ("lib.driver",),
    ("lib.record",),
    ("lib.group",),
    ("lib.contract",),
    ("lib.result", "lib.compile"),
    ("lib.probe",),
    ("lib.check",),
    ("lib.program",),
    ("lib.config", "lib.mapping", "lib.train", "lib.store", "lib.cost", "lib.context")
    + ("lib.long_sequence",)
    + ("lib.evidence", "lib.baseline")
    + (
        "lib.generate",
        "lib.writer",
        "lib.explain",
        "lib.free_running",
        "lib.stats",
        "lib.sweep",
        "lib.gradient",
        "lib.decay",
        "lib.answer",
        "lib.caption",
        "lib.cider",
        "lib.picture_answer",
        "lib.locate",
        "lib.location_benchmark",
        "lib.template",
        "lib.invariance",
        "lib.receptive_field",
        "lib.exciting",
        "lib.side_cost",
        "lib.budget",
        "lib.capability",
        "lib.fit",
        "lib.data_table",
        "lib.docs_table",
        "lib.model_table",
        "lib.task_table",
    ),
    ("lib.own",),
    ("lib.registry", "lib.optimizer", "lib.shard", "lib.curriculum", "lib.signature"),
    ("lib.models", "lib.tasks"),
    ("lib.data",),
    ("lib.ops", "lib.loss"),
    ("lib.types",),
    (
        "lib.setting",
        "lib.error",
        "lib.docstring",
        "lib.markdown",
        "lib.glyph",
        "lib.picture",
        "lib.window",
        "lib.machine",
    ),
)


@functools.cache
def _modules() -> dict[str, Path]:
    paths = [
        p for f in ("lib", "experiments", "configs") for p in (ROOT / f).rglob("*.py")
    ]
    return {
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p
        for p in sorted(paths)
    }


@functools.cache
def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _layer(name: str) -> int:
    matches = [
        (len(prefix), level)
        for level, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if name == prefix or name.startswith(prefix + ".")
    ]
    assert matches, f"{name} belongs to no layer: add it to LAYERS"
    return max(matches)[1]


@pytest.mark.parametrize("name", [n for n in _modules() if n != "lib"])
def test_imports_point_down(name):
    for imported in _imports(_modules()[name]):
        if imported.split(".")[0] in ("lib", "experiments", "configs"):
            known = imported if imported in _modules() else imported.rpartition(".")[0]
            if known != "lib":
                assert _layer(known) >= _layer(name), f"{name} imports {imported}"


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("flax", ("lib.models", "experiments.bench")),
        ("torch", ("experiments.bench",)),
        ("equinox", ("experiments.bench",)),
        ("ml_collections", ("configs", "experiments", "lib.config", "lib.data")),
        ("tensorflow_datasets", ("experiments", "lib.data")),
        ("ray", ("lib.launch.ray",)),
        ("tensorflow", ()),
    ],
)
def test_each_package_is_imported_in_its_place_only(package, allowed):
    users = {
        name
        for name, path in _modules().items()
        if any(i.split(".")[0] == package for i in _imports(path))
    }
    assert all(user.startswith(tuple(allowed)) for user in users), users


PROGRAMS = (
    "check sweep train status report verify reproduce generate gradient invariance "
    "filters side_cost tables ask caption answer locate classify prepare ship "
    "bench.__main__ bench.registry bench.gpu bench.gpu_part"
).split()
HEAVY = "jax flax orbax matplotlib tensorflow_datasets scipy sklearn".split()


# Imports every program in a child of its own, which begins with what all of them need.
IMPORTER = """
import os, sys
import experiments.program, lib.store
programs, heavy = (names.split() for names in sys.argv[1:])
for program in programs:
    if os.fork() == 0:
        __import__(f"experiments.{program}")
        print(program, [m for m in heavy if m in sys.modules], flush=True)
        os._exit(0)
    os.wait()
"""


def test_every_program_starts_without_jax():
    command = [sys.executable, "-c", IMPORTER, " ".join(PROGRAMS), " ".join(HEAVY)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    expected = [f"{program} []" for program in PROGRAMS]
    assert done.stdout.splitlines() == expected, done.stdout + done.stderr
