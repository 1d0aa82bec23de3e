"""Pairs that would train, and measure something else, are refused with the reason."""

import pytest

from lib.check import check_program
from lib.config import make_config
from lib.error import UserError
from lib.fit import batch_shape, check_pair, num_scored
from tests.small import small
from tests.toy import toy_model, toy_task


def check(task, model, **values):
    check_pair(make_config(small(**values)), task, model, batch_shape(task))


def refused(task, model, said, **values):
    with pytest.raises(ValueError, match=f"^rnn on recall: .*{said}"):
        check(task, model, **values)


def test_a_model_that_looks_ahead_answers_padded_sequences_once():
    check(toy_task(), toy_model(causal=False))


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"num_scored": 3}, "asks at 3 positions.*one that reads forward only"),
        ({"padding": False}, "does not mark where a sequence ends"),
        ({"stream": True}, "each target of the task is the next input"),
    ],
)
def test_a_model_that_looks_ahead_is_refused(task, said):
    refused(toy_task(**task), toy_model(causal=False), said)
    check(toy_task(**task), toy_model())


def test_sequences_that_begin_anew_need_a_model_that_reads_resets():
    refused(toy_task(reset=True), toy_model(resets=False), "does not read resets")
    check(toy_task(), toy_model(resets=False))
    check(toy_task(reset=True), toy_model())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"grows": True}, "needs a model whose state keeps its size"),
        ({"step": False}, "needs a model that reads one input at a time"),
        ({"causal": False}, "needs a model that reads forward only"),
    ],
)
def test_what_is_read_one_input_at_a_time_needs_a_step_form(model, said):
    asked = {"evaluation__gradient_lags": 4}
    refused(toy_task(), toy_model(**model), f"evaluation.gradient_lags {said}", **asked)
    check(toy_task(), toy_model(), **asked)
    check(toy_task(), toy_model(**model))


def test_scored_positions_are_counted_in_what_is_drawn():
    assert num_scored(toy_task(num_scored=5)) == 5


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            {"name": "rnn", "direction": "both"},
            "rnn on recall: model.direction 'both' needs a task of padded tokens",
        ),
        ({"name": "cnn"}, "cnn: recall gives sequences; models that read them: "),
    ],
)
def test_a_pair_is_refused_when_a_sweep_is_expanded(model, said):
    with pytest.raises(UserError, match=said):
        check_program(make_config({**small(), "model": model}))
