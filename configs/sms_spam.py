"""Is a text message spam? Words, characters and TF-IDF on five folds."""

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "Spam among text messages"


def get_config() -> ConfigDict:
    """The base config: a bag of character groups on the first fold."""
    return ConfigDict(
        {
            "task": {
                "name": "sms_spam",
                "length": 200,
                "fold": 0,
                "unit": "character",
                "word_dropout": 0.05,
            },
            "model": {
                "name": "bag",
                "embedding_size": 32,
                "ngrams": 5,
                "num_buckets": 50_000,
                "dropout": 0.3,
            },
            "optimizer": {
                "name": "adam",
                "learning_rate": 5e-3,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 600, "batch_size": 64, "eval_every": 100},
            "evaluation": {
                "batch_size": 256,
                "lengths": (16, 32, 64, 128),
                "num_evidence": 2,
            },
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    return {
        "sms_spam": product(
            compare("model", {"bag": {"name": "bag"}}),
            compare("task.fold", range(5)),
            replicate((0,)),
        )
    }
