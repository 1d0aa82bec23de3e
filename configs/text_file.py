"""A language model of any text of one's own, as characters or as words.

Claim. None: the file is yours. Without one it reads this project's README, which is too
short to learn from.

    python -m experiments.train --config=configs/text_file.py
        --config.task.path=FILE [--config.task.unit=word]
        [--config.task.encoding=latin-1]

The first 90 % train, the next 5 % validate, the last 5 % test. What is in the text is
printed first: its symbols, how many of the other splits are unknown, the commonest. A
megabyte of characters takes about 5 minutes on one core for 8 passes; for words, where
the readout costs more than the rest, say --config.task.vocabulary_size. A text of less
than 20,000 symbols needs --config.evaluation.window and the contexts made smaller.
"""

from ml_collections import ConfigDict

TITLE = "An lstm on a text of one's own"


def get_config() -> ConfigDict:
    """One run: windows at random places, so that short texts do as well."""
    return ConfigDict(
        {
            "task": {
                "name": "text_file",
                "path": "README.md",
                "length": 64,
                "unit": "character",
                "encoding": "utf-8",
                "vocabulary_size": 10_000,
            },
            "model": {"name": "lstm", "hidden_size": 256, "embedding_size": 64},
            "optimizer": {
                "name": "adam",
                "learning_rate": 3e-3,
                "schedule": "cosine",
                "warmup_steps": 100,
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 4000, "batch_size": 32, "eval_every": 200},
            "evaluation": {
                "batch_size": 32,
                "window": 256,
                "contexts": tuple(2**i for i in range(8)),
                "num_contexts": 512,
                "free_running": 64,
                "passage": 320,
                "sample_length": 300,
            },
            "seed": 0,
        }
    )
