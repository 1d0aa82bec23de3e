"""Captions of generated scenes: can a network say what it sees?"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "Captions of scenes"

PLACES = {
    "first state": {"image": "first"},
    "every step": {"image": "every"},
    "attended": {"image": "attended"},
}


def get_config() -> ConfigDict:
    """The base config of each part."""
    base = {
        "task": {"name": "scenes", "length": 20, "side": 48, "max_shapes": 3},
        "model": {
            "name": "picture_reader",
            "encoder": "cnn",
            "filters": (16, 32, 64),
            "decoder": "gru",
            "image": "attended",
            "hidden_size": 128,
            "embedding_size": 32,
        },
        "optimizer": {
            "name": "adam",
            "learning_rate": 2e-3,
            "schedule": "cosine",
            "clip_norm": 1.0,
        },
        "train": {"num_steps": 3000, "batch_size": 32, "eval_every": 250},
        "evaluation": {
            "batch_size": 256,
            "num_validation": 256,
            "num_test": 1024,
            "num_answers": 8,
        },
        "seed": 0,
    }
    return ConfigDict({"scenes": base})


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The axes of each part."""
    return {"scenes": product(compare("model", PLACES), replicate(range(3)))}


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return []
