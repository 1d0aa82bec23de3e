"""How far back does each model remember, after a few hundred steps of training?

Claim. On `recall`, a window of 32 answers up to length 32 and no further, a convolution
stack up to its receptive field of 64; what recurrent networks reach is a matter of
initialisation more than of capacity: lstm with chrono biases far beyond plain lstm.
On Python's documentation, small models trained this briefly use a few characters.

    make run            # 4 min 42 s on 2 cores of an Intel Xeon
    make run FULL=1     # research size: more lengths, steps and seeds; hours

Every curve is what is learned within this budget, not what a model can represent.
`get_expected` holds the numbers of 5 seeds, which the report prints beside its own.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, tune

TITLE = "How far back does each model remember?"

LENGTHS = {"quick": (16, 32, 64, 128), "full": tuple(2**i for i in range(4, 12))}

MODELS = {
    "window 32": {"name": "window_mlp", "window": 32, "embedding_size": 8},
    "tcn": {
        "name": "tcn",
        "num_layers": 3,
        "kernel_size": 4,
        "dilation_base": 4,
        "convolutions_per_block": 1,
    },
    "rnn": {"name": "rnn", "recurrent_init": "orthogonal"},
    "gru": {"name": "gru"},
    "lstm": {"name": "lstm"},
    "lstm, chrono": {"name": "lstm"},  # chrono_max: see get_sweep
    "lru": {"name": "lru"},
}

TEXT_MODELS = {name: MODELS[name] for name in ("rnn", "lstm", "lru")}


def get_config(size: str = "quick") -> ConfigDict:
    """The base config of each part; `size` is "quick" or "full"."""
    full = _is_full(size)
    recall = {
        "task": {
            "name": "recall",
            "length": 16,
            "num_symbols": 8,
            "supervision": "last",
        },
        "model": {"name": "lstm", "hidden_size": 32},
        "optimizer": {"name": "adam", "learning_rate": 1e-2, "clip_norm": 1.0},
        "train": {
            "num_steps": 4000 if full else 600,
            "batch_size": 64 if full else 16,
            "eval_every": 50,
            "stop_score": 0.99,
            "stop_patience": 2,
        },
        "evaluation": {
            "batch_size": 256,
            "num_validation": 256,
            "num_test": 4096 if full else 1024,
        },
        "seed": 0,
    }
    python_docs = {
        "task": {"name": "python_docs", "length": 256 if full else 128},
        "model": {"name": "lstm", "hidden_size": 256 if full else 64},
        "optimizer": {"name": "adam", "learning_rate": 1e-2, "clip_norm": 1.0},
        "train": {
            "num_steps": 10_000 if full else 500,
            "batch_size": 32 if full else 16,
            "eval_every": 500 if full else 100,
        },
        "evaluation": {
            "batch_size": 32,
            "window": 512,
            "contexts": tuple(2**i for i in range(10)),
            "num_contexts": 4096 if full else 1024,
            "sample_length": 300,
        },
        "seed": 0,
    }
    return ConfigDict({"recall": recall, "python_docs": python_docs})


def get_sweep(size: str = "quick") -> dict[str, tuple[Axis, ...]]:
    """The axes of each part."""
    full = _is_full(size)
    lengths = LENGTHS[size]
    longest = {"chrono_max": 2.0 * max(lengths)}
    models = {**MODELS, "lstm, chrono": {**MODELS["lstm, chrono"], **longest}}
    seeds = range(10 if full else 5)
    rates = (1e-3, 3e-3, 1e-2) if full else (3e-3, 1e-2)
    tuning = (1000, 1001)
    chosen = tune("optimizer.learning_rate", rates, seeds=tuning)
    return {
        "recall": product(
            compare("model", models),
            compare("task.length", lengths),
            chosen,
            replicate(seeds),
        ),
        "python_docs": product(
            compare("model", TEXT_MODELS),
            tune("optimizer.learning_rate", rates, seeds=(1000,)),
            replicate(range(5)),
        ),
    }


def get_expected(size: str = "quick") -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    if _is_full(size):
        return []  # no full run has been recorded yet
    at = lambda model, length, value, spread: {
        "part": "recall",
        "cell": {"model": model, "length": length},
        "metric": "test/score",
        "value": value,
        "spread": spread,
    }
    loss = lambda model, value, spread: {
        "part": "python_docs",
        "cell": {"model": model},
        "metric": "validation/loss",
        "value": value,
        "spread": spread,
    }
    return [
        at("window 32", 32, 1.0, 0.02),
        at("window 32", 64, 0.0, 0.03),
        at("tcn", 64, 1.0, 0.02),
        at("tcn", 128, 0.0, 0.03),
        at("lstm", 128, 0.0, 0.03),
        at("lstm, chrono", 128, 1.0, 0.02),
        at("lru", 64, 1.0, 0.02),
        at("lru", 128, 0.85, 0.2),  # 0.99 with jax 0.10.2, 0.69 with 0.12.0.1
        # The text changes between Python versions; these are between 3.11 and 3.12.
        loss("lru", 1.64, 0.1),
        loss("lstm", 1.81, 0.1),
        loss("rnn", 1.83, 0.1),
    ]


def _is_full(size: str) -> bool:
    if size not in ("quick", "full"):
        raise ValueError(f"horizon: size must be 'quick' or 'full', got {size!r}")
    return size == "full"
