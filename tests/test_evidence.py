"""What each word did is read off the answers to every beginning of a text."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.data.token import UNKNOWN
from lib.evidence import evidence_entry, make_course, read_text
from lib.models.bag import make_bag
from lib.models.gru import make_gru
from lib.report.evidence import evidence_markup, read_evidence
from lib.train import predict
from lib.types import Interface

SYMBOLS = ("", "?", "free", "prize", "call", "@", "host", "org")
WORDS = Interface(len(SYMBOLS), len(SYMBOLS), 3, padding=True)
CLASSES = ("ham", "spam", "other")
TEXT = "Free <b>prize</b>: call\nbob.smith@host.org, zebra"
MOST = 12


def made(name):
    settings = {"embedding_size": 4, "hidden_size": 4}
    if name == "gru, both ways":
        return make_gru(WORDS, direction="both", pooling="max", **settings)
    return make_bag(WORDS, embedding_size=4)


@pytest.fixture(scope="module", params=["bag", "gru, both ways"])
def case(request):
    """A model, its parameters, and the course of the text through it."""
    model = made(request.param)
    params = jax.jit(model.init)(jax.random.key(0), np.zeros((1, 1), np.int32))
    reading = read_text(TEXT, SYMBOLS, "word", MOST)
    return model, params, reading, make_course(model, MOST)(params, reading.tokens)


def test_a_text_is_read_masked_with_what_is_unknown_counted():
    reading = read_text(TEXT, SYMBOLS, "word", MOST)
    assert "bob" not in reading.masked and "@host.org" in reading.masked
    known = [2, UNKNOWN, 3, UNKNOWN, 4, 5, 6, 7, UNKNOWN]  # "b" is no word it knows
    np.testing.assert_array_equal(reading.tokens, known)
    assert reading.num_unknown == 3 and reading.size == 9
    cut = read_text(TEXT, SYMBOLS, "word", 4)
    assert len(cut.tokens) == 4 and cut.size == 9


def test_a_text_of_nothing_is_one_unknown_word():
    reading = read_text(" -- ", SYMBOLS, "word", MOST)
    np.testing.assert_array_equal(reading.tokens, [UNKNOWN])
    assert not reading.pieces


def test_each_row_is_the_answer_to_the_text_that_ends_there(case):
    model, params, reading, course = case
    answer = jax.jit(lambda x: jax.nn.softmax(predict(model, params, x, None)))
    padded = np.zeros((1, MOST), np.int32)
    for count in (1, 5, len(reading.tokens)):
        own = padded.copy()
        own[0, :count] = reading.tokens[:count]
        expected = answer(jnp.asarray(own))[0, count - 1]
        np.testing.assert_allclose(course[count], expected, rtol=1e-5)
    own = padded.copy()
    own[0, 0] = UNKNOWN
    np.testing.assert_allclose(course[0], answer(jnp.asarray(own))[0, 0], rtol=1e-5)
    assert len(course) == len(reading.tokens) + 1


def entry_of(course, target=""):
    reading = read_text(TEXT, SYMBOLS, "word", len(course) - 1)
    return evidence_entry(reading, np.asarray(course), CLASSES, "word", target, 2)


COURSE = [[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.6, 0.3, 0.1]]


def test_an_entry_holds_the_likeliest_classes_and_the_true_one():
    assert entry_of(COURSE)["classes"] == ["ham", "spam"]
    assert entry_of(COURSE, "other")["classes"] == ["ham", "other"]
    pieces = entry_of(COURSE)["pieces"]
    assert pieces == [["", "Free", True], [" <", "b", False], [">", "prize", True]]


def test_a_words_evidence_is_its_step_in_log_odds():
    evidence = read_evidence(entry_of(COURSE))
    log_odds = np.log([0.5 / 0.5, 0.2 / 0.8, 0.6 / 0.4, 0.6 / 0.4])
    found = [word.evidence for word in evidence.words]
    np.testing.assert_allclose(found, np.diff(log_odds), rtol=1e-6, atol=1e-9)
    assert [word.level for word in evidence.words] == [-3, 3, 0]


def test_the_text_is_escaped_and_marked():
    shown = evidence_markup(read_evidence(entry_of(COURSE, "other"))).html
    assert '<span class="against3">Free</span> &lt;' in shown
    assert '<span class="for3 unread">b</span>&gt;prize' in shown
    assert "it is other" in shown and "<b>" not in shown


@pytest.mark.parametrize(
    "change",
    [
        {"course": COURSE[:-1]},
        {"course": [[1.5, 0, 0]] * 4},
        {"course": "x"},
        {"pieces": [["", "a"]] * 3},
        {"pieces": [[1, "a", True]] * 3},
        {"classes": []},
    ],
)
def test_an_entry_of_another_shape_is_no_evidence(change):
    assert read_evidence({**entry_of(COURSE), **change}) is None
    assert read_evidence(None) is None


def test_what_is_shown_has_no_part_of_an_address(case):
    _, _, reading, course = case
    entry = evidence_entry(reading, course, CLASSES, "word")
    text = "".join(before + surface for before, surface, _ in entry["pieces"])
    assert "[" in text and "host" not in text and "bob" not in text
    assert len(entry["pieces"]) == len(reading.tokens)
