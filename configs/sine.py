"""A sine: the first part of a wave is seen, and the rest is written without help.

Claim. Trained by E = sum_t (y_t - yhat_t)^2 on the first 30 % of 200 points of four
periods, rnn, gru and lstm run free on their own predictions to the end. Trained on
10 %, less than half a period, all of them fit what they saw and fail beyond it.

    python -m experiments.sweep --config=configs/sine.py --store=results
    python -m experiments.report --name=sine --store=results
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "A sine, seen in part and continued freely"

MODELS = {name: {"name": name} for name in ("rnn", "gru", "lstm")}


def get_config() -> ConfigDict:
    """The base config."""
    return ConfigDict(
        {
            "task": {"name": "sine", "length": 199, "train_share": 0.3},
            "model": {"name": "rnn", "hidden_size": 64},
            "optimizer": {
                "name": "adamw",
                "learning_rate": 1e-2,
                "weight_decay": 0.1,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 2000, "batch_size": 1, "eval_every": 250},
            "evaluation": {"batch_size": 1},
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Models and how much of the wave they see, over 5 seeds."""
    return {
        "sine": product(
            compare("model", MODELS),
            compare("task.train_share", {"30 %": 0.3, "10 %": 0.1}, name="seen"),
            replicate(range(5)),
        )
    }


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return []
