"""ETTh1: loads and oil temperature of a transformer, 24 hours ahead.

Claim. Networks that read two days of seven series, as changes against the same hour of
the day before, and predict the changes of the next 24 hours, beat both the last value
and the same hour of yesterday.

    python -m experiments.prepare etth1   # or --manual_dir=DIR with the file in it
    python -m experiments.sweep --config=configs/etth1.py --store=results
    python -m experiments.report --name=etth1 --store=results

Reached (5 seeds, 10 minutes with one worker on a core shared by six), z-scored squared
error over seven series and 24 hours on the test months: lru 0.360, gru 0.362, lstm
0.363, rnn 0.370; the same hour of yesterday has 0.424, the mean 1.11, the last value
1.22. (Leaving the last forecast origin out, as a shorter loop does, makes that 0.425.)

Reading values in place of changes costs it all: after 100 steps lstm had 0.431 with
values and 0.398 with changes. A linear map of the same 48 changes, fitted by least
squares, reaches 0.32: at this cost the networks do not find all that is linear in them.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "ETTh1, 24 hours ahead"

MODELS = {name: {"name": name} for name in ("rnn", "gru", "lstm", "lru")}


def get_config() -> ConfigDict:
    """The base config: 12, 4 and 4 months, z-scored on training."""
    return ConfigDict(
        {
            "task": {
                "name": "series",
                "source": "etth1",
                "length": 48,
                "horizon": 24,
                "relative_to": "season",
                "inputs": "changes",
            },
            "model": {"name": "lstm", "hidden_size": 64, "dropout": 0.1},
            "optimizer": {
                "name": "adamw",
                "learning_rate": 1e-2,
                "weight_decay": 0.1,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 150, "batch_size": 32, "eval_every": 50},
            "evaluation": {"batch_size": 256},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The models over 5 seeds."""
    return {"etth1": product(compare("model", MODELS), replicate(range(5)))}


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    error = lambda model, value: {
        "part": "etth1",
        "cell": {"model": model},
        "metric": "test/mse",
        "value": value,
        "spread": 0.01,
    }
    known = {"rnn": 0.370, "gru": 0.362, "lstm": 0.363, "lru": 0.360}
    return [error(model, value) for model, value in known.items()]
