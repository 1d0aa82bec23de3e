"""A larger character model of Shakespeare: one lstm layer of 512 with dropout.

Claim. Twice the units of configs/shakespeare.py, an embedding and dropout reach at most
1.50 nats a character on validation.

    python -m experiments.prepare tiny_shakespeare
    python -m experiments.train --config=configs/shakespeare_large.py

Reached (1 seed, one thread): 1.489 at step 1,750 and 1.470 at step 2,000, after 12
minutes of one core. The whole run, half an hour of one core, is not recorded yet.
"""

from typing import Any

from ml_collections import ConfigDict

TITLE = "A larger lstm on tiny-shakespeare"


def get_config() -> ConfigDict:
    """One run: 10 passes over the text, the state carried from window to window."""
    return ConfigDict(
        {
            "task": {"name": "tiny_shakespeare", "length": 64},
            "model": {
                "name": "lstm",
                "hidden_size": 512,
                "embedding_size": 64,
                "dropout": 0.2,
            },
            "optimizer": {
                "name": "adam",
                "learning_rate": 3e-3,
                "schedule": "cosine",
                "warmup_steps": 100,
                "clip_norm": 1.0,
            },
            "train": {
                "num_steps": 5000,
                "batch_size": 32,
                "eval_every": 250,
                "state": "carried",
            },
            "evaluation": {
                "batch_size": 32,
                "window": 128,
                "state": "carried",
                "contexts": tuple(2**i for i in range(10)),
                "num_contexts": 512,
                "free_running": 256,
                "passage": 480,
                "sample_length": 500,
            },
            "seed": 0,
        }
    )


def get_expected() -> list[dict[str, Any]]:
    """None: no whole run has been recorded yet."""
    return []
