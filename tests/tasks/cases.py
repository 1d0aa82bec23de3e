"""The options and sizes with which the generated tasks of sequences are tested.

A registered task is tested with its defaults, or with the options that are given here,
each set of them a case of its own.
"""

from collections.abc import Mapping
from typing import Any

from lib.registry import ABILITIES

GENERATED = (*(name for tasks in ABILITIES.values() for name in tasks), "stories")

VARIANTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "recall": ({}, {"supervision": "every"}),
    "lag_copy": ({"num_answers": 4},),
    "noisy_recall": ({"num_cues": 2},),
    "associative_recall": ({"num_keys": 3, "num_values": 4},),
    "forgetting_mqar": ({"num_pairs": 2, "num_updates": 1, "vocabulary_size": 12},),
    "compositional_mqar": ({"vocabulary_size": 18},),
    "mqar": ({"num_pairs": 2, "vocabulary_size": 12, "fillers": "random"},),
    "selective_copy": (
        {"num_tokens": 4},
        {"num_tokens": 3, "placement": "first", "order": "reverse"},
    ),
}

# A length, and a longest one that it is padded to; and where a task needs longer ones.
USUAL_SIZES = (9, 24)
SIZES: Mapping[str, tuple[int, int]] = {
    "forgetting_mqar": (11, 24),
    "compositional_mqar": (25, 33),
}


def sizes_of(name: str) -> tuple[int, int]:
    """The length and the `max_length` with which a task is tested."""
    return SIZES.get(name, USUAL_SIZES)


def name_of(name: str, options: Mapping[str, Any]) -> str:
    """A case's name, as "recall-supervision=every"."""
    return "-".join([name, *(f"{k}={v}" for k, v in options.items())])
