"""Monthly sunspots: the next month from the five years before it.

Claim. Networks that predict the change from the last month beat the last value, the
mean and the month of 11 years before on 1944 to 1983, which they have not seen.

    python -m experiments.prepare sunspots   # or --manual_dir=DIR with the file in it
    python -m experiments.sweep --config=configs/sunspots.py --store=results
    python -m experiments.report --name=sunspots --store=results
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "Monthly sunspots, one month ahead"

MODELS = {name: {"name": name} for name in ("rnn", "gru", "lstm")}


def get_config() -> ConfigDict:
    """The base config."""
    return ConfigDict(
        {
            "task": {
                "name": "series",
                "source": "sunspots",
                "length": 60,
                "horizon": 1,
                "relative_to": "last",
            },
            "model": {"name": "lstm", "hidden_size": 32},
            "optimizer": {
                "name": "adamw",
                "learning_rate": 1e-3,
                "weight_decay": 0.1,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 300, "batch_size": 16, "eval_every": 50},
            "evaluation": {"batch_size": 128},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The models over 5 seeds."""
    return {"sunspots": product(compare("model", MODELS), replicate(range(5)))}


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return []
