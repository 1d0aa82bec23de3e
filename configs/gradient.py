"""The gradient's way back: why far dependencies are hard to learn.

Claim. Before training, |dE_T/dh_t| falls exponentially with the lag T - t: fast in gru
and the tanh network, slower in lstm, hardly in lstm with chrono biases and in lru. The
order of the decay lengths is the order in which recall over 100 steps is learned.

    python -m experiments.sweep --config=configs/gradient.py --store=results
    python -m experiments.report --name=gradient --store=results

Reached (5 seeds, 46 s of one core): the gradient falls to 1/e in (median, ends over
seeds) and after 300 steps of training the seeds that solved recall:

    lstm, chrono  131 steps (116 to 157)    5 of 5
    lru            79 (63 to 96)            3 of 5
    lstm           18 (17 to 20)            1 of 5
    rnn             8.1 (7.5 to 8.5)        0 of 5
    gru             3.2 (3.2 to 3.3)        0 of 5
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
    at = lambda model, metric, value, spread: {
        "part": "gradient",
        "cell": {"model": model},
        "metric": metric,
        "value": value,
        "spread": spread,
    }
    return [
        at("lstm, chrono", "decay_before", 133, 20),
        at("lru", "decay_before", 79, 15),
        at("lstm", "decay_before", 18, 2),
        at("rnn", "decay_before", 8, 1),
        at("gru", "decay_before", 3.2, 0.3),
        at("lstm, chrono", "test/score", 1.0, 0.05),
        at("gru", "test/score", 0.0, 0.05),
    ]
