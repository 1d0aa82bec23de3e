"""Trained short, tested long: what does a model do beyond the lengths it has seen?

Claim. Where a model learns a task of states it keeps what it learned to lengths far
beyond those of training if its state is a recurrence of bounded values, and does not
where it counts positions; which lengths it was trained on decides how soon it learns.
Three parts: "lengths" trains each model on lengths up to each of four and tests it at
all of them and to 500, the whole matrix of training and test; "curricula" trains on
four ways of mixing the same lengths; "stream" trains on up to 40 bits and reads
100,000, answering after each. Accuracy with its floor at 1/2.

    python -m experiments.sweep --config=configs/extrapolation.py --store=results
    python -m experiments.report --name=extrapolation --store=results

    ... --config=configs/extrapolation.py:full  # 10 seeds, wider, every part to 100,000

A stream is tested on 32 examples of up to 100,000 answers each, the rest on 1,024 of
one answer.

Reached (5 seeds, half an hour on two busy cores): rnn, gru and lstm trained on up to 10
bits answer for 500, all seeds; trained on up to 40, gru in 5, lstm in 4, rnn in 3 of 5;
lru and tcn nowhere beyond 10. All three carry parity over 100,000 bits. Batches that
grow from 2 to 40 bits teach rnn, gru and lstm in every seed; 2 to 40 drawn evenly, or 2
and 40 in turns, or 40 alone teach none of them, where 1 to 40 does: a single bit first.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, tune, zipped

TITLE = "Trained short, tested long"

TRAINED = {"quick": (5, 10, 20, 40), "full": (8, 16, 32, 64, 128)}
TESTED = {
    "quick": (5, 10, 20, 40, 80, 160, 320, 500),
    "full": (8, 16, 32, 64, 128, 256, 500, 2048, 16_384, 100_000),
}
STREAMED = (40, 500, 2048, 16_384, 100_000)
MODELS = {
    "rnn": {"name": "rnn"},
    "gru": {"name": "gru"},
    "lstm": {"name": "lstm"},
    "lru": {"name": "lru"},
    "tcn": {"name": "tcn", "num_layers": 3},
}
OTHERS = {  # of the full size, too slow for two cores
    "gated_delta_net": {"name": "gated_delta_net"},
    "delta_net": {"name": "delta_net", "max_beta": 2.0},
}
# With train.min_length: from 5 bits up none of the models learned in 2,000 steps.
CURRICULA = {"none": 1, "uniform": 2, "linear": 2, "mix": 2}


def get_config(size: str = "quick") -> ConfigDict:
    """The base config of each part: parity, which every input changes."""
    _check(size)
    full = size == "full"
    longest, width = max(TRAINED[size]), 64 if full else 32
    base = {
        "task": {"name": "parity", "length": longest},
        "model": {"name": "lstm", "hidden_size": width, "embedding_size": width},
        "optimizer": {"name": "adam", "learning_rate": 3e-3, "clip_norm": 1.0},
        "train": {
            "num_steps": 20_000 if full else 2000,
            "batch_size": 64 if full else 32,
            "eval_every": 100,
            "stop_score": 1.0,
            "stop_patience": 2,
        },
        "evaluation": {
            "batch_size": 16 if full else 256,
            "num_validation": 256,
            "num_test": 1024,
            "lengths": TESTED[size],
            "chunk": 256 if full else 20,
        },
        "seed": 0,
    }
    return ConfigDict(
        {
            "lengths": _with(base, train={"curriculum": "uniform"}),
            "curricula": base,
            "stream": _with(
                base,
                task={"name": "cumulative_parity"},
                train={"curriculum": "uniform"},
                evaluation={
                    "batch_size": 16,
                    "num_test": 32,
                    "lengths": STREAMED,
                    "chunk": 256,
                },
            ),
        }
    )


def get_sweep(size: str = "quick") -> dict[str, tuple[Axis, ...]]:
    """Models by training length, by curriculum, and as streams, over 5 seeds."""
    _check(size)
    full = size == "full"
    known = {**MODELS, **(OTHERS if full else {})}
    models = compare("model", known)
    streaming = compare("model", {k: v for k, v in known.items() if k != "tcn"})
    rates = tune(
        "optimizer.learning_rate",
        (1e-3, 3e-3, 1e-2),
        seeds=(1000, 1001) if full else (1000,),
    )
    seeds = replicate(range(10 if full else 5))
    lengths = compare("task.length", TRAINED[size])
    curricula = zipped(
        compare("train.curriculum", tuple(CURRICULA)),
        compare("train.min_length", tuple(CURRICULA.values())),
    )
    return {
        "lengths": product(models, lengths, rates, seeds),
        "curricula": product(models, curricula, rates, seeds),
        "stream": product(streaming, rates, seeds),
    }


def get_expected(size: str = "quick") -> list[dict[str, Any]]:
    """Of the quick size: scores at the length of training, and at the stream's end."""
    _check(size)
    if size == "full":
        return []  # no full run has been recorded yet
    grown = {"part": "curricula", "metric": "test/score", "spread": 0.05}
    own = {"part": "lengths", "metric": "test/score"}
    return [
        {**own, "cell": {"model": "gru", "length": 40}, "value": 1.0, "spread": 0.02},
        {**own, "cell": {"model": "tcn", "length": 10}, "value": 1.0, "spread": 0.02},
        {**own, "cell": {"model": "lru", "length": 40}, "value": 0.0, "spread": 0.05},
        {**grown, "cell": {"model": "rnn", "curriculum": "linear"}, "value": 1.0},
        {**grown, "cell": {"model": "gru", "curriculum": "linear"}, "value": 0.98},
        {**grown, "cell": {"model": "gru", "curriculum": "uniform"}, "value": 0.0},
        *(
            {
                "part": "stream",
                "cell": {"model": model},
                "metric": "test/score",
                "value": value,
                "spread": 0.05,
            }
            for model, value in (
                ("rnn", 1.0),
                ("gru", 1.0),
                ("lstm", 1.0),
                ("lru", 0.0),
            )
        ),
    ]


def _with(base: dict[str, Any], **sections: dict[str, Any]) -> dict[str, Any]:
    return {**base, **{name: {**base[name], **new} for name, new in sections.items()}}


def _check(size: str) -> None:
    if size not in TRAINED:
        raise ValueError(f"extrapolation: size must be 'quick' or 'full', got {size!r}")
