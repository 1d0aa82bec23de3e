"""Scenes for crops are drawn once, kept, and drawn again where the file is broken."""

import numpy as np
import pytest

from lib.tasks import crowd_pool
from lib.tasks.crowd_pool import draw_scene, make_pool

SETTINGS = ("validation", 2, 256, 1.0, 0.4, 72)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of its own, in which small pools are kept as well."""
    monkeypatch.setenv("HORIZON_CACHE", str(tmp_path))
    monkeypatch.setattr(crowd_pool, "_KEPT", 0)
    make_pool.cache_clear()
    yield tmp_path / "crowd"
    make_pool.cache_clear()


def again():
    make_pool.cache_clear()
    return make_pool(*SETTINGS)


def test_a_pool_is_read_as_it_was_drawn(cache, monkeypatch):
    drawn = make_pool(*SETTINGS)
    (path,) = cache.iterdir()
    monkeypatch.setattr(crowd_pool, "_draw", None)  # not called any more
    for a, b in zip(again(), drawn, strict=True):
        np.testing.assert_array_equal(a, b)
    assert path.suffix == ".npz"


@pytest.mark.parametrize("damage", [lambda b: b[:1000], lambda b: b"", None])
def test_a_broken_file_is_drawn_again(cache, damage):
    drawn = make_pool(*SETTINGS)
    (path,) = cache.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # one bit of a picture
    path.write_bytes(bytes(content) if damage is None else damage(bytes(content)))
    np.testing.assert_array_equal(again().pictures, drawn.pictures)
    np.testing.assert_array_equal(again().pictures, drawn.pictures)


def test_where_nothing_can_be_written_it_is_drawn(cache):
    cache.parent.joinpath("crowd").write_text("in the way")
    assert make_pool(*SETTINGS).pictures.shape == (2, 256, 256, 3)


def test_targets_of_a_pool_have_room_for_a_crop_around_them(cache):
    pool = make_pool(*SETTINGS)
    assert len(pool.places) >= 2
    assert pool.places[:, 1:].min() >= 72 and pool.places[:, 1:].max() < 256 - 72
    train = make_pool("train", *SETTINGS[1:])
    assert len(train.doubles) > len(pool.doubles)


def test_a_whole_scene_repeats_and_has_the_targets_asked_for():
    draw = lambda split, index, targets: draw_scene(
        split, index, 90, 100, 1.0, 0.4, targets
    )
    one = draw("test", 3, 1)
    np.testing.assert_array_equal(one.picture, draw("test", 3, 1).picture)
    assert len(one.targets) == 1 and len(draw("test", 3, 0).targets) == 0
    for other in (draw("test", 4, 1), draw("validation", 3, 1), draw("test", 3, 0)):
        assert (one.picture != other.picture).mean() > 0.3
