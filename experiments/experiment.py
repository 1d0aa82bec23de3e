"""A config file as a program's flag: its configs, its sweep, its expected numbers.

A config file holds `get_config(argument)`, and may hold `get_sweep(argument)`,
`get_expected(argument)`, `get_abilities(argument)` (what each part asks of a model) and
TITLE. `get_config` returns one run's config, or a table of them by the name of the
sweep's part. The argument follows the file's name after a colon:
`--config=configs/horizon.py:full`.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from absl import flags
from ml_collections import ConfigDict, config_flags

from lib.error import UserError
from lib.sweep import Axis


class Experiment(NamedTuple):
    """What a config file says, with the command line's overrides put in."""

    name: str
    title: str
    config_file: str
    parts: dict[str, tuple[dict[str, Any], Sequence[Axis]]]
    expected: Sequence[Mapping[str, Any]]
    abilities: Mapping[str, str] = {}  # what each part asks of a model
    stem: str = ""  # the config file's name and argument, whatever the sweep's name
    remarks: tuple[str, ...] = ()  # how it differs from what the config file says


def define_config_flag(required: bool = True) -> flags.FlagHolder[ConfigDict]:
    """--config=FILE[:ARGUMENT], and --config.key=value for any entry of it."""
    holder = config_flags.DEFINE_config_file(
        "config",
        help_string="Config file, as configs/horizon.py; --config.key=value overrides.",
        lock_config=True,
    )
    if required:
        flags.mark_flag_as_required("config")
    return holder


def load_experiment(config: ConfigDict, name: str = "") -> Experiment:
    """The experiment of the --config flag, under its file's name or another."""
    filename = config_flags.get_config_filename(flags.FLAGS["config"])
    path, _, argument = filename.partition(":")
    module = _import(Path(path))
    arguments = [argument] if argument else []
    parts = _parts(config, Path(path).stem)
    axes = module.get_sweep(*arguments) if hasattr(module, "get_sweep") else {}
    for part in axes:
        if part not in parts:
            raise UserError(
                f"{path}: get_sweep names the part {part!r}, unknown to get_config"
            )
    expected = (
        module.get_expected(*arguments) if hasattr(module, "get_expected") else []
    )
    stem = "-".join([Path(path).stem, *arguments])
    return Experiment(
        name or stem,
        getattr(module, "TITLE", ""),
        path,
        {part: (base, axes.get(part, ())) for part, base in parts.items()},
        expected,
        module.get_abilities(*arguments) if hasattr(module, "get_abilities") else {},
        stem,
    )


def _parts(config: ConfigDict, stem: str) -> dict[str, dict[str, Any]]:
    plain = config.to_dict()
    are_parts = all(isinstance(v, dict) and "task" in v for v in plain.values())
    return plain if plain and are_parts else {stem: plain}


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"config_{path.stem}", path)
    assert spec is not None and spec.loader is not None, "the flag has loaded it"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
