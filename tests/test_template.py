"""Normalised cross-correlation against a float64 loop, and what it does not see."""

import numpy as np
import pytest

from lib.error import UserError
from lib.template import (
    SCALES,
    check_template,
    correlate,
    find_template,
    largest_size,
    over_picture,
    prepare,
    rescale,
    to_grey,
)

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (61, 83, 3), dtype=np.uint8)


def smooth(height, width, seed=0):
    """A picture with structure at several scales."""
    from PIL import Image

    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cell in (3, 7, 20):
        size = (height // cell + 2, width // cell + 2, 3)
        coarse = random.integers(0, 256, size, dtype=np.uint8)
        image = Image.fromarray(coarse).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        total += np.asarray(image, np.float64)
    return np.rint(total / 3).astype(np.uint8)


def grey_of(picture):
    """Luma with the weights in 256ths, in grey levels."""
    return picture.astype(np.float64) @ [77, 150, 29] / 256


def loop(f, t):
    """Lewis 1995, equation 2."""
    h, w = t.shape
    t = t - t.mean()
    g = np.zeros((f.shape[0] - h + 1, f.shape[1] - w + 1))
    for u in range(g.shape[0]):
        for v in range(g.shape[1]):
            window = f[u : u + h, v : v + w] - f[u : u + h, v : v + w].mean()
            below = np.sqrt((window**2).sum() * (t**2).sum())
            g[u, v] = (window * t).sum() / below if below else 0
    return g


def test_grey_weighs_the_colours():
    np.testing.assert_allclose(to_grey(NOISE) / 256, grey_of(NOISE), rtol=1e-12)


@pytest.mark.parametrize("size", [(9, 12), (61, 83), (5, 40)])
def test_correlation_is_the_loops(size):
    t = grey_of(RANDOM.integers(0, 256, (*size, 3), dtype=np.uint8))
    found = correlate(prepare(NOISE, size), t)
    # float32 transforms of values up to 128 over 5,000 pixels.
    np.testing.assert_allclose(found, loop(grey_of(NOISE), t), rtol=0, atol=2e-5)


def test_tiles_meet_without_a_seam():
    picture = smooth(90, 700)
    t = grey_of(picture[30:42, 500:515])
    prepared = prepare(picture, (20, 20))
    assert len(prepared.spectra) > 1 and prepared.side < 700
    found = correlate(prepared, t)
    np.testing.assert_allclose(found, loop(grey_of(picture), t), rtol=0, atol=2e-5)


def test_a_cut_out_is_found_where_it_was_cut():
    picture = smooth(120, 150)
    found = find_template(prepare(picture, (27, 27)), picture[40:64, 71:95])
    assert (found.row, found.column) == (51.5, 82.5)
    assert found.score == pytest.approx(1, abs=1e-5) and found.scale == 1
    shown = over_picture(found, picture.shape)
    assert shown.shape == (120, 150) and shown[0, 0] == -1
    assert np.unravel_index(shown.argmax(), shown.shape) == (51, 82)


def test_brightness_and_contrast_do_not_matter():
    picture = smooth(120, 150)
    t = grey_of(picture[40:64, 71:95])
    prepared = prepare(picture, (24, 24))
    plain = correlate(prepared, t)
    np.testing.assert_allclose(correlate(prepared, 0.4 * t + 30), plain, atol=2e-5)
    np.testing.assert_allclose(correlate(prepared, -t), -plain, atol=2e-5)


@pytest.mark.parametrize("scale", [0.9, 1.1])
def test_another_scale_is_found(scale):
    from PIL import Image

    picture = smooth(160, 170, seed=3)
    side = round(48 * scale)
    cut = Image.fromarray(picture[50:98, 60:108].copy()).resize((side, side))
    found = find_template(prepare(picture, (58, 58)), np.asarray(cut))
    assert np.hypot(found.row - 73.5, found.column - 83.5) < 2
    assert found.scale == pytest.approx(1 / scale, abs=0.02)
    assert found.score > 0.9


def test_windows_without_texture_score_nothing():
    picture = np.full((60, 60, 3), 90, np.uint8)
    picture[30:50, 30:50] = smooth(20, 20)
    t = grey_of(picture[34:44, 34:44])
    g = correlate(prepare(picture, (10, 10)), t)
    assert (g[:18, :18] == 0).all()
    assert np.unravel_index(g.argmax(), g.shape) == (34, 34)


def test_scales_that_do_not_fit_are_left_out():
    picture = smooth(50, 60)
    template = picture[1:49, 2:60]
    largest = largest_size(template, picture.shape)
    assert largest == (48, 58)  # at 1.05 it is 61 columns wide
    found = find_template(prepare(picture, largest), template)
    assert found.score == pytest.approx(1, abs=1e-5)


def test_rescaling_keeps_a_level_and_a_slope():
    slope = np.add.outer(np.arange(40.0), 2 * np.arange(50.0)).astype(np.float32)
    half = rescale(slope, 0.5)
    assert half.shape == (20, 25)
    middles = np.add.outer(2 * np.arange(20) + 0.5, 2 * (2 * np.arange(25) + 0.5))
    np.testing.assert_allclose(half[3:-3, 3:-3], middles[3:-3, 3:-3], atol=1e-3)
    np.testing.assert_allclose(rescale(np.full((9, 9), 7.0, np.float32), 1.3), 7.0)


def test_a_template_larger_than_the_picture_is_refused():
    with pytest.raises(UserError, match="84 x 20 pixels do not fit .* 83 x 61"):
        check_template(np.zeros((20, 84, 3), np.uint8), NOISE.shape)


def test_a_flat_template_is_refused():
    flat = np.full((20, 20, 3), 77, np.uint8)
    flat[0, 0] = 78
    with pytest.raises(UserError, match="is flat: .* at least 0.5"):
        check_template(flat, NOISE.shape)


def test_a_template_of_a_few_pixels_is_refused():
    with pytest.raises(UserError, match="4 x 9 pixels are too few"):
        check_template(NOISE[:9, :4], NOISE.shape)
    check_template(NOISE[:9, :9], NOISE.shape, SCALES)
