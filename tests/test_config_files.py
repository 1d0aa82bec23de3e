"""Every config file: what it holds is valid, and what it expects can be looked up."""

import functools
import importlib
from pathlib import Path

import pytest
from ml_collections import ConfigDict

from lib.config import check_config
from lib.sweep import expand

NAMES = sorted(p.stem for p in Path(__file__).parents[1].glob("configs/*.py"))


def parts_of(module) -> dict:
    """The base config of each part."""
    config = module.get_config()
    inner = config.to_dict().values()
    several = all(isinstance(v, dict) and "task" in v for v in inner)
    assert isinstance(config, ConfigDict)
    return config.to_dict() if several else {"": config.to_dict()}


@functools.cache
def cells_of(name):
    """The cells of a config file's sweep; a file without one is its base config."""
    module = importlib.import_module(f"configs.{name}")
    parts = parts_of(module)
    axes = module.get_sweep() if hasattr(module, "get_sweep") else {}
    found = []
    for part, base in parts.items():
        own = axes.get(part or name, ())
        found += expand(part or name, base, own)
    return module, found


def points_of(cell):
    return [None] if cell.tune is None else cell.tune["points"]


@pytest.mark.parametrize("name", NAMES)
def test_every_run_of_a_config_file_is_valid(name):
    _, cells = cells_of(name)
    problems = [
        problem
        for cell in cells
        for config in [
            *(config for _, config in cell.tune_configs()),
            # runs of a point differ by their seed alone
            *(c for p in points_of(cell) for c in cell.replicate_configs(p)[:1]),
        ]
        for problem in check_config(config)[1]
    ]
    assert cells and problems == []


@pytest.mark.parametrize("name", NAMES)
def test_every_expected_number_belongs_to_a_cell(name):
    module, cells = cells_of(name)
    expected = module.get_expected() if hasattr(module, "get_expected") else []
    for entry in expected:
        assert any(
            cell.part == entry["part"]
            and all(cell.labels.get(k) == v for k, v in entry["cell"].items())
            for cell in cells
        ), entry
