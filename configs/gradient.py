"""The gradient's way back: why far dependencies are hard to learn.

Claim. At initialisation |dE_T/dh_t| falls exponentially with the lag T - t in lstm, gru
and the tanh network, and hardly in lstm with chrono biases and in lru; what can be
learned within a budget follows from it.

    python -m experiments.sweep --config=configs/gradient.py --store=results
    python -m experiments.report --name=gradient --store=results
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "The gradient's way back through time"
LENGTH = 100

MODELS = {
    "rnn": {"name": "rnn", "recurrent_init": "orthogonal"},
    "gru": {"name": "gru"},
    "lstm": {"name": "lstm"},
    "lstm, chrono": {"name": "lstm", "chrono_max": 2.0 * LENGTH},
    "lru": {"name": "lru"},
}


def get_config() -> ConfigDict:
    """The base config: recall over a length at which the models part."""
    return ConfigDict(
        {
            "task": {"name": "recall", "length": LENGTH, "num_symbols": 8},
            "model": {"name": "lstm", "hidden_size": 32},
            "optimizer": {"name": "adam", "learning_rate": 1e-2, "clip_norm": 1.0},
            "train": {"num_steps": 300, "batch_size": 16, "eval_every": 25},
            "evaluation": {
                "batch_size": 128,
                "num_validation": 128,
                "num_test": 512,
                "gradient_lags": LENGTH - 1,
            },
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """The models over 5 seeds."""
    return {"gradient": product(compare("model", MODELS), replicate(range(5)))}


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return []
