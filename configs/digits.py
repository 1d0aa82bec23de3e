"""Which digit is it? Three networks on scikit-learn's digits: no download."""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, zipped

TITLE = "Which digit is it? 8 x 8 pixels"

MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "mlp": {
        "model": {"name": "mlp", "hidden_size": 128, "num_layers": 2, "dropout": 0.3},
        "train": {"num_steps": 1500},
    },
    "cnn": {
        "model": {
            "name": "cnn",
            "filters": (16, 32),
            "hidden_size": 64,
            "dropout": 0.3,
        },
        "train": {"num_steps": 1000},
    },
    "resnet": {
        "model": {"name": "resnet", "filters": (16, 32), "stem_pool": 1},
        "train": {"num_steps": 1000},
    },
}


def get_config(network: str = "all") -> ConfigDict:
    """The config of one network; of "all" a base for the sweep over them."""
    own = _settings(network)
    return ConfigDict(
        {
            "task": {"name": "digits", "length": 8, "rotation": 10.0, "scaling": 0.1},
            "model": own["model"],
            "optimizer": {
                "name": "adam",
                "learning_rate": 3e-3,
                "schedule": "cosine",
            },
            "train": {"batch_size": 64, "eval_every": 200, **own["train"]},
            "evaluation": {"batch_size": 64},
            "seed": 0,
        }
    )


def get_sweep(network: str = "all") -> dict[str, tuple[Axis, ...]]:
    """Every network with its own settings, or one; five seeds."""
    seeds = replicate(range(5))
    if network != "all":
        return {"digits": (seeds,)}
    sections = ("model", "train")
    values = lambda section: {name: own[section] for name, own in MODELS.items()}
    axes = [compare(section, values(section)) for section in sections]
    return {"digits": product(zipped(*axes), seeds)}


def _settings(network: str) -> dict[str, dict[str, Any]]:
    if network == "all":  # no setting here that another network has not
        return {"model": {"name": "cnn"}, "train": {}}
    if network not in MODELS:
        known = ", ".join(MODELS)
        raise ValueError(f"digits: network must be one of {known}, got {network!r}")
    return MODELS[network]
