"""Scenes: stencils cover their known areas; targets stand where they are said to."""

import numpy as np
import pytest

from lib.tasks import crowd_scene
from lib.tasks.crowd_figure import (
    PARTS,
    TARGET,
    Manner,
    draw_double,
    draw_looks,
    paint_figure,
)
from lib.tasks.crowd_scene import draw_crowd, draw_places
from lib.tasks.crowd_stencil import Shape, paint, stencil

AREAS = {
    "disc": (Shape("disc", (1, -2, 9)), np.pi * 81),
    "ring": (Shape("ring", (0, 0, 9, 1.5)), np.pi * (10.5**2 - 7.5**2)),
    "stick": (Shape("stick", (-8, -6, 8, 6, 3)), 20 * 6 + np.pi * 9),
    "box": (Shape("box", (0, 3, 8, 5, 2)), 16 * 10 - (4 - np.pi) * 4),
    "dome": (Shape("dome", (4, 0, 12, 9)), np.pi * 12 * 9 / 2),
    "wedge": (Shape("wedge", (-10, 0, 24, 12)), 24 * 12),
}


@pytest.mark.parametrize("kind", AREAS)
@pytest.mark.parametrize("scale", [1.0, 1.7])
def test_a_stencil_covers_the_area_of_its_shape(kind, scale):
    shape, area = AREAS[kind]
    covered = stencil(shape, scale).cover.sum()
    assert covered == pytest.approx(area * scale**2, rel=0.03)


def test_stripes_cover_half_of_a_shape():
    shape = Shape("box", (0, 0, 20, 10, 0.1))
    for stripes in ((5.0, 0.0), (-5.0, 0.0)):
        half = stencil(shape._replace(stripes=stripes), 1.0).cover.sum()
        assert half == pytest.approx(400, rel=0.06)


def test_paint_mixes_by_cover_and_stops_at_the_border():
    mark = stencil(Shape("disc", (0, 0, 3)), 1.0)
    colour = np.float32([1, 0.5, 0])
    scene = np.zeros((30, 30, 3), np.float32)
    paint(scene, mark, 15, 14, colour)
    window = scene[15 + mark.top :, 14 + mark.left :]
    size = mark.cover.shape[0]
    np.testing.assert_allclose(window[:size, :size], mark.cover * colour, atol=1e-6)
    for place in ((0, 0), (0, 29), (29, 15), (-20, 5), (60, 60)):
        corner = np.zeros((30, 30, 3), np.float32)
        paint(corner, mark, *place, colour)
        wide = np.zeros((90, 90, 3), np.float32)
        paint(wide, mark, place[0] + 25, place[1] + 25, colour)
        np.testing.assert_allclose(corner, wide[25:55, 25:55], atol=1e-6)


def test_a_figure_is_as_large_and_where_it_is_said_to_be():
    for scale in (0.8, 1.0, 1.25):
        scene = np.zeros((140, 120, 3), np.float32)
        paint_figure(scene, TARGET, Manner(0, 0, False, scale, 1.0), 70, 60)
        rows = np.flatnonzero(scene.max(axis=(1, 2)) > 0.1)
        columns = np.flatnonzero(scene.max(axis=(0, 2)) > 0.1)
        assert rows[-1] - rows[0] == pytest.approx(56 * scale, abs=2.5)
        assert (rows[0] + rows[-1]) / 2 == pytest.approx(70, abs=1.5)
        assert (columns[0] + columns[-1]) / 2 == pytest.approx(60 - 2 * scale, abs=2.5)


def test_no_other_figure_is_the_target_however_similar():
    rng = np.random.default_rng(0)
    for similarity in (0.0, 0.9, 1.0):
        drawn = [draw_looks(rng, similarity) for _ in range(500)]
        assert TARGET not in drawn
        counts = zip(*drawn, strict=True)
        assert all(
            max(kinds) < count
            for kinds, count in zip(counts, PARTS.values(), strict=True)
        )


def test_doubles_differ_in_one_part_each_part_in_turn():
    rng = np.random.default_rng(0)
    drawn = np.array([draw_double(rng) for _ in range(400)])
    np.testing.assert_array_equal((drawn > 0).sum(axis=1), 1)
    assert ((drawn > 0).mean(axis=0) > 0.12).all()
    scene = draw_crowd(rng, 200, 200, 3.0, 0.0, [], doubles=1.0)
    assert len(scene.doubles) == round(3.0 * 260 * 240 / 1e4)
    assert len(draw_crowd(rng, 200, 200, 3.0, 0.0, []).doubles) == 0


@pytest.mark.parametrize("similarity", [0.0, 0.3, 0.6, 1.0])
def test_parts_shared_with_the_target_follow_the_similarity(similarity):
    rng = np.random.default_rng(1)
    drawn = np.array([draw_looks(rng, similarity) for _ in range(4000)])
    shared = (drawn == 0).sum(axis=1)
    # Binomial over five parts; where all five are shared one is given up.
    expected = 5 * similarity - similarity**5
    assert shared.mean() == pytest.approx(expected, abs=4 * shared.std() / 63 + 1e-9)


def test_a_scene_repeats_and_its_targets_are_given_back():
    draw = lambda seed: draw_crowd(
        np.random.default_rng(seed), 150, 170, 4.0, 0.4, [(70, 60), (90, 130)]
    )
    one, same, other = draw(0), draw(0), draw(1)
    np.testing.assert_array_equal(one.picture, same.picture)
    assert one.picture.shape == (150, 170, 3) and one.picture.dtype == np.uint8
    assert (one.picture != other.picture).mean() > 0.5
    np.testing.assert_array_equal(one.targets, [(70, 60), (90, 130)])
    empty = draw_crowd(np.random.default_rng(0), 80, 90, 1, 0, [])
    assert empty.targets.shape == (0, 2)


def test_a_crowd_of_any_density_leaves_its_target_to_be_seen():
    """Of the target's own pixels, the share that differs from them afterwards."""
    hidden = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        manner = Manner(0, 0, False, 1.0, 1.0)
        items = crowd_scene._crowd(rng, 120, 120, 25.0, 0.4, 0.0)
        target = crowd_scene._Item(88, 60, 60, 1.0, TARGET, manner, target=0)
        judge, scene, alone = crowd_scene._Hidden(), np.zeros((120, 120, 3)), None
        scene = scene.astype(np.float32)
        for item in sorted([*items, target], key=lambda item: item.foot):
            if judge.allows(item):
                crowd_scene._paint_item(scene, item)
            if item.target == 0:
                alone = scene.copy()
        blank = np.zeros_like(scene)
        paint_figure(blank, TARGET, manner, 60, 60)
        own = blank.max(axis=2) > 0.3
        hidden.append((np.abs(scene - alone).max(axis=2) > 0.02)[own].mean())
    # A shadow or a parasol's thin line hides a little more than its outline.
    assert max(hidden) < 1 - crowd_scene.MIN_VISIBLE + 0.1
    assert max(hidden) > 0.05  # it is not spared either


def test_places_keep_their_distance_and_margin():
    places = draw_places(np.random.default_rng(0), 300, 400, 40, 50)
    assert len(places) >= 10
    array = np.array(places)
    assert array.min() >= 40
    assert array[:, 0].max() < 260 and array[:, 1].max() < 360
    gaps = np.linalg.norm(array[:, None] - array[None], axis=-1)
    assert gaps[~np.eye(len(array), dtype=bool)].min() >= 50


def test_light_differs_between_scenes():
    means = [
        draw_crowd(np.random.default_rng(i), 60, 60, 0.01, 0, []).picture.mean()
        for i in range(10)
    ]
    assert np.std(means) > 5
