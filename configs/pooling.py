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

MODELS: dict[str, dict[str, Any]] = {
    "no pooling": {**COMMON, "filters": (12, 24), "pool_size": 1},
    "over filters": {**COMMON, "filters": (4, 8), "group": 3, "pool_size": 1},
    "over places": {**COMMON, "filters": (12, 24), "pool_size": 4},
    "over both": {**COMMON, "filters": (4, 8), "group": 3, "pool_size": 4},
}

PARTS: dict[str, dict[str, Any]] = {"shifted": {}, "turned": {"rotation": 60.0}}


def get_config() -> ConfigDict:
    """The base config of each part."""
    return ConfigDict(
        {
            part: {
                "task": {"name": "mnist", "length": 28, **settings},
                "model": MODELS["over places"],
                "optimizer": {
                    "name": "adam",
                    "learning_rate": 3e-3,
                    "schedule": "cosine",
                },
                "train": {"num_steps": 500, "batch_size": 64, "eval_every": 500},
                "evaluation": {
                    "batch_size": 256,
                    "shifts": (1, 2, 3, 4, 6, 8),
                    "rotations": (15, 30, 45, 60, 75, 90),
                },
                "seed": 0,
            }
            for part, settings in PARTS.items()
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The four networks, five seeds of each."""
    axes = product(compare("model", MODELS), replicate(range(5)))
    return {part: axes for part in PARTS}
