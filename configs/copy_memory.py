"""Copy memory over 1,000 steps: lstm stays on the floor, a convolution leaves it.

Claim (Bai, Kolter & Koltun 2018, arXiv:1803.01271, table 1: lstm 0.0204, rnn 0.0202,
tcn 3.5e-5 nats a position): an lstm of 50 learns to wait a thousand steps and then to
guess, which costs 10 ln 8 / 1020 = 0.0204 nats a position; a tcn of eight levels, ten
wide, kernel 8, sees 3,571 inputs and copies.

    python -m experiments.sweep --config=configs/copy_memory.py
    python -m experiments.report --name=copy_memory

Sizes and batch are the paper's; Adam at 2e-3 instead of RMSprop at 5e-4, with which the
lstm is not on the floor yet after 1,500 steps (0.031 to 0.075 over three seeds).

Reached (5 seeds, 1,024 test examples): lstm 0.0204 in all five; tcn 1.2e-5 to 2.0e-5 in
four, stopped as solved after 700 to 900 steps, while seed 4 stays on the floor, 0.0204,
for all 4,000.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "Copy memory over 1,000 steps"
LENGTH = 1000

MODELS = {
    "lstm": {"name": "lstm", "hidden_size": 50},
    "tcn": {"name": "tcn", "hidden_size": 10, "num_layers": 8, "kernel_size": 8},
}


def get_config() -> ConfigDict:
    """One run: the published sizes and batch."""
    return ConfigDict(
        {
            "task": {"name": "copy_memory", "length": LENGTH},
            "model": {"name": "lstm"},
            "optimizer": {"name": "adam", "learning_rate": 2e-3, "clip_norm": 1.0},
            "train": {
                "num_steps": 4000,
                "batch_size": 32,
                "eval_every": 100,
                "stop_score": 0.998,  # a loss of 4e-5
            },
            "evaluation": {"batch_size": 64, "num_validation": 128, "num_test": 1024},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Both models over five seeds."""
    return {"copy_memory": product(compare("model", MODELS), replicate(range(5)))}


def get_expected() -> list[dict[str, Any]]:
    """Nats a position: lstm on its floor of 0.0204, tcn far below it in most seeds.

    One of five that stays on the floor makes a mean of 0.0041; the horizon is a median.
    """
    return [
        {
            "part": "copy_memory",
            "cell": {"model": model},
            "metric": metric,
            "value": value,
            "spread": spread,
        }
        for model, metric, value, spread in (
            ("lstm", "test/loss", 0.0204, 0.0002),
            ("tcn", "test/loss", 0.0, 0.005),
            ("tcn", "horizon", LENGTH, 0.0),
        )
    ]
