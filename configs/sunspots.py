"""Monthly sunspots: the next month from the five years before it.

Claim. Networks that predict the change from the last month beat the last value, the
mean and the month of 11 years before on 1944 to 1983, which they have not seen.

    python -m experiments.prepare sunspots   # or --manual_dir=DIR with the file in it
    python -m experiments.sweep --config=configs/sunspots.py --store=results
    python -m experiments.report --name=sunspots --store=results

Reached (5 seeds, 24 s of one core), z-scored squared error on the test months: lstm
0.225, gru 0.229, rnn 0.232; the last value has 0.265, the month 11 years before 1.36,
the mean 2.62. The test months hold the highest cycle on record: the network must not
fit the training months. With 1,000 steps at 3e-3 and 120 months an lstm reached 0.426.
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
    error = lambda model, value: {
        "part": "sunspots",
        "cell": {"model": model},
        "metric": "test/mse",
        "value": value,
        "spread": 0.02,
    }
    return [error("rnn", 0.232), error("gru", 0.229), error("lstm", 0.225)]
