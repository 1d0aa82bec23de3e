"""To which of 20 newsgroups was a message posted? Four networks beside TF-IDF.

Claim. A bag of words and pairs of words, each word with a learned weight, answers as
often right as tuned TF-IDF (0.85); a gru whose states are averaged over time comes
within two points of it (0.84).

    python -m experiments.prepare newsgroups
    python -m experiments.sweep --config=configs/newsgroups.py
    python -m experiments.report --name=newsgroups

Headers, footers and quotes are kept; addresses are masked. Trained on 10,184 messages,
settings chosen on 1,130, tested on the 7,532 later ones.

Time: about 10 minutes of one core a seed for all four models, so about 15 minutes on
2 cores for the three seeds, and 2 more for TF-IDF (estimated from processor time; the
machine was busy with other work). Reached with seed 0: bag of pairs 0.853 read to
1,024 words (0.855 to 256), gru 0.841 to 256, bag 0.830 to 512, text_cnn 0.779 to 200
after 800 steps. On the same split TF-IDF has 0.819 by default and 0.851 tuned.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, zipped

TITLE = "To which newsgroup was a message posted?"

COMMON: dict[str, Any] = {"name": "bag", "embedding_size": 64, "dropout": 0.3}

# Each with the words it reads in training, its steps and its learning rate.
MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "bag of pairs": {
        "model": {
            **COMMON,
            "ngrams": 2,
            "num_buckets": 100_000,
            "weighted": True,
            "dropout": 0.5,
        },
        "task": {"length": 512, "word_dropout": 0.2},
        "train": {"num_steps": 1600},
        "optimizer": {"learning_rate": 7e-3},
    },
    "gru": {
        "model": {**COMMON, "name": "gru", "hidden_size": 96, "pooling": "mean"},
        "task": {"length": 200, "word_dropout": 0.3},
        "train": {"num_steps": 3000},
        "optimizer": {"learning_rate": 5e-3},
    },
    "text_cnn": {
        "model": {
            **COMMON,
            "name": "text_cnn",
            "hidden_size": 64,
            "widths": (1, 2, 3),
            "dropout": 0.2,
        },
        "task": {"length": 200, "word_dropout": 0.2},
        "train": {"num_steps": 1000},
        "optimizer": {"learning_rate": 6e-3},
    },
    "bag": {
        "model": COMMON,
        "task": {"length": 512, "word_dropout": 0.2},
        "train": {"num_steps": 1600},
        "optimizer": {"learning_rate": 1e-2},
    },
}


def get_config() -> ConfigDict:
    """The base config: the bag of words."""
    first = MODELS["bag"]
    return ConfigDict(
        {
            "task": {"name": "newsgroups", **first["task"]},
            "model": COMMON,
            "optimizer": {
                "name": "adam",
                "schedule": "cosine",
                "clip_norm": 1.0,
                **first["optimizer"],
            },
            "train": {"batch_size": 32, "eval_every": 250, **first["train"]},
            "evaluation": {
                "batch_size": 256,
                "lengths": (16, 32, 64, 128, 256, 512, 1024),
                "num_evidence": 2,
            },
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Each model with its own length, steps and rate."""
    sections = ("model", "task", "train", "optimizer")
    values = lambda section: {name: own[section] for name, own in MODELS.items()}
    axes = [compare(section, values(section)) for section in sections]
    return {"newsgroups": product(zipped(*axes), replicate(range(3)))}


def get_expected() -> list[dict[str, Any]]:
    """What seed 0 reached, with the spread that other seeds may have."""
    values = {"bag of pairs": 0.853, "gru": 0.84}
    return [
        {
            "part": "newsgroups",
            "cell": {"model": model},
            "metric": "test/accuracy",
            "value": value,
            "spread": 0.015,
        }
        for model, value in values.items()
    ]
