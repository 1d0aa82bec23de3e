"""Which digit is it? Three networks on scikit-learn's digits: no download."""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, zipped

TITLE = "Which digit is it? 8 x 8 pixels"

MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "mlp": {
        "model": {"name": "mlp", "hidden_size": 128, "num_layers": 2, "dropout": 0.3},
        "train": {"num_steps": 1000},
    },
    "cnn": {
        "model": {
            "name": "cnn",
            "filters": (16, 32),
            "hidden_size": 64,
            "dropout": 0.3,
        },
        "train": {"num_steps": 600},
    },
    "resnet": {
        "model": {"name": "resnet", "filters": (16, 32), "stem_pool": 1},
        "train": {"num_steps": 600},
    },
}


def get_config() -> ConfigDict:
    """The base config: the feed-forward network."""
    first = MODELS["mlp"]
    return ConfigDict(
        {
            "task": {"name": "digits", "length": 8, "shift": 1, "rotation": 10.0},
            "model": first["model"],
            "optimizer": {
                "name": "adam",
                "learning_rate": 3e-3,
                "schedule": "cosine",
            },
            "train": {"batch_size": 64, "eval_every": 200, **first["train"]},
            "evaluation": {"batch_size": 64},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Each network with its own number of steps."""
    sections = ("model", "train")
    values = lambda section: {name: own[section] for name, own in MODELS.items()}
    axes = [compare(section, values(section)) for section in sections]
    return {"digits": product(zipped(*axes), replicate(range(5)))}
