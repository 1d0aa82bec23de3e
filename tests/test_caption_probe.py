"""The numbers of captions: likeness to references, and marks added up."""

from math import exp

import pytest

from lib.probe.captions import likeness, meaning
from lib.tasks.scene import Thing
from lib.tasks.scene_score import mark

CAT, DOG = (
    tuple("a cat sits on a mat .".split()),
    tuple("the dog runs in a park .".split()),
)


def test_the_references_themselves_are_wholly_like_them():
    found = likeness([CAT, DOG], [(DOG, CAT), (DOG,)])
    assert found["num"] == 2 and found["exact"] == 1
    assert found["bleu"] == pytest.approx(100)
    # What both pictures' references say has no weight, which leaves the second nothing;
    # the first is like one of its two references: 10 (1/2 + 0) / 2.
    assert found["cider"] == pytest.approx(2.5)


def test_bleu_is_that_of_the_paper():
    # Papineni et al. 2002: precisions 5/6, 3/5, 1/4 and 0/3; sacrebleu smooths the zero
    # to 1 / (2 * 3); no brevity penalty at equal lengths.
    said = tuple("a cat sits in a mat .".split())
    expected = 100 * (5 / 6 * 3 / 5 * 1 / 4 * 1 / 6) ** 0.25
    assert likeness([said], [(CAT,)])["bleu"] == pytest.approx(expected)


def test_fewer_references_than_another_picture_has_are_no_shorter_ones():
    # Every n-gram is right, of 4 + 6 words where 6 + 6 are wanted: exp(1 - 12 / 10).
    found = likeness([CAT[:4], DOG], [(CAT,), (DOG, DOG)])
    assert found["bleu"] == pytest.approx(100 * exp(1 - 12 / 10))


def test_marks_are_means_over_pictures_and_facts_are_added_up():
    circle = Thing("small", "red", "circle", 10.0, 10.0)
    square = Thing("large", "blue", "square", 30.0, 10.0)
    right = mark("a small red circle .".split(), [circle], 48)
    # Of 7 facts 6 are told and right, but for the relation: 2 * 6 / (7 + 7).
    wrong = mark(
        "a small red circle is below a large blue square .".split(),
        [circle, square],
        48,
    )
    found = meaning([right, wrong])
    assert found["meaning"] == pytest.approx((1 + 12 / 14) / 2)
    assert found["complete"] == 0.5 and found["grammatical"] == 1
    assert found["parts"]["size"] == {"right": 3, "told": 3, "wanted": 3, "f1": 1.0}
    assert found["parts"]["relation"]["f1"] == 0
    assert "place" not in found["parts"]
