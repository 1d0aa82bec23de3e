"""A digit of 8 x 8 pixels, read step by step: rows, pixels, pixels in another order.

Claim. By rows all four models read the digit. Pixel by pixel, and in a random order, a
diagonal linear recurrence and then the orthogonal rnn still do, where lstm and gru of
as many units are far behind within the same 600 steps.

    python -m experiments.sweep --config=configs/seq_digits.py
    python -m experiments.report --name=seq_digits

No download: scikit-learn's digits (1,295 to train on, 359 to test). The class is
answered after the last step. Three seeds, 600 steps of 32 digits, 32 hidden units.

Reached (Python 3.11, jax 0.10.2, one thread on a busy machine of 2 cores; test
accuracy, mean of 3 seeds and their range):

    rows, 8 steps      gru 0.966, lru 0.965, rnn 0.964, lstm 0.925    (0.916 to 0.983)
    pixels, 64         lru 0.948 (0.930 to 0.969), rnn 0.861 (0.827 to 0.928),
                       lstm 0.738 (0.719 to 0.766), gru 0.731 (0.719 to 0.752)
    permuted, 64       lru 0.944 (0.942 to 0.947), rnn 0.861 (0.858 to 0.864),
                       gru 0.670 (0.641 to 0.685), lstm 0.634 (0.566 to 0.699)

A run trains for 1 to 8 seconds of one core; all 36 with compilation take about 3
minutes on 2.
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


def get_expected() -> list[dict[str, Any]]:
    """Means over three seeds, with the spread that others may have."""
    reached = {
        "rows": {"gru": 0.966, "lru": 0.965, "rnn": 0.964, "lstm": 0.925},
        "pixels": {"lru": 0.948, "rnn": 0.861, "lstm": 0.738, "gru": 0.731},
        "permuted": {"lru": 0.944, "rnn": 0.861, "gru": 0.67, "lstm": 0.634},
    }
    return [
        {
            "part": part,
            "cell": {"model": model},
            "metric": "test/accuracy",
            "value": value,
            "spread": 0.08 if value < 0.9 else 0.02,  # of one seed among others
        }
        for part, values in reached.items()
        for model, value in values.items()
    ]
