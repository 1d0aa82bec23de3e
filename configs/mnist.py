"""Which digit is it? A feed-forward, a convolutional and a residual network on MNIST."""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, zipped

TITLE = "Which digit is it?"

MOVED: dict[str, Any] = {"shift": 2, "rotation": 10.0, "scaling": 0.1}

MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "cnn": {
        "model": {
            "name": "cnn",
            "filters": (32, 64),
            "num_convolutions": 1,
            "kernel_size": 3,
            "hidden_size": 256,
            "dropout": 0.4,
        },
        "task": MOVED,
        "train": {"num_steps": 4000, "batch_size": 128},
        "optimizer": {"learning_rate": 2e-3},
    },
}


def get_config() -> ConfigDict:
    """The base config: the convolutional network."""
    first = MODELS["cnn"]
    return ConfigDict(
        {
            "task": {"name": "mnist", "length": 28, **first["task"]},
            "model": first["model"],
            "optimizer": {
                "name": "adam",
                "schedule": "cosine",
                "clip_norm": 0.0,
                **first["optimizer"],
            },
            "train": {"eval_every": 500, **first["train"]},
            "evaluation": {"batch_size": 250},
            "seed": 0,
        }
    )
