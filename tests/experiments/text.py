"""The smallest character model that is trained, written with and reproduced.

python -m experiments.train --config=tests/experiments/text.py
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """One run of a few steps."""
    evaluation = {"batch_size": 64, "window": 256, "contexts": (1, 2, 4)}
    probes = {"sample_length": 20, "free_running": 6, "passage": 30}
    return ConfigDict(
        {
            "task": {"name": "python_docs", "length": 16},
            "model": {"name": "rnn", "hidden_size": 8},
            "optimizer": {"name": "adam", "learning_rate": 0.01},
            "train": {"num_steps": 20, "batch_size": 8, "eval_every": 10},
            "evaluation": {**evaluation, **probes, "num_contexts": 16},
            "seed": 0,
        }
    )
