"""Answers decoded step by step, against the outputs for whole sequences."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.answer import MOST_WORDS, answer_text, ask, decode, read_texts, shown
from lib.check import check_program
from lib.data.question import is_exact
from lib.error import UserError
from lib.library import make_config, make_model, make_task
from lib.train import predict
from lib.types import Batch, Model, Params, Task
from tests.stories import STORIES


class Speaker(NamedTuple):
    """An untrained model that answers all kinds of things."""

    task: Task
    model: Model
    params: Params
    apply: Callable[[Any], Any]  # the outputs for whole sequences


@pytest.fixture(scope="module")
def speaker():
    settings = {k: v for k, v in STORIES["task"].items() if k not in ("name", "length")}
    task = make_task("stories", 16, batch_size=64, **settings)
    model = make_model("gru", task.interface, hidden_size=24)
    params = model.init(jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    # Outputs far apart: else one word is the answer to everything.
    params = jax.tree.map(lambda leaf: 4 * leaf, params)
    apply = jax.jit(lambda inputs: predict(model, params, inputs, None))
    return Speaker(task, model, params, lambda inputs: np.asarray(apply(inputs)))


@pytest.fixture(scope="module")
def prompts(speaker):
    """Stories and questions without their answers, and their lengths."""
    sample = jax.jit(speaker.task.sample)
    batch = sample(jax.random.key(5), speaker.task.data, jnp.int32(16))
    sizes = np.asarray(batch.mask).argmax(axis=1).astype(np.int32) + 1
    inside = np.arange(batch.inputs.shape[1]) < sizes[:, None]
    return np.asarray(batch.inputs) * inside, sizes


@pytest.fixture(scope="module")
def decoded(speaker, prompts):
    tokens, log_p = jax.jit(lambda p, n: decode(speaker.model, speaker.params, p, n))(
        *prompts
    )
    return np.asarray(tokens), np.asarray(log_p)


def asked(prompts, answers):
    """The batch in which these are the right answers, each fed after its prompt."""
    tokens, sizes = prompts
    inputs = np.pad(tokens, ((0, 0), (0, 4)))
    targets, mask = np.zeros_like(inputs), np.zeros(inputs.shape, np.float32)
    for row, (size, answer) in enumerate(zip(sizes, answers, strict=True)):
        inputs[row, size : size + len(answer) - 1] = answer[:-1]
        targets[row, size - 1 : size - 1 + len(answer)] = answer
        mask[row, size - 1 : size - 1 + len(answer)] = 1
    return Batch(inputs, targets, mask)


@pytest.mark.parametrize("words", [1, 2, 3])
def test_exact_match_with_fed_words_is_that_of_greedy_decoding(
    speaker, prompts, decoded, words
):
    """The claim of lib.data.question, for right answers and for wrong ones."""
    random = np.random.default_rng(words)
    said = decoded[0][:, :words]
    assert len({tuple(row) for row in said}) > 5
    # Each word right with three chances of four.
    wrong = random.random(said.shape) < 0.25
    other = random.integers(2, len(speaker.task.symbols), said.shape, np.int32)
    answers = np.where(wrong, other, said)
    batch = asked(prompts, answers)
    right, _ = is_exact(speaker.apply(batch.inputs), batch)
    same = (answers == said).all(axis=1)
    np.testing.assert_array_equal(np.asarray(right), same)
    assert 5 < same.sum() < 60


def test_a_decoded_word_has_the_probability_that_the_whole_sequence_gives(
    speaker, prompts, decoded
):
    batch = asked(prompts, decoded[0][:, :4])
    log_p = np.asarray(jax.nn.log_softmax(speaker.apply(batch.inputs)))
    for row, size in enumerate(prompts[1]):
        at = np.arange(size - 1, size + 3)
        whole = log_p[row, at, batch.targets[row, at]]
        # float32: a scan over steps against one over all of them.
        np.testing.assert_allclose(decoded[1][row, :4], whole, atol=1e-4)


TOLD = ("Julie lost a red lamp in Paris .", "The road by the mill was calm .")
QUESTION = "What was it that Julie lost in Paris ?"


@pytest.mark.parametrize("order", ["story", "question"])
def test_each_sentence_is_weighed_by_leaving_it_out(speaker, order):
    symbols = speaker.task.symbols
    reading = read_texts(" ".join(TOLD), QUESTION, symbols)
    reply = ask(speaker.model, speaker.params, symbols, reading, order)
    assert len(reply.weights) == len(TOLD)
    whole = probability(speaker, order, TOLD, reply.answer)
    assert reply.probability == pytest.approx(whole, rel=1e-3)
    for rest, weight in zip(reversed(TOLD), reply.weights, strict=True):
        expected = probability(speaker, order, (rest,), reply.answer)
        assert weight.probability == pytest.approx(expected, rel=1e-3)
        assert weight.shift == pytest.approx(np.log(whole / expected), abs=2e-3)
        alone = probability(speaker, order, (rest,), weight.instead)
        assert weight.alone == pytest.approx(alone, rel=1e-3)


def probability(speaker, order, told, answer):
    """Of an answer and its end, by the outputs for the whole sequence.

    A model that never ends has said its eight words, and no end is asked for.
    """
    prompt = [*told, QUESTION] if order == "story" else [QUESTION, *told]
    words, said = " ".join(prompt).split(), answer.split()
    wanted = [*said, "."][:MOST_WORDS]
    tokens = [speaker.task.symbols.index(w) for w in [*words, *wanted]]
    # One shape for all: what follows a causal model's answer does not matter.
    inputs = np.zeros((1, 40), np.int32)
    inputs[0, : len(tokens)] = tokens
    log_p = jax.nn.log_softmax(speaker.apply(inputs)[0])
    first = len(words) - 1
    return float(
        np.exp(sum(log_p[first + i, tokens[first + 1 + i]] for i in range(len(wanted))))
    )


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"model": {"name": "gru", "direction": "both"}},
            "stories: an answer's words are fed back.*reads forward only",
        ),
        (
            {"task": {"name": "recall", "length": 8}},
            "recall: evaluation.num_answers needs a task of questions or captions",
        ),
    ],
)
def test_what_cannot_answer_is_refused_before_training(change, message):
    with pytest.raises(UserError, match=message):
        check_program(make_config({**STORIES, **change}))
