"""Parity: a tanh network trained on up to 40 bits answers for 500.

Claim (Delétang et al. 2023, arXiv:2207.02098, table 1): rnn 100 % and lstm 100 % on
lengths 41 to 500 after training on U(1, 40). What is learned is an automaton of two
states, which knows no length. The paper trains a million steps; here a few thousand do.

    python -m experiments.sweep --config=configs/parity.py --store=results
    python -m experiments.report --name=parity --store=results
"""

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate

TITLE = "Parity: trained on 40 bits, tested on 500"

TRAINED = 40
TESTED = (
    1,
    5,
    10,
    20,
    30,
    50,
    60,
    80,
    100,
    128,
    150,
    200,
    256,
    300,
    350,
    400,
    450,
    500,
)
MODELS = {
    "rnn, 64": {"name": "rnn", "hidden_size": 64, "embedding_size": 64},
    "relu, 64": {"name": "irnn", "hidden_size": 64, "input_std": 0.7, "scale": 0.9},
    "rnn, 256": {"name": "rnn", "hidden_size": 256, "embedding_size": 128},
}


def get_config() -> ConfigDict:
    """The base config: the paper's batch, width and clipping, Adam at 1e-3."""
    return ConfigDict(
        {
            "task": {"name": "parity", "length": TRAINED},
            "model": {"name": "rnn", "hidden_size": 256},
            "optimizer": {"name": "adam", "learning_rate": 1e-3, "clip_norm": 1.0},
            "train": {
                "num_steps": 4000,
                "batch_size": 128,
                "eval_every": 100,
                "curriculum": "uniform",
                "stop_score": 1.0,
                "stop_patience": 2,
            },
            "evaluation": {
                "batch_size": 256,
                "num_validation": 256,
                "num_test": 1024,
                "lengths": TESTED,
                "chunk": 32,
            },
            "seed": 0,
        }
    )


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """Five seeds."""
    return {"parity": product(compare("model", MODELS), replicate(range(5)))}
