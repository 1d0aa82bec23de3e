"""Scenes with captions: a picture of a few shapes, and a sentence that tells them.

The picture is the model's first knowledge; then come the words said so far, and the
next word is asked for. A picture of a small red circle left of a large blue square:

    inputs   <begin> a large blue square is right of a small red circle
    targets  a large blue square is right of a small red circle .

Every word is scored, the END too; padding follows. A sequence of `length` tokens holds
the longest caption. Canonical captions tell the shapes in the order of their colours'
names (blue, green, grey, ...), each related to the next along the axis on which they
are further apart; "sampled" ones in any order, with either axis where both are true.
The first `num_details` shapes told are placed at the end, in words that repeat those of
an object told up to 4 max_shapes + 4 (max_shapes - 1) + 10 num_details tokens ago: the
length of a caption is the length of a dependency.

In the loss, in nats a word, the true words are fed (teacher forcing). `exact_match` is
the share of captions with every word right, which for greedy decoding is the same
whether true or own words are fed, as long as all were right so far. Its optimum is 1
but for near ties of the two axes, which canonical captions settle by a fraction of a
pixel. Its floor is the likeliest caption: one shape of one size, colour and kind, and
for a detail one place of four. What a caption means is scored by `scene_score`, from
the scene and not from the words that were drawn for it.
"""

import math
from collections.abc import Callable
from typing import Annotated

import jax
from jaxtyping import Array, Int, PyTree

from lib.data.caption import caption_batch
from lib.data.question import exact_match
from lib.loss import accuracy, cross_entropy
from lib.setting import Bound, Count
from lib.tasks.canvas import KINDS
from lib.tasks.scene import (
    COLOURS,
    SIZES,
    Scene,
    SceneSpec,
    draw_scene,
    render,
)
from lib.tasks.scene_grammar import SYMBOLS, Order, caption_size, tell
from lib.types import Batch, Interface, PRNGKey, Split, Task

Side = Annotated[int, Bound(16, 512)]
Shapes = Annotated[int, Bound(1, len(COLOURS))]

Drawer = Callable[[PRNGKey, Int[Array, ""]], tuple[Scene, Batch]]


def make_scenes(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    side: Side = 48,
    min_shapes: Shapes = 1,
    max_shapes: Shapes = 3,
    num_details: Count = 0,
    order: Order = "canonical",
) -> Task:
    """Pictures of `side` pixels and captions of up to `length` tokens."""
    del split  # scenes differ by key alone
    draw = make_drawer(
        batch_size,
        max_length,
        side=side,
        min_shapes=min_shapes,
        max_shapes=max_shapes,
        num_details=num_details,
        order=order,
    )

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        return draw(key, length)[1]

    size = len(SYMBOLS)
    return Task(
        sample=sample,
        interface=Interface(size, size, size, padding=True, image=(side, side, 3)),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"exact_match": exact_match, "accuracy": accuracy},
        score_metric="exact_match",
        floor=lambda length: _floor(min_shapes, max_shapes, num_details),
        optimum=lambda length: 1.0,
        window_score=None,
        version=1,
        system="captions",
        symbols=SYMBOLS,
        separator=" ",
        facts={
            "side": side,
            "max_shapes": max_shapes,
            "num_details": num_details,
            "longest_caption": caption_size(max_shapes, num_details),
        },
    )


def make_drawer(
    batch_size: int,
    max_length: int,
    *,
    side: int,
    min_shapes: int,
    max_shapes: int,
    num_details: int,
    order: Order,
) -> Drawer:
    """A function of (key, length) that draws scenes and the batch made of them.

    A caption longer than `length` is cut there, as a text is that is read in part.
    """
    longest = caption_size(max_shapes, num_details)
    if max_length < longest:
        raise ValueError(
            f"scenes: length must be at least {longest}, the longest caption of "
            f"{max_shapes} shapes and {num_details} details, got {max_length}."
        )
    if min_shapes > max_shapes:
        raise ValueError(
            f"scenes: min_shapes must be at most max_shapes = {max_shapes}, "
            f"got {min_shapes}."
        )
    spec = SceneSpec(side, min_shapes, max_shapes)

    def one(key: PRNGKey) -> tuple[Scene, Array, Array, Array]:
        scene_key, tell_key = jax.random.split(key)
        scene = draw_scene(scene_key, spec)
        tokens, size = tell(tell_key, scene, side, num_details, order)
        return scene, render(scene, side), tokens, size

    def draw(key: PRNGKey, length: Int[Array, ""]) -> tuple[Scene, Batch]:
        scene, image, tokens, size = jax.vmap(one)(jax.random.split(key, batch_size))
        batch = caption_batch(image, tokens, size, max_length, length)
        return scene, batch

    return draw


def _floor(min_shapes: int, max_shapes: int, num_details: int) -> float:
    """How often the likeliest caption is the one drawn: one with fewest shapes.

    Four relations and four places are equally likely; for three shapes and more, where
    two relations of a chain are not independent, this is that estimate.
    """
    n = min_shapes
    of_count = 1 / (max_shapes - min_shapes + 1)
    attributes = (len(SIZES) * len(KINDS)) ** n * math.comb(len(COLOURS), n)
    return of_count / attributes / 4 ** (n - 1) / 4 ** min(n, num_details)
