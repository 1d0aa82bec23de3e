"""Scenes, their questions and floors, against loops that read the words."""

import functools
import math
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.check import check_program
from lib.config import make_config
from lib.error import UserError
from lib.tasks.question_floor import best_share, floors
from lib.tasks.question_grammar import COLOURS, FORMS, SORT_OF_CLEVR, make_grammar
from lib.tasks.question_scene import draw_example, paint
from lib.tasks.scene_questions import SIZE, make_scene_questions
from lib.types import Batch

SIDE, NUM_OBJECTS, NUM_CLAUSES = 75, 6, 3
NUM_SCENES, PER_SCENE = 24, 44
KINDS = tuple(FORMS)
GRAMMAR = make_grammar(KINDS, NUM_CLAUSES, NUM_OBJECTS)


@functools.cache
def drawn():
    """Scenes, the words of their questions, and the answers given to them."""

    def example(key):
        scene, questions, answers = draw_example(
            key, GRAMMAR, NUM_OBJECTS, SIDE, SIZE, PER_SCENE, NUM_CLAUSES
        )
        return scene, *GRAMMAR.write(questions), answers

    keys = jax.random.split(jax.random.key(0), NUM_SCENES)
    return jax.tree.map(np.asarray, jax.jit(jax.vmap(example))(keys))


def words_of(tokens):
    return [GRAMMAR.symbols[token] for token in tokens if token]


def things_of(scene, i):
    """Each thing of scene i: its shape, its row and its column, by colour."""
    names = list(COLOURS)
    return {
        names[colour]: (("circle", "square")[shape], *map(float, centre))
        for shape, colour, centre in zip(
            scene.shape[i], scene.colour[i], scene.centre[i], strict=True
        )
    }


def distance(one, other):
    return math.hypot(one[1] - other[1], one[2] - other[2])


def referent(words, things):
    """The colour of what a noun phrase names, by reading it from its end."""
    if len(words) == 3:
        assert words[0] == "the" and words[2] == "thing"
        return words[1]
    assert words[:2] == ["the", "thing"]
    own = things[referent(words[4:], things)]
    axis, sign = {
        "left of": (2, -1),
        "right of": (2, 1),
        "just above": (1, -1),
        "just below": (1, 1),
    }[" ".join(words[2:4])]
    ahead = {c: sign * (t[axis] - own[axis]) for c, t in things.items()}
    return min((c for c in ahead if ahead[c] > 0), key=lambda c: ahead[c])


def answer_to(words, things):
    """What a reader of the words says who sees where the things are."""
    text = " ".join(words)
    yes = lambda is_so: "yes" if is_so else "no"
    shapes = [thing[0] for thing in things.values()]
    if text.startswith("do circles"):
        return yes(shapes.count("circle") > shapes.count("square"))
    if text.startswith("is there a"):
        return yes(things[words[3]][0] == words[4])
    if text.endswith("are there ?"):
        return str(shapes.count(words[2].removesuffix("s")))
    start = next(i for i, word in enumerate(words) if word == "the" and i > 0)
    for skipped in ("thing closest to", "thing furthest from", "shape of"):
        if " ".join(words[start + 1 :]).startswith(skipped):
            start += 1 + len(skipped.split())
    stop = next(
        (i for i, word in enumerate(words) if word in ("on", "at", "further", "?"))
    )
    own = referent(words[start:stop], things)
    others = {c: t for c, t in things.items() if c != own}
    from_own = lambda colour: distance(things[colour], things[own])
    if "colour" in words:
        return own
    if "on" in words:
        return yes(things[own][2] < SIDE / 2)
    if "at" in words:
        return yes(things[own][1] < SIDE / 2)
    if "further" in words:
        return yes(things[own][2] < things[words[-3]][2])
    if "have" in words:
        return str(shapes.count(things[own][0]))
    if "closest" in words:
        return things[min(others, key=from_own)][0]
    if "furthest" in words:
        return things[max(others, key=from_own)][0]
    return things[own][0]


def test_answers_are_those_of_who_reads_the_words():
    scene, tokens, _, answers = drawn()
    asked = set()
    for i, j in product(range(NUM_SCENES), range(PER_SCENE)):
        words = words_of(tokens[i, j])
        expected = answer_to(words, things_of(scene, i))
        assert GRAMMAR.answers[answers[i, j]] == expected, " ".join(words)
        asked.add((*words[:4], words[-2]))
    assert len(asked) > 20


