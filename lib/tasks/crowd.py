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

import math
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from lib.loss import masked, mean
from lib.setting import Bound, Positive, Probability, Size
from lib.tasks.crowd_pool import VERSION, make_pool
from lib.types import Batch, Interface, Mean, Metric, PRNGKey, Split, Task

STRIDE = 8
NEAR = 8.0  # pixels: found
WIDTH = 6.0  # standard deviation of the soft target around a figure, in pixels
_MARGIN = 16  # pixels at a crop's border that are not scored
_FAR = 24.0  # pixels: beyond them a place has nothing to do with a target
_HALF_CELL = math.sqrt(2 * (STRIDE / 2) ** 2)


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
    if not 2 * _MARGIN + STRIDE <= max_length <= scene_side // 2:
        raise ValueError(
            f"crowd: length is a crop's side, from {2 * _MARGIN + STRIDE} to half of "
            f"scene_side, {scene_side // 2}, got {max_length}."
        )
    count = num_scenes if split == "train" else -(-num_scenes // 4)
    pool = make_pool(split, count, scene_side, density, similarity, max_length)
    data = {name: jnp.asarray(value) for name, value in pool._asdict().items()}
    metrics = {"found": Metric(_found, mean), "false_alarm": Metric(_alarms, mean)}

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

    chance = blind_hits(max_length) / _region(max_length)[2] ** 2
    return Task(
        sample=sample,
        interface=Interface(0, 3, 1, image=(max_length, max_length, 3), stride=STRIDE),
        max_length=max_length,
        loss=Metric(_focal, mean),
        metrics=metrics,
        score_metric="found",
        floor=lambda length: chance,
        optimum=lambda length: 1.0,
        window_score=None,
        version=VERSION,
        data=data,
        system="location",
        facts={"density": density, "similarity": similarity, "within": NEAR},
    )


def _region(side: int) -> tuple[int, int, int]:
    """First scored cell, one past the last, and the pixels a side of their squares."""
    first, last = _MARGIN // STRIDE, (side - _MARGIN) // STRIDE
    return first, last, (last - first) * STRIDE


def centres(side: int) -> Float[np.ndarray, " p"]:
    """The middle of each cell along one side, in pixels: 3.5, 11.5, ..."""
    return np.arange(-(-side // STRIDE)) * STRIDE + (STRIDE - 1) / 2


def distance_map(
    places: Int[Array, "B M 2"], own: Array, side: int
) -> tuple[Float[Array, "B P"], Float[Array, "B P"]]:
    """How far each cell is from the nearest of its crop's targets, and what is scored.

    `places` are relative to the crop's corner; those that are not `own` are ignored.
    """
    first, last, _ = _region(side)
    low, high = first * STRIDE, last * STRIDE
    inside = own & jnp.all((places >= low) & (places < high), axis=-1)
    middle = jnp.asarray(centres(side), jnp.float32)

    def nearest(which: Array) -> Array:
        gap = lambda axis: jnp.square(
            places[:, None, :, axis].astype(jnp.float32) - middle[None, :, None]
        )
        square = gap(0)[:, :, None, :] + gap(1)[:, None, :, :]  # [B, p, p, M]
        square = jnp.where(which[:, None, None, :], square, jnp.inf)
        return jnp.sqrt(jnp.min(square, axis=-1)).reshape(len(places), -1)

    cell = np.arange(len(centres(side)))
    scored = (cell >= first) & (cell < last)
    mask = jnp.asarray((scored[:, None] & scored[None, :]).reshape(1, -1))
    to_inside, to_outside = nearest(inside), nearest(own & ~inside)
    mask = mask & ((to_outside > _FAR) | (to_inside <= to_outside))
    return jnp.minimum(to_inside, to_outside), mask.astype(jnp.float32)


def blind_hits(side: int) -> int:
    """Of the places a target may have, how many are near the best cell to name."""
    first, last, _ = _region(side)
    at = np.arange(first * STRIDE, last * STRIDE)
    middle = centres(side)[first:last]
    near = np.square(at[None, :] - middle[:, None])  # [cells, pixels]
    hits = near[:, None, :, None] + near[None, :, None, :] <= NEAR**2
    return int(hits.sum(axis=(2, 3)).max())


def _cuts(
    key: PRNGKey, data: Any, count: int, side: int
) -> tuple[Int[Array, "B 2"], Int[Array, " B"]]:
    """The corner and scene of each crop."""
    keys = jax.random.split(key, 6)
    first, last, _ = _region(side)
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


def _focal(outputs: Float[Array, "B P 1"], batch: Batch) -> Mean:
    """Quality focal loss (Li et al. 2020, arXiv:2006.04388), in nats a crop.

    |y - p|^2 (-y log p - (1 - y) log(1 - p)) summed over the scored places, with
    p = sigmoid(output) and y = exp(-d^2 / 2 s^2) at d pixels from the figure, s = 6.
    """
    logits = outputs[..., 0]
    y = jnp.exp(-jnp.square(batch.targets) / (2 * WIDTH**2))
    nats = jax.nn.softplus(logits) - logits * y
    total = jnp.sum(jnp.square(y - jax.nn.sigmoid(logits)) * nats * batch.mask)
    return Mean(total, jnp.float32(len(logits)))


def _peak(outputs: Float[Array, "B P 1"], batch: Batch) -> tuple[Array, Array, Array]:
    """The highest scored answer, its distance from a figure, whether there is one."""
    answers = jnp.where(batch.mask > 0, outputs[..., 0], -jnp.inf)
    at = jnp.argmax(answers, axis=1)[:, None]
    pick = lambda values: jnp.take_along_axis(values, at, axis=1)[:, 0]
    nearest = jnp.min(jnp.where(batch.mask > 0, batch.targets, jnp.inf), axis=1)
    return pick(answers), pick(batch.targets), nearest <= _HALF_CELL


def _found(outputs: Float[Array, "B P 1"], batch: Batch) -> Mean:
    """Share of the crops with a target whose highest answer is within 8 pixels."""
    _, distance, there = _peak(outputs, batch)
    return masked((distance <= NEAR).astype(jnp.float32), there.astype(jnp.float32))


def _alarms(outputs: Float[Array, "B P 1"], batch: Batch) -> Mean:
    """Share of the crops without a target that have an answer above 1/2."""
    highest, _, there = _peak(outputs, batch)
    return masked((highest > 0).astype(jnp.float32), 1 - there.astype(jnp.float32))
