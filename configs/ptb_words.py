"""A word model of the Penn Treebank: two lstm layers of 200, as published in 2014.

Claim. The small configuration of Zaremba, Sutskever & Vinyals (2014, Recurrent neural
network regularization, arXiv:1409.2329, and the code published with it) reaches a test
perplexity of 115 in 13 epochs.

    python -m experiments.prepare ptb
    python -m experiments.train --config=configs/ptb_words.py

As there: 20 streams in windows of 20 words, the state carried along, no dropout, plain
gradient descent, its rate halved after every epoch from the fifth on. There a loss is
the sum over a window's 20 words, the rate 1.0 and the norm clipped at 5; here it is the
mean, so that the rate is 20 and the norm 0.25. Different here: the embeddings begin
with length 1, weights normal by their fan-in (there all uniform from -0.1 to 0.1).

Reached (1 seed, one thread, 57 minutes of one core, so about half an hour of two):
test perplexity 115.3, validation 120.4. On validation the fifth epoch was the best, at
119.3; halving the rate then keeps it from overfitting any faster.
"""

from typing import Any

from ml_collections import ConfigDict

TITLE = "Two lstm layers of 200 on the words of the Penn Treebank"

EPOCH = 2324  # windows of 20 words in each of 20 streams: 929,588 targets


def get_config() -> ConfigDict:
    """One run of 13 epochs."""
    return ConfigDict(
        {
            "task": {"name": "ptb_words", "length": 20},
            "model": {
                "name": "lstm",
                "hidden_size": 200,
                "num_layers": 2,
                "embedding_size": 200,
                "forget_bias": 0.0,
            },
            "optimizer": {
                "name": "sgd",
                "learning_rate": 20.0,
                "schedule": "step",
                "decay_after": 4 * EPOCH,
                "decay_every": EPOCH,
                "decay_factor": 0.5,
                "clip_norm": 0.25,
            },
            "train": {
                "num_steps": 13 * EPOCH,
                "batch_size": 20,
                "eval_every": EPOCH,
                "state": "carried",
            },
            "evaluation": {
                "batch_size": 10,
                "window": 50,
                "state": "carried",
                "contexts": tuple(2**i for i in range(8)),
                "num_contexts": 1024,
                "free_running": 64,
                "passage": 120,
                "sample_length": 100,
            },
            "seed": 0,
        }
    )


def get_expected() -> list[dict[str, Any]]:
    """The numbers this should give, each with its spread over seeds."""
    return [
        {
            "part": "ptb_words",
            "cell": {},
            "metric": "test/loss",
            "value": 4.748,  # ln 115.3
            "spread": 0.03,
        }
    ]
