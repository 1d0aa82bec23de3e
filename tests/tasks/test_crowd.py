"""Crops: the map says how far the figure is; the floor is reached without looking."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.crowd import make_crowd
from lib.tasks.crowd_map import blind_hits, centres, distance_map
from lib.types import Batch

SMALL = {"num_scenes": 2, "scene_side": 256, "density": 1.0}
SIDE = 72  # cells 2 to 6 are scored: pixels 16 to 55


@functools.cache
def drawn(split, batch_size=64):
    task = make_crowd(split, batch_size, SIDE, **SMALL)
    sample = jax.jit(task.sample)
    return task, sample(jax.random.key(0), task.data, jnp.int32(SIDE))


def mapped(places, own):
    many = jax.jit(distance_map, static_argnums=2)
    return jax.device_get(many(jnp.asarray(places), jnp.asarray(own), SIDE))


def test_places_are_the_middles_of_their_squares():
    np.testing.assert_array_equal(centres(20), [3.5, 11.5, 19.5])


def test_the_map_says_how_far_each_place_is_from_the_nearest_figure():
    places = np.array([[[20, 30], [50, 44], [40, 40]]])
    own = np.array([[True, True, False]])
    distances, mask = mapped(places, own)
    grid = np.arange(9) * 8 + 3.5
    for i, row in enumerate(grid):
        for j, column in enumerate(grid):
            gaps = [np.hypot(row - r, column - c) for r, c in places[0, :2]]
            assert distances[0, 9 * i + j] == pytest.approx(min(gaps), rel=1e-5)
    expected = np.zeros((9, 9))
    expected[2:7, 2:7] = 1
    np.testing.assert_array_equal(mask[0].reshape(9, 9), expected)


def test_places_near_a_figure_outside_of_the_region_are_not_scored():
    places, own = np.array([[[12, 30]]]), np.array([[True]])
    distances, mask = mapped(places, own)
    shown = mask[0].reshape(9, 9)
    near = (distances[0] <= 24).reshape(9, 9)
    assert near[2:7, 2:7].any()
    np.testing.assert_array_equal(shown[2:7, 2:7], ~near[2:7, 2:7])


def test_a_crop_shows_the_figure_where_the_map_says():
    """The mean of the patches around the target's place is its shirt's red."""
    task, batch = drawn("validation")
    images = np.asarray(batch.inputs)
    assert images.shape == (64, SIDE, SIDE, 3) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1
    distances = np.asarray(batch.targets)
    patches = []
    for image, distance, scored in zip(
        images, distances, np.asarray(batch.mask), strict=True
    ):
        at = np.argmin(np.where(scored > 0, distance, np.inf))
        if scored[at] and distance[at] < 3:
            row, column = (int(8 * v + 4) for v in divmod(int(at), 9))
            patches.append(image[row - 4 : row + 5, column - 3 : column + 4])
    assert len(patches) > 5
    # The middle of a figure is its red and white shirt, above blue trousers.
    red, green, blue = np.mean(patches, axis=(0, 1, 2))
    assert red > 1.15 * green and red > 1.15 * blue


def test_half_of_the_crops_are_cut_around_a_target():
    _, batch = drawn("validation")
    nearest = np.where(np.asarray(batch.mask) > 0, batch.targets, np.inf).min(axis=1)
    share = (nearest <= 4 * np.sqrt(2)).mean()
    assert 0.35 < share < 0.8


def test_only_training_varies_the_light():
    ratios = {}
    for split in ("train", "validation"):
        task, batch = drawn(split)
        quantised = np.asarray(batch.inputs) * 255
        ratios[split] = np.abs(quantised - np.rint(quantised)).max()
    assert ratios["validation"] < 1e-3 < ratios["train"]


def test_splits_have_scenes_of_their_own():
    pictures = {s: drawn(s)[0].data["pictures"] for s in ("train", "validation")}
    assert (pictures["train"][0] != pictures["validation"][0]).mean() > 0.5


def test_the_floor_is_what_naming_one_place_reaches():
    task, _ = drawn("validation")
    region = 40
    near = sum(
        (row - 35.5) ** 2 + (column - 35.5) ** 2 <= 64
        for row in range(16, 56)
        for column in range(16, 56)
    )
    assert blind_hits(SIDE) == near
    assert task.floor(SIDE) == near / region**2
    draws = np.random.default_rng(0).integers(16, 56, (200_000, 2))
    hits = (np.hypot(*(draws - 35.5).T) <= 8).mean()
    assert task.floor(SIDE) == pytest.approx(hits, abs=0.003)


def _batch(distances, mask=None):
    distances = jnp.asarray(distances, jnp.float32)
    mask = jnp.ones_like(distances) if mask is None else jnp.asarray(mask, jnp.float32)
    return Batch(jnp.zeros(()), distances, mask)


def test_found_counts_peaks_within_8_pixels_among_crops_with_a_target():
    task, _ = drawn("validation")
    inf = float("inf")
    batch = _batch(
        [[3.0, 11.0, 20.0], [5.0, 7.9, 30.0], [4.0, 9.0, 1.0], [inf, inf, inf]],
        [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1]],
    )
    logits = jnp.asarray([[0.0, 2, 1], [-3, -1, -2], [0, 1, 9], [5, 4, 3]])[..., None]
    metric = task.metrics["found"]
    sums = metric.accumulate(logits, batch)
    assert float(sums.count) == 3  # the last crop has none
    assert metric.finalize(sums) == pytest.approx(1 / 3)
    alarms = task.metrics["false_alarm"]
    assert alarms.finalize(alarms.accumulate(logits, batch)) == 1.0
    quiet = alarms.accumulate(logits - 6, batch)
    assert alarms.finalize(quiet) == 0.0


def test_the_loss_is_the_quality_focal_loss():
    task, _ = drawn("validation")
    batch = _batch([[0.0, 6.0, 40.0, 2.0]], [[1, 1, 1, 0]])
    logits = np.array([0.3, -1.2, -2.0, 5.0])
    p = 1 / (1 + np.exp(-logits))
    y = np.exp(-(np.array([0.0, 6.0, 40.0]) ** 2) / 72)
    nats = -(y * np.log(p[:3]) + (1 - y) * np.log(1 - p[:3])) * (y - p[:3]) ** 2
    sums = task.loss.accumulate(jnp.asarray(logits, jnp.float32)[None, :, None], batch)
    assert task.loss.finalize(sums) == pytest.approx(nats.sum(), rel=1e-5)


def test_the_loss_is_finite_where_there_is_no_target():
    task, _ = drawn("validation")
    batch = _batch([[float("inf")] * 3])
    value, slope = jax.value_and_grad(lambda x: task.loss.accumulate(x, batch).total)(
        jnp.asarray([[[1.0], [-2], [0]]])
    )
    assert np.isfinite(value) and np.isfinite(slope).all()


@pytest.mark.parametrize("side", [39, 128])
def test_a_side_out_of_range_is_named(side):
    with pytest.raises(
        ValueError, match=f"crowd: length .* from 40 to .* 127, got {side}"
    ):
        make_crowd("train", 2, side, **SMALL)
