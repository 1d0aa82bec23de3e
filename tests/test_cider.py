"""CIDEr-D against values worked out by hand from its definition."""

import math

import pytest

from lib.cider import cider

CAT = "a cat sits on a mat".split()
DOG = "the dog runs in a park".split()
BIRD = "one bird flies over water".split()


def test_the_same_words_as_the_only_reference_score_ten():
    assert cider([CAT, DOG], [[CAT], [DOG]]) == pytest.approx(10.0)


def test_no_word_in_common_scores_nothing():
    assert cider([BIRD, DOG], [[CAT], [CAT]]) == 0


def test_unigrams_are_weighed_by_how_few_pictures_have_them():
    # Weights: a log(2/2) = 0; cat, dog and the unseen bird log 2. Cosines of unigrams
    # (0, log 2, 0) . (0, 0, log 2) = 0 and 1; no bigram is shared by the first, all by
    # the second, which has one: log 2 for "a dog". None has 3- or 4-grams.
    candidates = [["a", "bird"], ["a", "dog"]]
    references = [[["a", "cat"]], [["a", "dog"]]]
    assert cider(candidates, references) == pytest.approx(10 * (1 + 1) / 2 / 4)


def test_counts_are_clipped_and_lengths_compared():
    # One-word captions of two pictures: weight log 2 each. The candidate says "dog"
    # three times: min(3, 1) * 1 / (3 * 1) = 1/3, lengths 3 and 1.
    candidates = [["dog", "dog", "dog"], ["cat"]]
    references = [[["dog"]], [["cat"]]]
    first = 1 / 3 * math.exp(-4 / 72)
    assert cider(candidates, references) == pytest.approx(10 * (first + 1) / 2 / 4)


def test_references_are_averaged():
    candidates = [["dog"], ["cat"]]
    references = [[["dog"], ["wolf"]], [["cat"]]]
    assert cider(candidates, references) == pytest.approx(10 * (1 / 2 + 1) / 2 / 4)


def test_pictures_and_candidates_must_be_as_many():
    with pytest.raises(ValueError, match="1 candidates for 2 pictures"):
        cider([CAT], [[CAT], [DOG]])


def test_one_picture_alone_has_no_weights():
    assert cider([CAT], [[CAT]]) == 0