def test_kinds_and_clauses_are_told_from_the_words():
    _, tokens, length, _ = drawn()
    flat = jnp.asarray(tokens.reshape(-1, tokens.shape[-1]))
    found = np.stack([np.asarray(GRAMMAR.is_kind(flat, kind)) for kind in KINDS])
    assert (found.sum(axis=0) == 1).all()
    np.testing.assert_array_equal(
        found.sum(axis=1), NUM_SCENES * PER_SCENE / len(KINDS)
    )
    counted = np.asarray(GRAMMAR.count_clauses(flat))
    relations = ("left of", "right of", "just above", "just below")
    for row, count, size in zip(tokens.reshape(-1, tokens.shape[-1]), counted,
                                length.reshape(-1), strict=True):  # fmt: skip
        text = " ".join(words_of(row))
        assert count == sum(text.count(f"the thing {r}") for r in relations)
        assert size == len(words_of(row)) and row[size - 1] == GRAMMAR.symbols.index(
            "?"
        )


def test_things_keep_apart_inside_the_picture_each_of_its_own_colour():
    scene, *_ = drawn()
    assert (scene.centre >= SIZE).all() and (scene.centre <= SIDE - SIZE).all()
    for centre, colour in zip(scene.centre, scene.colour, strict=True):
        assert len(set(colour.tolist())) == NUM_OBJECTS
        for a, b in product(range(NUM_OBJECTS), repeat=2):
            gap = np.abs(centre[a] - centre[b]).max() - 2 * SIZE
            assert a == b or gap >= 1 - 1e-4


def test_a_thing_is_painted_where_it_is_in_its_colour_and_shape():
    scene, *_ = drawn()
    first = jax.tree.map(lambda x: jnp.asarray(x[0]), scene)
    picture = np.asarray(paint(first, SIDE, SIZE))
    palette = np.array(list(COLOURS.values())) / 255
    for shape, colour, (row, column) in zip(*map(np.asarray, first), strict=True):
        inside = picture[int(row), int(column)]
        np.testing.assert_allclose(inside, palette[colour], atol=1e-6)
        # 0.8 of the way to a corner lies inside a square and outside a circle.
        corner = picture[int(row + 0.8 * SIZE), int(column + 0.8 * SIZE)]
        assert np.allclose(corner, palette[colour], atol=1e-6) == bool(shape)


def test_floors_of_sort_of_clevr_are_the_closed_forms():
    found = floors(SORT_OF_CLEVR, 0, NUM_OBJECTS, SIDE, SIZE)
    # Six fair coins: the shape asked about is any; of the five others Binomial(5, 1/2)
    # are alike, so "same" is best answered 3 or 4, right in 10 of 32.
    same = math.comb(5, 2) / 2**5
    expected = {
        "majority": {"shape": 0.5, "left": 0.5, "same": same},
        "question_only": {
            "one_object": 0.5,
            "relations": (0.5 + 0.5 + same) / 3,
            "accuracy": (5 * 0.5 + same) / 6,
        },
        # Of six things the larger share of circles or squares; and how many things
        # have a shape is the number of the larger share, for that share of them.
        "image_only": {
            kind: sum(math.comb(6, k) * max(k, 6 - k) for k in range(7)) / 6 / 2**6
            for kind in ("shape", "same")
        },
    }
    # A circle and a square are asked about in turn where there are three of each.
    expected["image_only"]["same"] += math.comb(6, 3) / 2**6 * 0.5
    for name, values in expected.items():
        for metric, value in values.items():
            # Four deviations: of 2^15 answers, and of 2^7 pictures.
            slack = 0.07 if name == "image_only" else 0.03
            assert abs(found[name][metric] - value) < slack, (name, metric)


def test_best_share_judges_on_other_examples_than_it_chose_by():
    group = np.zeros(8, int)
    answer = np.array([0, 1, 0, 1, 0, 1, 0, 0])  # chosen by 0 0 0 0, judged on 1 1 1 0
    assert best_share(group, answer) == 0.25


@functools.cache
def task_of(size, **settings):
    """The task, and its sampler compiled."""
    task = make_scene_questions("train", 8, size, **settings)
    return task, jax.jit(task.sample)


