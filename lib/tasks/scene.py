"""Scenes: a few coloured shapes on a light ground, drawn so that no two touch.

A scene has a number of shapes, each with a kind, a colour, a size and a place. Colours
differ within a scene. The squares around two shapes never overlap, so that of any two
shapes one is wholly left of, right of, above or below the other, usually by one axis
and sometimes by both.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from lib.tasks import canvas
from lib.tasks.canvas import KINDS, Shapes, draw
from lib.types import PRNGKey

# Alphabetical: captions tell shapes in the order of their colours' names.
COLOURS = dict(sorted(canvas.COLOURS.items()))
SIZES = ("small", "large")
_TRIES = 24  # places drawn for a shape, of which the first free one is taken


class SceneSpec(NamedTuple):
    """What scenes may hold; lengths are in shares of the picture's side."""

    side: int  # of the picture, in pixels
    min_shapes: int = 1
    max_shapes: int = 3
    num_kinds: int = len(KINDS)
    num_colours: int = len(COLOURS)
    half_widths: tuple[tuple[float, float], ...] = ((0.075, 0.095), (0.135, 0.16))
    ground: tuple[float, float] = (0.86, 1.0)  # its grey, from and to
    gap: float = 0.02  # left between the squares around two shapes


class Scene(NamedTuple):
    """N shapes at most; those not present are at the end and mean nothing."""

    kind: Int[Array, "*B N"]  # index into KINDS
    colour: Int[Array, "*B N"]  # index into COLOURS
    size: Int[Array, "*B N"]  # index into SIZES
    centre: Float[Array, "*B N 2"]  # row and column, in pixels
    half_width: Float[Array, "*B N"]  # in pixels
    present: Bool[Array, "*B N"]
    ground: Float[Array, "*B"]  # grey of the background, in [0, 1]


def draw_scene(key: PRNGKey, spec: SceneSpec) -> Scene:
    """One scene: the number of shapes uniform, attributes too, places where free.

    Kinds and sizes are independent; colours are drawn without replacement. Where all
    places tried for a shape are taken, the one with most room is used.
    """
    N, tried = spec.max_shapes, spec.max_shapes * _TRIES * 2
    # One draw for all that is random, because each compiles for half a second.
    shares = jax.random.uniform(key, (2 + 3 * N + spec.num_colours + tried,))
    below = lambda share, n: jnp.minimum((share * n).astype(jnp.int32), n - 1)
    count = spec.min_shapes + below(shares[0], N - spec.min_shapes + 1)
    kind, size, width = shares[2 : 2 + 3 * N].reshape(3, N)
    size = below(size, len(spec.half_widths))
    low, high = jnp.asarray(spec.half_widths, jnp.float32).T
    half_width = spec.side * (low[size] + width * (high - low)[size])
    colours = jnp.argsort(shares[2 + 3 * N : -tried]).astype(jnp.int32)
    dark, light = spec.ground
    return Scene(
        kind=below(kind, spec.num_kinds),
        colour=colours[:N],
        size=size,
        centre=_places(shares[-tried:].reshape(N, _TRIES, 2), half_width, spec),
        half_width=half_width,
        present=jnp.arange(N, dtype=jnp.int32) < count,
        ground=dark + (light - dark) * shares[1],
    )


def _places(
    drawn: Float[Array, "N tries 2"], half_width: Float[Array, " N"], spec: SceneSpec
) -> Float[Array, "N 2"]:
    """A centre for each shape, within the picture and clear of those before it."""
    margin = half_width + 1.0
    span = spec.side - 2 * margin
    tries = margin[:, None, None] + drawn * span[:, None, None]
    centre = tries[:, 0]
    for i in range(1, len(half_width)):
        apart = jnp.abs(tries[i][:, None, :] - centre[None, :i, :])
        room = jnp.max(apart, axis=-1) - (half_width[i] + half_width[:i])[None, :]
        least = jnp.min(room, axis=1)  # [tries]
        free = least >= spec.gap * spec.side
        chosen = jnp.where(jnp.any(free), jnp.argmax(free), jnp.argmax(least))
        centre = centre.at[i].set(tries[i, chosen])
    return centre


def render(scene: Scene, side: int) -> Float[Array, "side side 3"]:
    """The picture of one scene, in [0, 1]."""
    palette = jnp.asarray(np.array(list(COLOURS.values())), jnp.float32)
    shapes = Shapes(
        kind=scene.kind,
        colour=palette[scene.colour],
        centre=scene.centre,
        size=scene.half_width,
        present=scene.present,
    )
    return draw(shapes, side, jnp.broadcast_to(scene.ground, (3,)))


class Thing(NamedTuple):
    """One shape of a scene in words, and its centre (row, column) in pixels."""

    size: str
    colour: str
    kind: str
    row: float
    column: float


def things_of(scene: Any, index: int) -> tuple[Thing, ...]:
    """The shapes of scene `index` of a batch of scenes on the host, in words."""
    names = tuple(COLOURS)
    return tuple(
        Thing(
            SIZES[scene.size[index, i]],
            names[scene.colour[index, i]],
            KINDS[scene.kind[index, i]],
            float(scene.centre[index, i, 0]),
            float(scene.centre[index, i, 1]),
        )
        for i in np.flatnonzero(scene.present[index])
    )
