"""A run's config: validated, with every default filled in, and its canonical id.

A config is plain data with six entries:

    task        {"name": ..., "length": ..., settings of the task's factory}
    model       {"name": ..., settings of the model's factory}
    optimizer   {"name": ..., settings of `make_optimizer` and of the algorithm}
    train       settings of `Training`
    evaluation  settings of `Evaluation`
    seed        an integer from 0 to 2^32 - 1

The run's id is the first 16 hexadecimal digits of the SHA-256 of the canonical JSON of
all that, of the versions of task and model, and of the fingerprint of the task's data.
Settings marked as `Added` are left out of it at their default, so that a new setting
leaves the ids of the runs before it as they are.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from lib import own
from lib.curriculum import Curriculum, Lengths
from lib.error import UserError
from lib.optimizer import OPTIMIZERS, make_optimizer
from lib.registry import MODELS, TASKS
from lib.setting import (
    Added,
    Bound,
    Count,
    Probability,
    Setting,
    Size,
    check_settings,
    nearest,
    settings_of,
)
from lib.signature import POSITIONAL
from lib.store import digest
from lib.train import State

Degrees = Annotated[int, Bound(1, 180)]


@dataclass(frozen=True, kw_only=True)
class Training:
    """How long a run trains, on how much, and when it may stop early."""

    num_steps: Size = 1000
    batch_size: Size = 32
    eval_every: Size = 100  # steps between two validations, and between two records
    stop_score: Probability = 0.0  # stop at this validation score; 0: never
    stop_patience: Size = 2  # validations running that must reach it
    state: State = "initial"  # "carried": truncated backpropagation over a stream
    # lengths of the batches (lib/curriculum.py); "none": all have the task's length
    curriculum: Annotated[Curriculum, Added()] = "none"
    min_length: Annotated[Size, Added()] = 1  # the shortest that a curriculum draws
    growth_steps: Annotated[Count, Added()] = 0  # "linear": 0 is half of num_steps


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a run is scored on; the same examples for every seed and model."""

    batch_size: Size = 256
    num_validation: Size = 256  # examples a validation; text: the whole split
    num_test: Size = 1024  # examples of the test; text: the whole split
    lengths: tuple[Size, ...] = ()  # tested besides the training length
    # steps read at a time, so that short lengths cost less; 0: all that are padded to
    chunk: Annotated[Count, Added()] = 0
    window: Count = 0  # characters an evaluation window holds; 0: the training length
    contexts: tuple[Size, ...] = ()  # text: losses that see only the last k characters
    num_contexts: Size = 1024  # positions of the validation text they are taken at
    sample_length: Count = 0  # text: symbols generated into the result
    free_running: Count = 0  # text: symbols a model runs on its own samples, scored
    passage: Count = 0  # text: first symbols of validation whose losses are kept
    num_evidence: Count = 0  # labelled texts shown with what each word did
    num_answers: Count = 0  # questions, captions: examples shown with what is said
    num_scenes: Count = 0  # location: scenes searched, with the figure and without
    state: State = "initial"  # "carried": from window to window of a stream
    shifts: tuple[Size, ...] = ()  # pictures: accuracy with them moved so many pixels
    rotations: tuple[Degrees, ...] = ()  # pictures: accuracy with them turned so far
    gradient_lags: Count = 0  # record |dE_T/dh_t| at these first lags as it trains


_SECTIONS = ("task", "model", "optimizer", "train", "evaluation", "seed")
_DEFAULT_NAMES = {"optimizer": "adam"}
_SEED = Setting(int, 0, Bound(0, 2**32 - 1))
_LENGTH = {"length": Setting(int, inspect.Parameter.empty, Bound(1, 2**24))}


@dataclass(frozen=True)
class Config:
    """One run's settings, all of them. Make it with `make_config`."""

    task: Mapping[str, Any]
    model: Mapping[str, Any]
    optimizer: Mapping[str, Any]
    train: Training
    evaluation: Evaluation
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """The same as plain JSON data: `make_config` of it gives an equal config.

        Without added settings at their default, as the run's id sees it.
        """
        # Not dataclasses.asdict, which copies every value by itself: plans ask often.
        shallow = {name: getattr(self, name) for name in _SECTIONS}
        shallow |= {name: vars(shallow[name]) for name in ("train", "evaluation")}
        plain = json.loads(json.dumps(shallow))
        for section, values, settings in _sections(self):
            for name, setting in settings.items():
                if setting.added and values[name] == setting.default:
                    del plain[section][name]
        return plain


