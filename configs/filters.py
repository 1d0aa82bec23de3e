"""Do filters have to be learned, and how many of them does a digit take?

Claim. A layer of learned filters makes about two thirds of the errors of as many random
ones, whatever their number; to do without learning takes two to four times as many of
them. Twice as many filters, learned or not, leave about three quarters of the errors.

    python -m experiments.prepare mnist
    python -m experiments.sweep --config=configs/filters.py
    python -m experiments.report --name=filters

MNIST at half its side, 14 x 14; filters of 5 x 5, pooled over 2 x 2, and the answer
read off them all. Random filters stay as they were drawn, with what reads them learned
as ever (Jarrett et al. 2009, ICCV; Saxe et al. 2011, ICML).

Time: 6 minutes on one core of a busy machine, 5 seeds. Reached, in order for 1, 2, 4,
... 64 filters: learned 0.879, 0.913, 0.933, 0.951, 0.967, 0.975, 0.979; random 0.787,
0.871, 0.905, 0.928, 0.947, 0.959, 0.968.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "How many filters, and whether they learn"

COUNTS = (1, 2, 4, 8, 16, 32, 64)
MODEL: dict[str, Any] = {"name": "cnn", "kernel_size": 5, "hidden_size": 0}


def get_config() -> ConfigDict:
    """The base config: sixteen filters that learn."""
    return ConfigDict(
        {
            "task": {"name": "mnist", "length": 14},
            "model": {**MODEL, "filters": (16,)},
            "optimizer": {"name": "adam", "learning_rate": 5e-3, "schedule": "cosine"},
            "train": {"num_steps": 600, "batch_size": 64, "eval_every": 600},
            "evaluation": {"batch_size": 500},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Every number of filters, learned and random, five seeds of each."""
    return {
        "filters": product(
            compare("model", {k: {"kernels": k} for k in ("learned", "random")}),
            compare("model.filters", {str(n): (n,) for n in COUNTS}, name="filters"),
            replicate(range(5)),
        )
    }


def get_expected() -> list[dict[str, Any]]:
    """What five seeds reached, with about the spread that other seeds may have."""
    reached = {
        "learned": (0.879, 0.913, 0.933, 0.951, 0.967, 0.975, 0.979),
        "random": (0.787, 0.871, 0.905, 0.928, 0.947, 0.959, 0.968),
    }
    return [
        {
            "part": "filters",
            "cell": {"model": model, "filters": str(count)},
            "metric": "test/accuracy",
            "value": value,
            "spread": 0.03 if count == 1 else 0.01,
        }
        for model, values in reached.items()
        for count, value in zip(COUNTS, values, strict=True)
    ]
