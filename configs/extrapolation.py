"""Trained short, tested long: what does a model do beyond the lengths it has seen?

Claim. Where a model learns a task of states it keeps what it learned to lengths far
beyond those of training if its state is a recurrence of bounded values, and does not
where it counts positions; which lengths it was trained on decides how soon it learns.
Two parts: "lengths" trains each model at each length and tests it at all of them, the
whole matrix of training and test; "curricula" trains on four ways of mixing the same
lengths. Accuracy with its floor at 1/2, 1,024 examples a length.

    python -m experiments.sweep --config=configs/extrapolation.py --store=results
    python -m experiments.report --name=extrapolation --store=results

    ... --config=configs/extrapolation.py:full  # to length 500, and streams to 100,000

No run of it is recorded yet.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, tune

TITLE = "Trained short, tested long"

TRAINED = {"quick": (4, 8, 16, 32), "full": (8, 16, 32, 64, 128)}
TESTED = {
    "quick": (4, 8, 16, 32, 64, 128),
    "full": (8, 16, 32, 64, 128, 256, 500, 2048, 16_384, 100_000),
}
MODELS = {
    "rnn": {"name": "rnn"},
    "gru": {"name": "gru"},
    "lstm": {"name": "lstm"},
    "lru": {"name": "lru"},
    "gated_delta_net": {"name": "gated_delta_net"},
    "tcn": {"name": "tcn", "num_layers": 3},
}
CURRICULA = ("none", "uniform", "linear", "mix")


def get_config(size: str = "quick") -> ConfigDict:
    """The base config of both parts: parity, which every input changes."""
    _check(size)
    full = size == "full"
    base = {
        "task": {"name": "parity", "length": max(TRAINED[size])},
        "model": {"name": "lstm", "hidden_size": 64, "embedding_size": 64},
        "optimizer": {"name": "adam", "learning_rate": 3e-3, "clip_norm": 1.0},
        "train": {
            "num_steps": 20_000 if full else 2000,
            "batch_size": 64,
            "eval_every": 100,
            "stop_score": 1.0,
            "stop_patience": 2,
        },
        "evaluation": {
            "batch_size": 16 if full else 256,
            "num_validation": 256,
            "num_test": 1024,
            "lengths": TESTED[size],
            "chunk": 256 if full else 16,
        },
        "seed": 0,
    }
    lengths = {**base, "train": {**base["train"], "curriculum": "uniform"}}
    return ConfigDict({"lengths": lengths, "curricula": base})


def get_sweep(size: str = "quick") -> dict[str, tuple[Axis, ...]]:
    """Models by training length, and models by curriculum, over 5 seeds."""
    _check(size)
    models = compare("model", MODELS)
    seeds = replicate(range(10 if size == "full" else 5))
    rates = tune("optimizer.learning_rate", (1e-3, 3e-3, 1e-2), seeds=(1000, 1001))
    return {
        "lengths": product(models, compare("task.length", TRAINED[size]), rates, seeds),
        "curricula": product(
            models, compare("train.curriculum", CURRICULA), rates, seeds
        ),
    }


def get_expected(size: str = "quick") -> list[dict[str, Any]]:
    """The numbers this should give: none is recorded yet."""
    _check(size)
    return []


def _check(size: str) -> None:
    if size not in TRAINED:
        raise ValueError(f"extrapolation: size must be 'quick' or 'full', got {size!r}")
