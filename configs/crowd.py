"""One figure in a crowd: learned on crops of 100 x 100, found in whole scenes.

Claim. A fully convolutional network of 60,000 parameters that sees 70 pixels, trained
on crops of crowded pictures, finds the one figure among hundreds that share parts with
it in fresh scenes of a megapixel, and says when it is not there.

    python -m experiments.train --config=configs/crowd.py --part=crowd
    python -m experiments.locate --run=ID picture.png
    python -m experiments.locate --run=ID --benchmark
    python -m experiments.sweep --config=configs/crowd.py        # with `crowds`

`crowds` compares sparse and dense crowds, of figures that share few and many parts with
the one that is sought, after a tenth of the steps.

Reached with seed 0 after 3,000 steps (380 s of one thread on a machine busy with other
work; 63 million FLOPs a crop): of the test crops with the figure 0.997 are answered
within 8 pixels, and 0.005 of those without raise an alarm. Of 200 fresh scenes of a
megapixel, looked at twice, 196 (98.0 %, Wilson 95.0 to 99.2 %) are found; of the first
80 the peaks of the map alone find 75, the second look 79. With a threshold that 2 of 40
scenes without the figure reach, 189 of the 200 count as found. `crowds` has not been
recorded yet.
"""

from typing import Any

from ml_collections import ConfigDict

from lib.sweep import Axis, compare, override, product, replicate

TITLE = "One figure in a crowd"

BASE: dict[str, Any] = {
    "task": {
        "name": "crowd",
        "length": 100,
        "density": 4.0,
        "similarity": 0.4,
        "num_scenes": 64,
    },
    "model": {"name": "locator", "filters": (16, 32, 48), "context": (48, 48)},
    "optimizer": {
        "name": "adam",
        "learning_rate": 3e-3,
        "schedule": "cosine",
        "clip_norm": 1.0,
    },
    "train": {"num_steps": 3000, "batch_size": 16, "eval_every": 500},
    "evaluation": {
        "batch_size": 64,
        "num_validation": 256,
        "num_test": 512,
        "num_scenes": 40,
    },
    "seed": 0,
}
SHORT = {
    "task.num_scenes": 16,
    "train.num_steps": 300,
    "train.eval_every": 300,
    "evaluation.num_scenes": 8,
}


def get_config() -> ConfigDict:
    """The run that finds the figure, and a short one to compare crowds with."""
    return ConfigDict({"crowd": BASE, "crowds": override(BASE, SHORT)})


def get_sweep() -> dict[str, tuple[Axis, ...]]:
    """`crowd` is one run; `crowds` has two densities and two similarities."""
    return {
        "crowd": product(replicate(range(1))),
        "crowds": product(
            compare("task.density", (2.0, 8.0)),
            compare("task.similarity", (0.2, 0.7)),
            replicate(range(3)),
        ),
    }


def get_expected() -> list[dict[str, Any]]:
    """What seed 0 reached, with the spread that other seeds may have."""
    return [
        {
            "part": "crowd",
            "cell": {},
            "metric": "test/found",
            "value": 0.997,
            "spread": 0.015,
        }
    ]
