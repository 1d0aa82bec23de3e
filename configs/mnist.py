"""Which digit is it? Three networks on MNIST's 28 x 28 pixels."""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, zipped

TITLE = "Which digit is it? 28 x 28 pixels"

MOVED: dict[str, Any] = {"shift": 2, "rotation": 10.0, "scaling": 0.1}

MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "cnn": {
        "model": {
            "name": "cnn",
            "filters": (24, 48),
            "kernel_size": 5,
            "hidden_size": 128,
            "dropout": 0.3,
        },
        "task": MOVED,
        "train": {"num_steps": 5500},
    },
    "resnet": {
        "model": {"name": "resnet", "filters": (16, 32)},
        "task": MOVED,
        "train": {"num_steps": 4000},
    },
    "mlp": {
        "model": {"name": "mlp", "hidden_size": 512, "dropout": 0.3},
        "task": {"shift": 1, "rotation": 0.0, "scaling": 0.0},
        "train": {"num_steps": 4000},
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
                "learning_rate": 1.5e-3,
                "schedule": "cosine",
            },
            "train": {"batch_size": 64, "eval_every": 500, **first["train"]},
            "evaluation": {"batch_size": 250},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Each network with its own steps and movements."""
    sections = ("model", "task", "train")
    values = lambda section: {name: own[section] for name, own in MODELS.items()}
    axes = [compare(section, values(section)) for section in sections]
    return {"mnist": product(zipped(*axes), replicate(range(3)))}
