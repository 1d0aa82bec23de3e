"""What is related to what? Questions about pictures of coloured shapes, in words.

Claim. On Sort-of-CLEVR's scenes and questions a network that attends to the thing a
question names answers questions about it. Those about its relations to others are the
aim of the second hop; within these steps they were not learned.

    python -m experiments.sweep --config=configs/scene_questions.py
    python -m experiments.sweep --config=configs/scene_questions.py:clauses
    python -m experiments.sweep --config=configs/scene_questions.py:pairs   # slower
    python -m experiments.answer --run=ID picture.png "what shape is the red thing ?"

The specification is that of Santoro et al. 2017 (arXiv:1706.01427, section 4.2): 75 x
75 pixels, six things of six colours, half of the questions about one thing (shape, left
or right, top or bottom), half about relations (shape of the closest, of the furthest,
how many of the same shape). Pictures are drawn anew for every batch, where the
published set has 9,800 fixed ones with 20 questions each (`task.num_pictures`): nothing
can be learned by heart. Published: relation network 99 % about one thing and 89 % about
relations after 20 epochs (3.9 million questions), convolutional network with a
feed-forward head 66 % and 66 % after 100.

Reached on test: relation chain after 14,000 steps (2.24 million questions, seed 0,
19 minutes of a core shared with others, 20 steps a second on a quiet one) 0.999 about
one thing and 0.922 about relations (closest 0.876, furthest 0.964, same shape 0.925).
After 3,000 steps, 3 seeds, 0.997, 0.995 and 0.669 about one thing, 0.539, 0.533 and
0.715 about relations: the third seed counts shapes first. cnn and mlp was not run to
its end. A model that is shown white pictures: 0.469, 0.477, 0.460 of all questions;
floors: question only 0.470 (one thing 0.506, relations 0.437), picture only 0.350
(0.397, 0.477), one answer 0.254. A step of relation_chain takes 33 ms of one core, of
cnn_mlp 16, of relation_network of size 32 54.

`clauses` asks for the shape, colour or side of what a chain of 0 to 3 relations names:
"what colour is the thing left of the thing just above the red thing ?"
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, product, replicate, zipped

TITLE = "Questions about pictures of coloured shapes"

OPTIONS = ("sort_of_clevr", "pairs", "clauses")

# Each with what it is trained on beside the common settings.
MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "relation chain": {
        "model": {"name": "relation_chain", "num_hops": 1},
        # Relations are understood after about 8,000 steps, what is named after 2,000.
        "train": {"num_steps": 14_000, "eval_every": 1000},
    },
    "cnn and mlp": {"model": {"name": "cnn_mlp"}},
    "question alone": {
        "model": {"name": "cnn_mlp", "filters": (4, 4, 4, 4)},
        "task": {"blind": "image"},
        "train": {"num_steps": 1000},
    },
}
PAIRS: dict[str, dict[str, dict[str, Any]]] = {
    "relation network": {
        "model": {"name": "relation_network", "relation_size": 32},
    },
}
CHAINS: dict[str, dict[str, dict[str, Any]]] = {
    f"hops: {hops}": {"model": {"name": "relation_chain", "num_hops": hops}}
    for hops in (2, 1)
}


def get_config(option: str = "sort_of_clevr") -> ConfigDict:
    """The base config of one part; the option is its name."""
    _check(option)
    task = {
        "name": "scene_questions",
        "length": 12,
        "questions_per_picture": 20,
        "blind": "none",
    }
    if option == "clauses":
        task |= {"length": 16, "num_clauses": 2, "kinds": ("shape", "colour", "left")}
    return ConfigDict(
        {
            "task": task,
            "model": {"name": "relation_chain"},
            "optimizer": {
                "name": "adam",
                "learning_rate": 2e-3,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {
                "num_steps": 3000,
                "batch_size": 160,
                "eval_every": 500,
            },
            "evaluation": {
                "batch_size": 1280,
                "num_validation": 1280,
                "num_test": 12_800,
                "num_answers": 4,
            },
            "seed": 0,
        }
    )


def get_sweep(option: str = "sort_of_clevr") -> dict[str, tuple[Axis, ...]]:
    """The models of a part, each with its own steps."""
    _check(option)
    models = {"sort_of_clevr": MODELS, "pairs": PAIRS, "clauses": CHAINS}[option]
    axes = [
        compare(section, {name: own.get(section, {}) for name, own in models.items()})
        for section in ("model", "task", "train")
    ]
    return {"scene_questions": product(zipped(*axes), replicate(range(3)))}


def get_expected(option: str = "sort_of_clevr") -> list[dict[str, Any]]:
    """What it should give, with the spread over seeds."""
    _check(option)
    if option != "sort_of_clevr":
        return []
    return [
        {
            "part": "scene_questions",
            "cell": {"model": model},
            "metric": f"test/{metric}",
            "value": value,
            "spread": spread,
        }
        for model, metric, value, spread in (
            ("relation chain", "one_object", 0.999, 0.02),
            ("relation chain", "relations", 0.922, 0.05),  # seed 0
            ("question alone", "accuracy", 0.469, 0.015),
        )
    ]


def _check(option: str) -> None:
    if option not in OPTIONS:
        known = ", ".join(map(repr, OPTIONS))
        raise ValueError(
            f"scene_questions: option must be one of {known}, got {option!r}"
        )
