"""Does pooling make a network indifferent to where a digit is, and how it is turned?

Claim. A maximum over places makes a convolutional network bear a picture that is moved,
which it never saw in training; a maximum over filters makes it learn to bear one that
is turned, where turned digits are trained on.

    python -m experiments.prepare mnist
    python -m experiments.sweep --config=configs/pooling.py
    python -m experiments.report --name=pooling

All four networks have as many filters, 12 and then 24; pooling over filters keeps the
largest of every three, pooling over places the largest of 4 x 4. The answer is read off
the last block alone. Part `shifted`: trained on digits as they are, tested on ones
moved by 1 to 8 pixels. Part `turned`: trained on digits turned by up to 60 degrees.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "What pooling over places and over filters makes a network ignore"

COMMON: dict[str, Any] = {"name": "cnn", "kernel_size": 3, "hidden_size": 0}

SHIFTED: dict[str, dict[str, Any]] = {
    "no pooling": {**COMMON, "filters": (12, 24), "pool_size": 1},
    "over filters": {**COMMON, "filters": (4, 8), "group": 3, "pool_size": 1},
    "over places": {**COMMON, "filters": (12, 24), "pool_size": 4},
    "over both": {**COMMON, "filters": (4, 8), "group": 3, "pool_size": 4},
}
TURNED: dict[str, dict[str, Any]] = {
    "over places": SHIFTED["over places"],
    "over both, as many filters": SHIFTED["over both"],
    "over both, as many maps": {**SHIFTED["over places"], "group": 3},
}


def get_config() -> ConfigDict:
    """The base config of each part."""
    shifted: dict[str, Any] = {
        "task": {"name": "mnist", "length": 28},
        "model": SHIFTED["over places"],
        "optimizer": {"name": "adam", "learning_rate": 5e-3, "schedule": "cosine"},
        "train": {"num_steps": 500, "batch_size": 64, "eval_every": 500},
        "evaluation": {"batch_size": 256, "shifts": (1, 2, 3, 4, 6, 8)},
        "seed": 0,
    }
    turned = {
        **shifted,
        "task": {**shifted["task"], "rotation": 60.0},
        "train": {"num_steps": 800, "batch_size": 64, "eval_every": 800},
        "evaluation": {"batch_size": 256, "rotations": (15, 30, 45, 60, 75, 90)},
    }
    return ConfigDict({"shifted": shifted, "turned": turned})


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The networks of each part, five seeds of each."""
    return {
        "shifted": product(compare("model", SHIFTED), replicate(range(5))),
        "turned": product(compare("model", TURNED), replicate(range(5))),
    }
