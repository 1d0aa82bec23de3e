"""A user's own labelled texts: which class does a text belong to?

Claim. A file of texts and classes is all it takes: a bag of words and pairs of words is
trained on it, tested on a fifth that it never saw, and set beside TF-IDF.

    python -m experiments.train --config=configs/labelled_text.py \\
        --config.task.path=FILE.csv
    python -m experiments.classify --run=ID --text="..."

FILE.csv has the columns text and label (others by --config.task.text_column and
--config.task.label_column); FILE.jsonl and a folder a class do as well. Without
--config.task.path the example that comes with Horizon is read: 40 made-up texts of two
classes, of which all 8 that are tested are told apart.
"""

from typing import Any

from ml_collections import ConfigDict

TITLE = "Labelled texts of one's own"
EXAMPLE = "tests/data/labelled.csv"


def get_config() -> ConfigDict:
    """One run."""
    return ConfigDict(
        {
            "task": {
                "name": "labelled_text",
                "path": EXAMPLE,
                "encoding": "utf-8",
                "text_column": "text",
                "label_column": "label",
                "positive": "",
                "length": 256,
                "unit": "word",
                "min_count": 1,
                "vocabulary_size": 30_000,
                "word_dropout": 0.2,
            },
            "model": {
                "name": "bag",
                "embedding_size": 64,
                "ngrams": 2,
                "num_buckets": 50_000,
                "weighted": True,
                "dropout": 0.5,
            },
            "optimizer": {
                "name": "adam",
                "learning_rate": 5e-3,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 600, "batch_size": 32, "eval_every": 100},
            "evaluation": {
                "batch_size": 256,
                "lengths": (16, 64, 256),
                "num_evidence": 2,
            },
            "seed": 0,
        }
    )


def get_expected() -> list[dict[str, Any]]:
    """What the example gives."""
    return [
        {
            "part": "labelled_text",
            "cell": {},
            "metric": "test/accuracy",
            "value": 1.0,
            "spread": 0.0,
        }
    ]
