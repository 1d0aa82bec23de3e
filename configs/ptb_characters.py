"""A character model of the Penn Treebank: one lstm layer of 256.

Claim. How near an lstm comes in 4 passes over the text, about 20 minutes of one core,
to the 1.36 bits a character published for an lstm of 3 million parameters trained to
its end (Bai, Kolter & Koltun 2018, arXiv:1803.01271, table 1).

    python -m experiments.prepare ptb
    python -m experiments.train --config=configs/ptb_characters.py

Reached so far (1 seed, one thread): validation 1.785 nats a character at step 500,
1.577 at 1,000 and 1.457 (2.10 bits) at 1,500 of 5,000, after 5 minutes of one core. The
whole run is not recorded yet.
"""

from typing import Any

from ml_collections import ConfigDict

TITLE = "An lstm on the characters of the Penn Treebank"


def get_config() -> ConfigDict:
    """One run: 4 passes over the text in windows at random places."""
    return ConfigDict(
        {
            "task": {"name": "ptb_characters", "length": 128},
            "model": {"name": "lstm", "hidden_size": 256},
            "optimizer": {
                "name": "adam",
                "learning_rate": 4e-3,
                "schedule": "cosine",
                "warmup_steps": 100,
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 5000, "batch_size": 32, "eval_every": 500},
            "evaluation": {
                "batch_size": 32,
                "window": 512,
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
