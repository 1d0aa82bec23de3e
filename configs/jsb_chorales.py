"""JSB chorales: 88 keys at once, the next quarter note of Bach's chorales.

Claim. At small cost lstm, gru, rnn and tcn come near the published negative
log-likelihoods a frame, far below independent notes (11.09).

    python -m experiments.prepare jsb_chorales   # or --manual_dir=DIR with the file
    python -m experiments.sweep --config=configs/jsb_chorales.py --store=results
    python -m experiments.report --name=jsb_chorales --store=results
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "JSB chorales, the next frame"

MODELS = {
    "lstm": {"name": "lstm"},
    "gru": {"name": "gru"},
    "rnn": {"name": "rnn"},
    "tcn": {"name": "tcn", "kernel_size": 3, "num_layers": 2},
}


def get_config() -> ConfigDict:
    """The base config: trained on up to 64 frames, tested on whole pieces."""
    return ConfigDict(
        {
            "task": {"name": "jsb_chorales", "length": 64},
            "model": {"name": "lstm", "hidden_size": 150, "dropout": 0.2},
            "optimizer": {
                "name": "adam",
                "learning_rate": 1e-2,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 800, "batch_size": 8, "eval_every": 100},
            "evaluation": {"batch_size": 77, "window": 160},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The models over 3 seeds."""
    return {"jsb_chorales": product(compare("model", MODELS), replicate(range(3)))}


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return []
