"""Scenes and what is said of them: pictures, the grammar, and marks by meaning."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.scene import COLOURS, Thing, things_of
from lib.tasks.scene_floor import blind_caption
from lib.tasks.scene_grammar import SYMBOLS, Object, caption_size, parse
from lib.tasks.scene_score import mark
from lib.tasks.scenes import make_drawer, make_scenes

SIDE, NUM, LENGTH = 48, 128, 60
SETTINGS = {"side": SIDE, "min_shapes": 1, "max_shapes": 4, "num_details": 2}
# A small red circle at the top left, a large blue square right of it and lower, and a
# small green cross below both.
THINGS = (
    Thing("small", "red", "circle", 10.0, 10.0),
    Thing("large", "blue", "square", 14.0, 36.0),
    Thing("small", "green", "cross", 40.0, 22.0),
)
WHOLE = (
    "a small red circle is left of a large blue square that is above a small green "
    "cross ."
)


@functools.cache
def drawn(order):
    draw = jax.jit(make_drawer(NUM, LENGTH, order=order, **SETTINGS))
    scene, batch = jax.device_get(draw(jax.random.key(0), jnp.int32(LENGTH)))
    captions = [
        [SYMBOLS[token] for token in batch.targets[i][batch.mask[i] > 0]]
        for i in range(NUM)
    ]
    return scene, batch.inputs["image"], captions


def meaning(caption, things=THINGS, details=0):
    return mark(caption.split(), things, SIDE, details).meaning


@pytest.mark.parametrize("order", ["canonical", "sampled"])
def test_every_caption_that_is_drawn_is_complete_and_true(order):
    scene, _, captions = drawn(order)
    for i, words in enumerate(captions):
        assert mark(words, things_of(scene, i), SIDE, 2).meaning == 1, words


def test_canonical_captions_follow_the_names_of_colours_and_sampled_ones_do_not():
    def sorted_share(order):
        told = [parse(words) for words in drawn(order)[2]]
        rows = [[o.colour for o in t.objects] for t in told if t is not None]
        return np.mean([row == sorted(row) for row in rows if len(row) > 1])

    assert sorted_share("canonical") == 1
    assert sorted_share("sampled") < 0.7


def test_every_number_of_shapes_kind_colour_size_and_relation_is_drawn():
    scene, _, captions = drawn("canonical")
    counts = np.bincount(scene.present.sum(1), minlength=5)
    assert counts[0] == 0 and (counts[1:] > NUM / 8).all()
    words = {word for caption in captions for word in caption}
    assert words == set(SYMBOLS) - {"", "<unknown>", "<begin>"}


def test_squares_around_shapes_do_not_overlap_and_lie_in_the_picture():
    scene, _, _ = drawn("canonical")
    for i in range(NUM):
        there = np.flatnonzero(scene.present[i])
        centre, half = scene.centre[i], scene.half_width[i]
        assert (centre[there] - half[there, None] > 0).all()
        assert (centre[there] + half[there, None] < SIDE).all()
        for a, b in itertools.combinations(there, 2):
            assert np.abs(centre[a] - centre[b]).max() > half[a] + half[b]


def test_the_picture_has_a_shapes_colour_at_its_centre_and_the_ground_elsewhere():
    scene, images, _ = drawn("canonical")
    palette = np.array(list(COLOURS.values()))
    for i in range(NUM):
        near = np.zeros((SIDE, SIDE), bool)
        for thing, half in zip(things_of(scene, i), scene.half_width[i], strict=False):
            row, column = int(thing.row), int(thing.column)
            colour = palette[list(COLOURS).index(thing.colour)]
            np.testing.assert_allclose(images[i, row, column], colour, atol=1e-5)
            reach = int(half) + 2
            near[
                max(0, row - reach) : row + reach + 1,
                max(0, column - reach) : column + reach + 1,
            ] = True
        np.testing.assert_allclose(images[i][~near], scene.ground[i], atol=1e-5)


def test_the_longest_caption_has_the_stated_size():
    assert max(len(c) for c in drawn("canonical")[2]) <= caption_size(4, 2)
    # Four objects of 4 words, links of 3, 4 and 4, two details of 10, and the end.
    assert caption_size(4, 2) == 16 + 11 + 20 + 1
    assert caption_size(1, 3) == 4 + 10 + 1


def test_what_is_parsed_is_what_was_said():
    told = parse(f"{WHOLE[:-2]} and the small red circle is at the top left .".split())
    assert told is not None
    assert told.objects[1] == Object("large", "blue", "square")
    assert told.relations == ((0, "left of", 1), (1, "above", 2))
    assert told.places == ((0, "top", "left"),)
    unsized = parse("a red circle .".split())
    assert unsized is not None and unsized.objects == (Object("", "red", "circle"),)


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "a small red circle",
        "a small red .",
        "a small red circle is a large blue square .",
        "a small red circle is left a large blue square .",
        "a small red circle . .",
        "a red small circle .",
        "a small red circle and the small red circle is at the left top .",
    ],
)
def test_what_is_outside_the_grammar_tells_nothing(caption):
    assert parse(caption.split()) is None
    assert meaning(caption) == 0


@pytest.mark.parametrize(
    "caption",
    [
        WHOLE,
        "a large blue square is right of a small red circle that is above a small "
        "green cross .",
        "a small green cross is below a small red circle that is left of a large blue "
        "square .",
        # Also true, though not the axis on which they are further apart.
        "a small green cross is right of a small red circle that is left of a large "
        "blue square .",
    ],
)
def test_every_complete_true_caption_has_full_marks(caption):
    assert meaning(caption) == 1


@pytest.mark.parametrize(
    ("caption", "right", "told"),
    [
        # wanted: 9 attributes and 2 relations
        (WHOLE.replace("small red", "large red"), 10, 11),
        (WHOLE.replace("left of", "right of"), 10, 11),
        (WHOLE.replace("circle", "square"), 10, 11),
        ("a small red circle is left of a large blue square .", 7, 7),
        ("a small red circle .", 3, 3),
        ("a red circle .", 2, 2),
        # An invented object and an untrue relation.
        (WHOLE[:-2] + " that is below a large purple diamond .", 11, 15),
        # The same object again matches no other.
        ("a small red circle is above a small red circle .", 5, 7),
    ],
)
def test_meaning_is_the_f1_of_the_facts(caption, right, told):
    assert meaning(caption) == pytest.approx(2 * right / (told + 11))


def test_missed_and_invented_objects_are_counted_and_said():
    marks = mark(
        "a small red circle is below a large blue cross .".split(), THINGS, SIDE
    )
    assert (marks.exact_objects, marks.missed, marks.invented) == (1, 1, 0)
    assert marks.faults == (
        "large blue cross: is large blue square",
        "not red circle below blue cross",
        "missed small green cross",
    )
    more = mark(
        "a small red circle is above a large purple cross .".split(), THINGS[:1], SIDE
    )
    assert (more.missed, more.invented) == (0, 1)
    assert "no large purple cross" in more.faults


def test_details_place_objects_and_count_two_facts():
    detail = WHOLE[:-2] + " and the small red circle is at the {} ."
    assert meaning(detail.format("top left"), details=1) == 1
    assert meaning(detail.format("top right"), details=1) == pytest.approx(
        2 * 12 / (13 + 13)
    )
    unknown = WHOLE[:-2] + " and the large red circle is at the top left ."
    assert meaning(unknown, details=1) == pytest.approx(2 * 11 / (13 + 13))
    assert meaning(WHOLE, details=1) == pytest.approx(2 * 11 / (11 + 13))


def test_true_details_beyond_those_wanted_cost_nothing_and_untrue_ones_do():
    more = WHOLE[:-2] + " and the small red circle is at the top left"
    second = " and the large blue square is at the {} ."
    assert meaning(more + second.format("top right"), details=1) == 1
    assert meaning(more + second.format("top left"), details=1) == pytest.approx(
        2 * 13 / (14 + 13)
    )


def test_the_blind_caption_is_the_best_of_some_and_far_from_full_marks():
    scene = drawn("canonical")[0]
    scenes = [things_of(scene, i) for i in range(NUM)]
    caption, floor = blind_caption(scenes, SIDE, 0)
    others = ["a small red circle .", WHOLE]
    means = [np.mean([meaning(c, s) for s in scenes[NUM // 2 :]]) for c in others]
    assert parse(caption.split()) is not None
    # Two standard errors of the difference, about 0.2 a scene, of 64 scenes.
    assert max(means) - 0.05 < floor < 0.6


def test_the_likeliest_caption_is_the_floor():
    task = make_scenes("test", 2, 20, side=16)
    # One of three counts, then of 2 sizes, 6 colours and 5 kinds.
    assert task.floor(20) == pytest.approx(1 / 180)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_shapes": 4}, "scenes: length must be at least 28.*got 20"),
        ({"num_details": 1}, "scenes: length must be at least 30"),
        (
            {"min_shapes": 3, "max_shapes": 2},
            "min_shapes must be at most max_shapes = 2",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        make_scenes("train", 2, 20, **settings)
