"""The smallest run that learns: shared by the tests of driver, launchers, programs."""

from typing import Any

from lib.sweep import override

RUN: dict[str, Any] = {
    "task": {"name": "recall", "length": 6, "num_symbols": 4, "num_distractors": 2},
    "model": {"name": "rnn", "hidden_size": 8},
    "optimizer": {"name": "adam", "learning_rate": 0.02, "clip_norm": 1.0},
    "train": {"num_steps": 60, "batch_size": 8, "eval_every": 20},
    "evaluation": {"batch_size": 32, "num_validation": 64, "num_test": 96},
    "seed": 0,
}


def small(**values: Any) -> dict[str, Any]:
    """The small run with entries put in by dotted key, dots written as __."""
    return override(RUN, {key.replace("__", "."): v for key, v in values.items()})