def batch_of(length=12, key=0, **settings):
    task, draw = task_of(length, **settings)
    batch = draw(jax.random.key(key), (), jnp.int32(length))
    return task, jax.tree.map(np.asarray, batch)


def test_each_picture_is_held_once_for_all_its_questions():
    task, batch = batch_of(questions_per_picture=4, num_pictures=2)
    assert batch.inputs["image"].shape == (2, SIDE, SIDE, 3)
    assert batch.inputs["tokens"].shape == (8, 12)
    np.testing.assert_array_equal(batch.mask.sum(axis=1), 1)
    ends = batch.inputs["tokens"][batch.mask > 0]
    assert {task.symbols[token] for token in ends} == {"?"}


def test_an_answer_in_words_is_the_class_and_the_end_after_it():
    classed, batch = batch_of(kinds=("same", "left"))
    spoken, same = batch_of(kinds=("same", "left"), answer="words")
    for row in range(8):
        answer = classed.classes[int(batch.targets[row][batch.mask[row] > 0][0])]
        said = [spoken.symbols[t] for t in same.targets[row][same.mask[row] > 0]]
        assert said == [answer, "."]
        fed = same.inputs["tokens"][row]
        assert spoken.symbols[fed[fed > 0][-1]] == answer


def test_a_blind_reader_is_shown_nothing_of_one_side():
    _, whole = batch_of()
    _, no_image = batch_of(blind="image")
    task, no_question = batch_of(blind="question")
    assert (no_image.inputs["image"] == 1).all()
    np.testing.assert_array_equal(no_image.inputs["tokens"], whole.inputs["tokens"])
    np.testing.assert_array_equal(no_question.inputs["image"], whole.inputs["image"])
    shown = no_question.inputs["tokens"]
    assert (shown[:, 0] == task.symbols.index("?")).all() and not shown[:, 1:].any()
    own = lambda batch: batch.targets[batch.mask > 0]
    np.testing.assert_array_equal(own(no_question), own(whole))


def test_fixed_pictures_repeat_with_their_questions_and_fresh_ones_do_not():
    pictures = {}
    for key in range(6):
        _, batch = batch_of(key=key, num_pictures=2, questions_per_picture=4)
        for picture, tokens in zip(
            batch.inputs["image"], batch.inputs["tokens"].reshape(2, 4, -1), strict=True
        ):
            pictures.setdefault(picture.tobytes(), set()).add(tokens.tobytes())
    assert len(pictures) == 2 and all(len(asked) == 1 for asked in pictures.values())
    _, batch = batch_of()
    assert len({picture.tobytes() for picture in batch.inputs["image"]}) == 8


def test_metrics_count_each_kind_by_itself():
    task, batch = batch_of()
    outputs = jax.nn.one_hot(batch.targets, task.interface.output_size)
    tokens = batch.inputs["tokens"]
    is_left = (tokens == task.symbols.index("on")).any(axis=1)
    outputs = jnp.where(is_left[:, None, None], -outputs, outputs)
    wrong = jax.tree.map(jnp.asarray, Batch(*batch))
    score = lambda name: task.metrics[name].finalize(
        task.metrics[name].accumulate(outputs, wrong)
    )
    assert score("left") == 0.0 and score("shape") == 1.0 and score("relations") == 1.0
    assert score("accuracy") == 1 - is_left.mean()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kinds": ("left", "left")}, "kinds must name each kind once"),
        ({"kinds": ("colour",)}, "'colour' needs num_clauses of at least 1, got 0"),
        ({"questions_per_picture": 3}, "multiple of questions_per_picture = 3, got 8"),
        ({"length": 9}, "length must be at least 11, .*got 9"),
        ({"num_clauses": 1}, "length must be at least 15"),
        ({"side": 32}, "6 things of 10 pixels do not fit on a side of 32"),
        ({"train_clauses": 2}, "train_clauses must be at most num_clauses = 0, got 2"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        batch_of(**settings)


def test_an_answer_in_words_needs_a_model_that_reads_forward_only():
    task = {"name": "scene_questions", "length": 12, "answer": "words"}
    with pytest.raises(UserError, match="reads forward only"):
        check_program(make_config({"task": task, "model": {"name": "cnn_mlp"}}))
