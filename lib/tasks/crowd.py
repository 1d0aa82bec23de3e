"""crowd: where in a crop of a crowded picture does one figure stand?

    inputs   [B, S, S, 3]  crops of scenes (lib/tasks/crowd_scene.py), S = 100
    targets  [B, P]        the distance, in pixels, of each place of the map from the
                           nearest target's centre; P = ceil(S / 8)^2 places, row by row

Place (i, j) is the middle of pixels 8 i to 8 i + 7, 8 j to 8 j + 7. Half of the crops
are cut around a target, which then lies anywhere in the scored region with equal
probability; a quarter around a double, which differs from the target in one part
only; the others anywhere. Most of those have no target. Scored are the places that are
16 pixels or more from the crop's border, but for those near a target that is itself
outside of the region.

`similarity` is the probability with which each of the five parts of another figure is
the target's; `density` the number of other figures on 100 x 100 pixels. Scenes are
drawn once on the host, `num_scenes` for training and a fourth as many for validation
and for test, each with as many targets as keep 100 pixels between them; crops are cut
on the device. For training there are more to learn from: targets keep 64 pixels, three
figures in ten are doubles, and brightness, contrast and tint of a crop vary.

The score is the share of crops with a target whose highest answer lies within 8 pixels
of it. Whoever answers without looking finds it if it happens to lie within 8 pixels of
the place that is always named: the floor, about 0.04. The optimum is taken as 1, though
a target may be hidden by a fourth, or another figure's only difference be hidden.
"""

from typing import Annotated, Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from lib.setting import Bound, Positive, Probability, Size
from lib.tasks.crowd_map import (
    MARGIN,
    NEAR,
    STRIDE,
    blind_hits,
    distance_map,
    false_alarm,
    focal,
    found,
    region,
)
from lib.tasks.crowd_pool import VERSION, make_pool
from lib.types import Batch, Interface, PRNGKey, Split, Task


def make_crowd(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    density: Positive = 4.0,
    similarity: Probability = 0.4,
    num_scenes: Size = 24,
    scene_side: Annotated[int, Bound(256, 4096)] = 640,
) -> Task:
    """Crops of `max_length` pixels a side."""
    longest = (scene_side - 1) // 2
    if not 2 * MARGIN + STRIDE <= max_length <= longest:
        raise ValueError(
            f"crowd: length is a crop's side, from {2 * MARGIN + STRIDE} to less than "
            f"half of scene_side, {longest}, got {max_length}."
        )
    count = num_scenes if split == "train" else -(-num_scenes // 4)
    pool = make_pool(split, count, scene_side, density, similarity, max_length)
    data = {name: jnp.asarray(value) for name, value in pool._asdict().items()}

    def sample(key: PRNGKey, data: Any, length: Int[Array, ""]) -> Batch:
        del length  # a picture is as large as it is
        cut_key, light_key = jax.random.split(key)
        corners, scenes = _cuts(cut_key, data, batch_size, max_length)
        crop = lambda scene, corner: lax.dynamic_slice(
            data["pictures"],
            (scene, corner[0], corner[1], jnp.int32(0)),
            (1, max_length, max_length, 3),
        )[0]
        images = jax.vmap(crop)(scenes, corners).astype(jnp.float32) / 255
        if split == "train":
            images = _relight(light_key, images)
        places = data["places"]
        own = places[None, :, 0] == scenes[:, None]
        distances, mask = distance_map(
            places[None, :, 1:] - corners[:, None, :], own, max_length
        )
        return Batch(images, distances, mask)

    chance = blind_hits(max_length) / region(max_length)[2] ** 2
    return Task(
        sample=sample,
        interface=Interface(0, 3, 1, image=(max_length, max_length, 3), stride=STRIDE),
        max_length=max_length,
        loss=focal,
        metrics={"found": found, "false_alarm": false_alarm},
        score_metric="found",
        floor=lambda length: chance,
        optimum=lambda length: 1.0,
        window_score=None,
        version=VERSION,
        data=data,
        system="location",
        facts={"density": density, "similarity": similarity, "within": NEAR},
    )


def _cuts(
    key: PRNGKey, data: Any, count: int, side: int
) -> tuple[Int[Array, "B 2"], Int[Array, " B"]]:
    """The corner and scene of each crop."""
    keys = jax.random.split(key, 6)
    first, last, _ = region(side)
    num_scenes, scene_side = data["pictures"].shape[:2]
    around = _pick(keys[0], data["places"], count)
    shift = jax.random.randint(keys[1], (count, 2), first * STRIDE, last * STRIDE)
    anywhere = jax.random.randint(keys[2], (count, 2), 0, scene_side - side + 1)
    scene = jax.random.randint(keys[3], (count,), 0, num_scenes)
    other = jnp.concatenate([scene[:, None], anywhere], axis=1)
    near = lambda place: jnp.concatenate([place[:, :1], place[:, 1:] - shift], axis=1)
    kind = jax.random.uniform(keys[4], (count, 1))
    cut = jnp.where(kind < 0.5, near(around), other)
    if len(data["doubles"]):
        double = near(_pick(keys[5], data["doubles"], count))
        cut = jnp.where(kind > 0.75, double, cut)
    return cut[:, 1:], cut[:, 0]


def _pick(key: PRNGKey, places: Int[Array, "M 3"], count: int) -> Int[Array, "B 3"]:
    return places[jax.random.randint(key, (count,), 0, len(places))]


def _relight(key: PRNGKey, images: Float[Array, "B S S 3"]) -> Float[Array, "B S S 3"]:
    """Brightness by up to 25 %, contrast by up to 25 %, a tint by up to 8 %."""
    keys = jax.random.split(key, 3)
    uniform = lambda key, width, reach: jax.random.uniform(
        key, (len(images), 1, 1, width), minval=1 - reach, maxval=1 + reach
    )
    average = jnp.mean(images, axis=(1, 2, 3), keepdims=True)
    images = (images - average) * uniform(keys[0], 1, 0.25) + average
    images = images * uniform(keys[1], 1, 0.25) * uniform(keys[2], 3, 0.08)
    return jnp.clip(images, 0, 1)