def make_config(given: Mapping[str, Any]) -> Config:
    """Validate plain data. Raises UserError with one line a problem, all at once."""
    config, problems = check_config(given)
    if config is None:
        raise UserError("\n".join(problems))
    return config


def check_config(given: Mapping[str, Any]) -> tuple[Config | None, list[str]]:
    """The config, or None and every problem of its sections."""
    problems = [
        f"config: unknown section {name!r}{nearest(name, _SECTIONS)}"
        for name in given
        if name not in _SECTIONS
    ]
    optimizer = settings_of(make_optimizer)
    filled: dict[str, Any] = {}
    for section, known, common in (
        ("task", TASKS, _LENGTH),
        ("model", MODELS, {}),
        ("optimizer", OPTIMIZERS, optimizer),
    ):
        filled[section], found = _check_named(section, known, common, given)
        problems += found
    for section, schema in (("train", Training), ("evaluation", Evaluation)):
        values, found = check_settings(
            section, settings_of(schema), _section(given, section, problems)
        )
        problems += found
        filled[section] = values
    seed, found = check_settings(
        "config", {"seed": _SEED}, {"seed": given.get("seed", 0)}
    )
    problems += found
    if problems:
        return None, problems
    return Config(
        filled["task"],
        filled["model"],
        filled["optimizer"],
        Training(**filled["train"]),
        Evaluation(**filled["evaluation"]),
        seed["seed"],
    ), []


def run_id(config: Config, versions: Mapping[str, int | str], fingerprint: str) -> str:
    """16 hexadecimal digits that name this run, wherever and however it runs."""
    return digest(
        {
            "config": config.to_dict(),
            "versions": dict(versions),
            "fingerprint": fingerprint,
        }
    )


def training_lengths(config: Config) -> Lengths:
    """The distribution of the lengths that a run trains on."""
    train = config.train
    growth = train.growth_steps or -(-train.num_steps // 2)
    return Lengths(train.curriculum, train.min_length, config.task["length"], growth)


def traced_settings(config: Config) -> dict[str, float]:
    """The scalars that may differ inside one program, by 'section.name'."""
    return {
        f"{section}.{name}": float(values[name])
        for section, values, settings in _sections(config)
        if section in ("model", "optimizer")
        for name, setting in settings.items()
        if setting.traced
    }


def static_settings(config: Config) -> dict[str, Any]:
    """Everything that picks the program: the config without its traced settings."""
    static = config.to_dict()
    del static["seed"]
    for key in traced_settings(config):
        section, name = key.split(".")
        del static[section][name]
    return static


def _sections(config: Config):
    """(section, its values, its settings by name) of all but the seed."""
    optimizer = settings_of(make_optimizer)
    for section, values, known, common in (
        ("task", config.task, TASKS, _LENGTH),
        ("model", config.model, MODELS, {}),
        ("optimizer", config.optimizer, OPTIMIZERS, optimizer),
    ):
        yield section, values, {**common, **settings_of(known[values["name"]])}
    for section, values in (("train", config.train), ("evaluation", config.evaluation)):
        yield section, vars(values), settings_of(type(values))


def _check_named(
    section: str,
    known: Mapping[str, Callable[..., Any]],
    common: Mapping[str, Setting],
    given: Mapping[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    problems: list[str] = []
    values = dict(_section(given, section, problems))
    name = values.pop("name", _DEFAULT_NAMES.get(section))
    if problems:
        return values, problems
    if not isinstance(name, str) or name not in known:
        if section in POSITIONAL and own.is_own(str(name)):
            return values, [own.unknown(section, str(name))]
        said = "a name must be given" if name is None else f"unknown name {name!r}"
        return values, [f"{section}: {said}{nearest(str(name), known)}"]
    settings = {**common, **settings_of(known[name])}
    filled, found = check_settings(section, settings, values)
    return {"name": name, **filled}, found


def _section(
    given: Mapping[str, Any], section: str, problems: list[str]
) -> Mapping[str, Any]:
    values = given.get(section, {})
    if isinstance(values, Mapping):
        return values
    problems.append(f"config.{section} must be a table of settings, got {values!r}")
    return {}
