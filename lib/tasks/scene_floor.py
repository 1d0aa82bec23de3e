"""The best caption of a scene that nobody looked at.

All colours are equally likely, and so are all kinds and sizes: which of them a blind
caption names does not matter, only how many objects it tells, whether they differ in
each attribute, and how its relations run. All such patterns are tried on some scenes,
and the best one is scored on others.
"""

import itertools
from collections.abc import Sequence
from statistics import fmean

from lib.tasks.canvas import KINDS
from lib.tasks.scene import COLOURS, SIZES, Thing
from lib.tasks.scene_grammar import RELATIONS
from lib.tasks.scene_score import mark


def blind_caption(
    scenes: Sequence[Sequence[Thing]], side: int, num_details: int
) -> tuple[str, float]:
    """The best blind caption for the first half of the scenes, and its meaning
    score, in [0, 1], on the others."""
    cut = max(1, len(scenes) // 2)
    most = max(map(len, scenes))
    score = lambda caption, scenes: fmean(
        mark(caption.split(), things, side, num_details).meaning for things in scenes
    )
    best = max(
        _patterns(most, num_details), key=lambda caption: score(caption, scenes[:cut])
    )
    return best, score(best, scenes[cut:] or scenes)


def _patterns(most: int, num_details: int) -> list[str]:
    """One caption of every pattern."""
    mixes = itertools.product((False, True), repeat=3)
    patterns = itertools.product(range(1, most + 1), mixes, (False, True))
    return [_caption(*pattern, num_details) for pattern in patterns]


def _caption(count: int, mixed: Sequence[bool], turning: bool, num_details: int) -> str:
    """`mixed`: whether sizes, colours and kinds differ. Relations run one way, or turn
    by a right angle each time; details are all the same."""
    objects = []
    for i in range(count):
        attributes = zip((SIZES, tuple(COLOURS), KINDS), mixed, strict=True)
        objects.append(" ".join(w[i % len(w) if mix else 0] for w, mix in attributes))
    caption = f"a {objects[0]}"
    for i in range(1, count):
        link = "is" if i == 1 else "that is"
        relation = RELATIONS[2 if turning and i % 2 == 0 else 0]
        caption += f" {link} {relation} a {objects[i]}"
    for i in range(min(num_details, count)):
        caption += f" and the {objects[i]} is at the top left"
    return f"{caption} ."
