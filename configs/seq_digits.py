"""The same digit read step by step: rows, pixels, and pixels in another order."""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "A digit of 8 x 8 pixels, read step by step"

LENGTHS = {"rows": 8, "pixels": 64, "permuted": 64}
MODELS: dict[str, dict[str, Any]] = {
    "rnn": {"name": "rnn"},
    "gru": {"name": "gru"},
    "lstm": {"name": "lstm"},
    "lru": {"name": "lru"},
}


def _config(order: str) -> dict[str, Any]:
    return {
        "task": {"name": "seq_digits", "length": LENGTHS[order], "order": order},
        "model": {"name": "lru", "hidden_size": 32},
        "optimizer": {
            "name": "adam",
            "learning_rate": 5e-3,
            "schedule": "cosine",
            "clip_norm": 1.0,
        },
        "train": {"num_steps": 600, "batch_size": 32, "eval_every": 200},
        "evaluation": {"batch_size": 64},
        "seed": 0,
    }


def get_config() -> ConfigDict:
    """One part for each order of reading."""
    return ConfigDict({order: _config(order) for order in LENGTHS})


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Four recurrent models, three seeds."""
    axes = product(compare("model", MODELS), replicate(range(3)))
    return {order: axes for order in LENGTHS}
