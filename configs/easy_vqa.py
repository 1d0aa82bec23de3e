"""What shape, what colour, is it there? Questions about pictures of one shape.

Claim. On easy-VQA a convolutional network and a question into a feed-forward network
answer more than 90 % of the questions, over 20 points more than the best answer to each
question alone (0.669), which a model that sees no picture also finds (0.671).

    python -m experiments.prepare easy_vqa
    python -m experiments.sweep --config=configs/easy_vqa.py
    python -m experiments.answer --run=ID picture.png "what color is the shape?"

4,000 pictures of 64 x 64 pixels with 38,575 questions, a fixed tenth of the pictures
for validation; 1,000 pictures with 9,673 questions to test.

Time: about 6 minutes of one core (a run 35 s of processor time; the machine was busy).
Reached on test, 3 seeds: cnn and mlp 0.919 0.887 0.942 (mean 0.916), attention 0.857
0.889 0.853, question alone 0.672 0.670 0.672; floors: question only 0.669, picture only
0.473, one answer 0.373. Yes and no are the hardest answers (0.89 to 0.93 by cnn and
mlp, 0.825 by the best answer to each question): a question may hold a "not" or a "no".
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, zipped

TITLE = "Questions about pictures of one coloured shape"

MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "attention": {"model": {"name": "relation_chain", "num_hops": 0}},
    "cnn and mlp": {"model": {"name": "cnn_mlp"}},
    "question alone": {
        "model": {"name": "cnn_mlp", "filters": (4, 4, 4, 4)},
        "task": {"blind": "image"},
        "train": {"num_steps": 500},
    },
}


def get_config() -> ConfigDict:
    """The base config."""
    return ConfigDict(
        {
            "task": {
                "name": "easy_vqa",
                "length": 12,
                "questions_per_picture": 8,
                "blind": "none",
            },
            "model": {"name": "cnn_mlp"},
            "optimizer": {
                "name": "adam",
                "learning_rate": 2e-3,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 1500, "batch_size": 128, "eval_every": 250},
            "evaluation": {"batch_size": 256, "num_answers": 4},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Each model with its own steps."""
    axes = [
        compare(section, {name: own.get(section, {}) for name, own in MODELS.items()})
        for section in ("model", "task", "train")
    ]
    return {"easy_vqa": product(zipped(*axes), replicate(range(3)))}


def get_expected() -> list[dict[str, Any]]:
    """What it should give, with the spread over seeds."""
    values = {"attention": 0.866, "cnn and mlp": 0.916, "question alone": 0.671}
    return [
        {
            "part": "easy_vqa",
            "cell": {"model": model},
            "metric": "test/accuracy",
            "value": value,
            "spread": 0.03,
        }
        for model, value in values.items()
    ]
