"""Answers decoded step by step, against the outputs for whole sequences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.answer import answer_text, ask, decode, read_texts, shown
from lib.data.question import is_exact
from lib.error import UserError
from lib.library import run_config
from lib.train import predict
from tests.stories import STORIES


@pytest.fixture(scope="module")
def run():
    return run_config(STORIES)


@pytest.fixture(scope="module")
def params(run):
    """The run's parameters, disturbed so that some of its answers are wrong."""
    leaves, tree = jax.tree.flatten(run.params)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    noise = [jax.random.normal(k, x.shape) for k, x in zip(keys, leaves, strict=True)]
    moved = [x + 0.3 * n for x, n in zip(leaves, noise, strict=True)]
    return jax.tree.unflatten(tree, moved)


@pytest.fixture(scope="module")
def batch(run):
    drawn = jax.jit(run.task.sample)(jax.random.key(5), run.task.data, jnp.int32(16))
    return jax.tree.map(np.asarray, drawn)


@pytest.fixture(scope="module")
def outputs(run, params, batch):
    return np.asarray(predict(run.model, params, batch.inputs, None))


@pytest.fixture(scope="module")
def decoded(run, params, batch):
    sizes = jnp.asarray(batch.mask.argmax(axis=1).astype(np.int32) + 1)
    tokens, log_p = jax.jit(lambda p: decode(run.model, params, p, sizes))(batch.inputs)
    return np.asarray(tokens), np.asarray(log_p)


def test_exact_match_with_fed_words_is_that_of_greedy_decoding(batch, outputs, decoded):
    """The claim of lib.data.question, for right answers and for wrong ones."""
    right, _ = is_exact(outputs, batch)
    wanted = [row[m > 0] for row, m in zip(batch.targets, batch.mask, strict=True)]
    same = [
        said[: len(words)].tolist() == words.tolist()
        for said, words in zip(decoded[0], wanted, strict=True)
    ]
    assert np.asarray(right).tolist() == same
    assert 0 < sum(same) < len(same)


def test_a_decoded_word_has_the_probability_that_the_whole_sequence_gives(
    batch, outputs, decoded
):
    right = np.asarray(is_exact(outputs, batch)[0])
    log_p = np.asarray(jax.nn.log_softmax(outputs))
    for row in np.flatnonzero(right)[:20]:
        at = np.flatnonzero(batch.mask[row])
        whole = log_p[row, at, batch.targets[row, at]]
        # float32: a scan over steps against one over all of them.
        np.testing.assert_allclose(decoded[1][row, : len(at)], whole, atol=1e-4)


STORY = "Julie lost a red lamp in Paris. Bill found a blue book in London."


def probability(run, text, answer):
    """Of an answer and its end, by the outputs for the whole sequence."""
    tokens = [run.task.symbols.index(word) for word in (text + " " + answer).split()]
    words = len(answer.split())
    log_p = jax.nn.log_softmax(run.apply(jnp.asarray([tokens], jnp.int32))[0])
    end = run.task.symbols.index(".")
    asked = range(len(tokens) - words - 1, len(tokens))
    wanted = [*tokens[len(tokens) - words :], end]
    return float(jnp.exp(sum(log_p[i, t] for i, t in zip(asked, wanted, strict=True))))


def test_each_sentence_is_weighed_by_leaving_it_out(run):
    question = "What was it that Julie lost in Paris ?"
    reading = read_texts(STORY, question, run.task.symbols)
    reply = ask(run.model, run.params, run.task.symbols, reading)
    told = [s + " ." for s in STORY.replace(".", " .").split(" . ")]
    told[-1] = told[-1].removesuffix(" .")
    assert len(reply.weights) == len(told) == 2
    whole = probability(run, " ".join([*told, question]), reply.answer)
    assert reply.probability == pytest.approx(whole, rel=1e-3)
    for i, weight in enumerate(reply.weights):
        rest = " ".join([*(s for j, s in enumerate(told) if j != i), question])
        expected = probability(run, rest, reply.answer)
        assert weight.probability == pytest.approx(expected, rel=1e-3)
        assert weight.shift == pytest.approx(np.log(whole / expected), abs=2e-3)
        alone = probability(run, rest, weight.instead)
        assert weight.alone == pytest.approx(alone, rel=1e-3)
    shifts = [weight.shift for weight in reply.weights]
    assert shifts[0] == max(shifts) > 1 and reply.answer == "red lamp"


def test_words_are_read_in_any_case_and_marks_are_put_where_they_lack():
    symbols = ("", "<unknown>", ".", "?", "Julie", "slept", "who")
    reading = read_texts("JULIE slept. Zoe slept", "Who slept", symbols)
    assert shown(reading, symbols) == "Julie slept . <unknown> slept . who slept ?"
    assert reading.unknown == ("Zoe",)


def test_an_answer_ends_at_its_first_end():
    symbols = ("", "<unknown>", ".", "milk", "apple")
    assert answer_text([3, 4, 2, 3, 2], symbols) == "milk apple"
    assert answer_text([2, 3], symbols) == ""


@pytest.mark.parametrize(
    ("story", "question", "message"),
    [
        ("", "who slept?", "story: there is no word in it"),
        ("julie slept.", " ", "question: there is no word in it"),
        ("julie slept.", "who was it that slept?", "longer than the story: 6 .* its 3"),
        ("zoe ran off.", "where to?", "none of their 5 words is known"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(story, question, message):
    with pytest.raises(UserError, match=message):
        read_texts(story, question, ("", "<unknown>", ".", "?", "julie", "slept"))
