"""A response map by bands is the whole one; its peak is where the figure is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.check import check_program
from lib.config import make_config
from lib.error import UserError
from lib.locate import (
    Peak,
    Search,
    Survey,
    calibrate,
    check_side,
    locate,
    make_response,
    make_search,
    peaks,
    rate_at,
    survey,
)
from lib.models.locator import make_locator
from lib.types import Interface
from tests.models.contract import draw_like
from tests.small import small

STRIDE = 4
MODEL = make_locator(
    Interface(0, 3, 1, image=(16, 16, 3), stride=STRIDE), filters=(4, 5), context=(6,)
)
PARAMS = draw_like(
    jax.eval_shape(MODEL.init, jax.random.key(0), jnp.zeros((1, 16, 16, 3)))
)
RANDOM = np.random.default_rng(0)


def whole(picture):
    """The model on the picture at once, in so much grey that no border is in reach."""
    height, width, _ = picture.shape
    rows, columns = -(-height // STRIDE), -(-width // STRIDE)
    frame = 40
    size = (rows * STRIDE + 2 * frame, columns * STRIDE + 2 * frame, 3)
    grey = np.full(size, 128, np.uint8)
    grey[frame : frame + height, frame : frame + width] = picture
    images = jnp.asarray(grey[None], jnp.float32) / 255
    answer = jax.jit(lambda x: MODEL.apply(PARAMS, (), x, None, None)[0])
    logits = answer(images).reshape(size[0] // STRIDE, size[1] // STRIDE)
    edge = frame // STRIDE
    return jax.nn.sigmoid(logits)[edge:-edge, edge:-edge]


@pytest.mark.parametrize("size", [(37, 50), (64, 41), (8, 8)])
def test_bands_give_the_map_of_the_whole_picture(size):
    picture = RANDOM.integers(0, 256, (*size, 3), dtype=np.uint8)
    expected = whole(picture)
    assert expected.shape == (-(-size[0] // STRIDE), -(-size[1] // STRIDE))
    for band_pixels in (10**9, size[1] * 13):
        found = make_response(MODEL, PARAMS, STRIDE, band_pixels)(picture)
        assert found.shape == expected.shape
        # Sums of a product may be taken in another order for another shape.
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_a_smaller_halo_would_show_at_the_seams():
    """The test above can fail: the field is needed in full."""
    picture = RANDOM.integers(0, 256, (64, 41, 3), dtype=np.uint8)
    blind = MODEL._replace(receptive_field=STRIDE)
    found = make_response(blind, PARAMS, STRIDE, 41 * 13)(picture)
    assert np.abs(found - whole(picture)).max() > 1e-3


def test_a_model_that_sees_everything_is_refused():
    with pytest.raises(ValueError, match="receptive field"):
        make_response(MODEL._replace(receptive_field=None), PARAMS, STRIDE)


def gaussian(shape, row, column, height=0.9):
    """What a figure's response is taught to be, sampled at the middles of cells."""
    rows = (np.arange(shape[0]) + 0.5) * 8 - 0.5
    columns = (np.arange(shape[1]) + 0.5) * 8 - 0.5
    square = (rows[:, None] - row) ** 2 + (columns[None] - column) ** 2
    return (height * np.exp(-square / 72)).astype(np.float32)


@pytest.mark.parametrize("place", [(50.0, 40.0), (47.3, 44.9), (51.6, 33.0)])
def test_a_peak_lies_between_the_places_of_the_map(place):
    found = peaks(gaussian((12, 11), *place), 8, 1)[0]
    assert (found.row, found.column) == pytest.approx(place, abs=1e-2)
    assert found.score == pytest.approx(0.9, abs=1e-3)


def test_a_figure_between_places_beats_a_lower_one_at_a_place():
    """On the map itself the lower one is higher, as it lies at a place."""
    between, at_place = (71.6, 71.7), (19.5, 19.5)
    response = np.maximum(
        gaussian((15, 15), *between, 0.95), gaussian((15, 15), *at_place, 0.7)
    )
    assert response[2, 2] == response.max()
    found, second = peaks(response, 8, 2)
    assert (found.row, found.column) == pytest.approx(between, abs=0.01)
    assert (second.row, second.column) == pytest.approx(at_place, abs=0.01)


def test_a_peak_at_the_border_and_a_level_map_have_a_place():
    corner = np.zeros((5, 6), np.float32)
    corner[0, 5] = 0.5
    found = peaks(corner, 8, 1)[0]
    assert (found.row, found.column) == (3.5, 43.5)
    # Least squares over the corner's 2 x 2 places: 0.5 / sum g^2, g = exp(-d^2 / 72).
    assert found.score == pytest.approx(0.5 / (1 + np.exp(-128 / 72)) ** 2)
    level = peaks(np.full((3, 3), 0.2, np.float32), 8, 1)[0]
    assert 0.2 < level.score < 0.5


