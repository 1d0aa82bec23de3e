"""A character model of Shakespeare: one lstm layer of 256 on tiny-shakespeare.

Claim. One lstm layer of 256 reaches at most 1.58 nats a character on validation within
15 minutes on 2 CPU cores.

    python -m experiments.prepare tiny_shakespeare
    python -m experiments.train --config=configs/shakespeare.py

PENDING
"""

from typing import Any

from ml_collections import ConfigDict

TITLE = "An lstm on tiny-shakespeare"


def get_config() -> ConfigDict:
    """One run: 12 passes over the text, the state carried from window to window."""
    return ConfigDict(
        {
            "task": {"name": "tiny_shakespeare", "length": 64},
            "model": {"name": "lstm", "hidden_size": 256},
            "optimizer": {
                "name": "adam",
                "learning_rate": 4e-3,
                "schedule": "cosine",
                "warmup_steps": 100,
                "clip_norm": 1.0,
            },
            "train": {
                "num_steps": 6000,
                "batch_size": 32,
                "eval_every": 250,
                "state": "carried",
            },
            "evaluation": {
                "batch_size": 32,
                "window": 128,
                "state": "carried",
                "contexts": tuple(2**i for i in range(10)),
                "num_contexts": 1024,
                "free_running": 256,
                "passage": 480,
                "sample_length": 500,
            },
            "seed": 0,
        }
    )


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return [
        {
            "part": "shakespeare",
            "cell": {},
            "metric": "validation/loss",
            "value": 1.547,
            "spread": 0.03,
        }
    ]
