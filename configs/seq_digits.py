"""A digit of 8 x 8 pixels, read step by step: rows, pixels, pixels in another order.

Claim. CLAIM

    python -m experiments.sweep --config=configs/seq_digits.py
    python -m experiments.report --name=seq_digits

No download: scikit-learn's digits (1,295 to train on, 359 to test). The class is
answered after the last step. Three seeds, 600 steps of 32 digits, 32 hidden units.

SEQREACHED
"""

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