def test_a_survey_counts_what_is_found_and_what_is_an_alarm():
    maps = [gaussian((9, 9), 20.0, 30.0), gaussian((9, 9), 40.0, 40.0, 0.3)]
    places = [np.array([[20, 31], [60, 60]]), np.array([[60, 40]])]
    empty = (np.zeros((72, 72, 3), np.uint8), np.zeros((0, 2), np.int64))
    scenes = [(np.full((72, 72, 3), i, np.uint8), p) for i, p in enumerate(places)]
    respond = lambda picture: maps[min(int(picture[0, 0, 0]), 1)]
    keep = lambda picture, peaks: [peak.score for peak in peaks]
    found = survey(Search(respond, keep, 8), [*scenes, empty])
    np.testing.assert_allclose(found.errors[:2], [1, 20], atol=0.05)
    assert found.errors[2] == np.inf
    assert found.found(0.5, 8) == 1 and found.found(0.95, 8) == 0
    assert found.found(0.0, 25) == 2
    assert found.alarms(0.5) == 2 and found.alarms(0.2) == 3


@pytest.mark.parametrize(("rate", "allowed"), [(0.0, 0), (0.05, 5), (0.5, 50)])
def test_the_threshold_lets_the_rate_through_and_no_more(rate, allowed):
    scores = RANDOM.permutation(np.linspace(0.1, 0.9, 100))
    threshold = calibrate(scores, rate)
    assert Survey(scores, scores).alarms(threshold) == allowed
    lower = np.sort(scores)[::-1][allowed]
    assert threshold == pytest.approx(lower, abs=1e-12)


def test_more_megapixels_have_more_false_alarms():
    assert rate_at(0.05, 1.0) == rate_at(0.05, 0.3) == pytest.approx(0.05)
    assert rate_at(0.05, 12) == pytest.approx(1 - 0.95**12)
    assert rate_at(0.0, 12) == 0


def test_a_second_look_sees_what_the_map_sees_where_the_figure_lies_alike():
    """At a place in the middle of its square one of the looks is the map's own crop."""
    picture = RANDOM.integers(0, 256, (64, 72, 3), dtype=np.uint8)
    search = make_search(MODEL, PARAMS, STRIDE)
    places = [Peak(29.5, 33.5, 0.0), Peak(1.5, 69.5, 0.0), Peak(30.3, 34.0, 0.0)]
    scores = search.look(picture, places)
    assert len(scores) == 3 and len(set(scores)) == 3
    assert scores == search.look(picture, places)
    alone = search.look(picture, places[1:2])
    np.testing.assert_allclose(alone, scores[1:2], rtol=1e-5)
    # By hand: the picture moved by each shift, read whole, at the place's square.
    steps = np.array([-1.5, -0.5, 0.5, 1.5])
    seen, shape = [], []
    for down in steps:
        for across in steps:
            # The square's middle is at 1.5 + 4 k: the corner of a whole square.
            top, left = round(29.5 - down - 17.5), round(33.5 - across - 17.5)
            moved = whole(picture[top:, left:])
            gap = (29.5 - top - 17.5) ** 2 + (33.5 - left - 17.5) ** 2
            seen.append(float(moved[4, 4]))
            shape.append(np.exp(-gap / 72))
    expected = np.dot(seen, shape) / np.dot(shape, shape)
    np.testing.assert_allclose(scores[0], expected, rtol=1e-4)


def test_the_second_look_decides_between_the_peaks_of_the_map():
    response = np.maximum(
        gaussian((9, 9), 20.0, 20.0, 0.9), gaussian((9, 9), 52.0, 52.0, 0.8)
    )
    look = lambda picture, peaks: [1 - peak.score for peak in peaks]
    shown, found = locate(
        Search(lambda picture: response, look, 8), np.zeros((72, 72, 3), np.uint8)
    )
    assert shown is response
    assert (found.row, found.column) != pytest.approx((20.0, 20.0), abs=0.5)


def test_scenes_are_for_runs_that_locate():
    config = make_config(small(evaluation__num_scenes=3))
    with pytest.raises(UserError, match="recall: evaluation.num_scenes needs"):
        check_program(config)


def test_a_picture_without_room_for_a_figure_is_refused():
    with pytest.raises(UserError, match="small.png: 30 x 90 pixels; .* at least 36"):
        check_side("small.png", (90, 30, 3), 36)
    check_side("large.png", (36, 36, 3), 36)
