"""A sweep of seconds that has every stage: two models, two lengths, tuning, two seeds.

    python -m experiments.sweep --config=tests/launch/tiny.py

`:long` is one run instead, long enough to be stopped in the middle.
"""

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, tune

TITLE = "Tiny"

MODELS = {"rnn": {"name": "rnn"}, "window 4": {"name": "window_mlp", "window": 4}}


def get_config(size: str = "") -> ConfigDict:
    """The base config."""
    train = {"num_steps": 40, "batch_size": 8, "eval_every": 20}
    if size == "long":
        train |= {"num_steps": 40_000, "eval_every": 1000}
    return ConfigDict(
        {
            "task": {"name": "recall", "length": 4, "num_symbols": 4},
            "model": {"name": "rnn", "hidden_size": 8},
            "optimizer": {"name": "adam", "learning_rate": 0.02, "clip_norm": 1.0},
            "train": train,
            "evaluation": {"batch_size": 32, "num_validation": 64, "num_test": 96},
            "seed": 0,
        }
    )


def get_sweep(size: str = "") -> dict[str, tuple[Axis, ...]]:
    """Four cells, each of two tuning runs and two reported ones: four programs."""
    if size == "long":
        return {}
    axes = product(
        compare("model", MODELS),
        compare("task.length", (4, 6)),
        tune("optimizer.learning_rate", (0.005, 0.02), seeds=(100,)),
        replicate(range(2)),
    )
    return {"tiny": axes}
