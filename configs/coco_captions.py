"""Captions of photographs, from COCO's own files.

An overfitting check over the 100 pictures that are at hand: 50 to train on with five
captions each, 25 to validate, 25 to test. A network that reads pictures and writes can
learn 50 pictures by heart; what it says of others is then worth nothing, which the
numbers of the test state. With COCO whole
(`--config.coco_captions.task.path=FOLDER`, its min_count, more filters and steps) the
same config trains on 118,287 pictures.

    python -m experiments.sweep --config=configs/coco_captions.py
    python -m experiments.report --name=coco_captions
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, product, replicate

TITLE = "Captions of photographs"


def get_config() -> ConfigDict:
    """The base config of each part."""
    return ConfigDict(
        {
            "coco_captions": {
                "task": {
                    "name": "coco_captions",
                    "length": 18,
                    "side": 32,
                    "min_count": 1,
                    "path": "",
                },
                "model": {
                    "name": "picture_reader",
                    "encoder": "cnn",
                    "filters": (16, 32, 64),
                    "decoder": "gru",
                    "image": "attended",
                    "hidden_size": 128,
                    "embedding_size": 64,
                },
                "optimizer": {
                    "name": "adam",
                    "learning_rate": 2e-3,
                    "schedule": "cosine",
                    "clip_norm": 1.0,
                },
                "train": {"num_steps": 500, "batch_size": 32, "eval_every": 250},
                "evaluation": {"batch_size": 64, "num_answers": 8},
                "seed": 0,
            }
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The axes of each part."""
    return {"coco_captions": product(replicate(range(3)))}


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return []
