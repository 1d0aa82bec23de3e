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


def get_config(network: str = "all") -> ConfigDict:
    """The config of one network; of "all" a base for the sweep over them."""
    own = _settings(network)
    return ConfigDict(
        {
            "task": {"name": "mnist", "length": 28, **own.get("task", {})},
            "model": own["model"],
            "optimizer": {
                "name": "adam",
                "learning_rate": 1.5e-3,
                "schedule": "cosine",
            },
            "train": {"batch_size": 64, "eval_every": 500, **own["train"]},
            "evaluation": {"batch_size": 250},
            "seed": 0,
        }
    )


def get_sweep(network: str = "all") -> dict[str, tuple[Axis, ...]]:
    """Every network with its own settings, or one; three seeds."""
    seeds = replicate(range(3))
    if network != "all":
        return {"mnist": (seeds,)}
    sections = ("model", "task", "train")
    values = lambda section: {name: own[section] for name, own in MODELS.items()}
    axes = [compare(section, values(section)) for section in sections]
    return {"mnist": product(zipped(*axes), seeds)}


def _settings(network: str) -> dict[str, dict[str, Any]]:
    if network == "all":  # no setting here that another network has not
        return {"model": {"name": "cnn"}, "train": {}}
    if network not in MODELS:
        known = ", ".join(MODELS)
        raise ValueError(f"mnist: network must be one of {known}, got {network!r}")
    return MODELS[network]
