"""A plan traces what its programs share once, and counts no more than it is asked."""

import functools

from lib.cost import count_cost
from lib.launch.plan import make_plan
from lib.registry import MODELS, TASKS
from lib.sweep import compare, product, replicate
from lib.types import Interface
from tests.small import RUN


def counted(monkeypatch, registry, name, field):
    """The calls, from now on, of a function of what a registered factory makes."""
    factory, calls = registry[name], []

    @functools.wraps(factory)
    def make(*args, **settings):
        made = factory(*args, **settings)
        function = getattr(made, field)

        def call(*given):
            calls.append(name)
            return function(*given)

        return made._replace(**{field: call})

    monkeypatch.setitem(registry, name, make)
    return calls


def test_programs_that_share_a_task_or_a_model_trace_it_once(monkeypatch):
    draws = counted(monkeypatch, TASKS, "recall", "sample")
    inits = [counted(monkeypatch, MODELS, name, "init") for name in ("rnn", "gru")]
    models = {"rnn": {"name": "rnn"}, "gru": {"name": "gru"}}
    axes = product(
        compare("model", models),
        compare("train.num_steps", (41, 42, 43)),  # each a program of its own
        replicate(range(2)),
    )
    plan = make_plan("traced", {"part": (RUN, axes)})
    assert len({group["program"] for group in plan["groups"]}) == 6
    assert draws == ["recall"]
    assert inits == [["rnn"], ["gru"]]


def test_another_length_or_width_is_traced_anew(monkeypatch):
    draws = counted(monkeypatch, TASKS, "recall", "sample")
    inits = counted(monkeypatch, MODELS, "rnn", "init")
    axes = product(
        compare("task.length", (7, 8)),
        compare("model.hidden_size", (5, 6)),
        replicate([0]),
    )
    make_plan("traced", {"part": (RUN, axes)})
    assert (len(draws), len(inits)) == (2, 4)


def test_parameters_are_counted_without_the_carry(monkeypatch):
    carries = counted(monkeypatch, MODELS, "rnn", "initial")
    model = MODELS["rnn"](Interface(0, 3, 2), hidden_size=5)
    parameters = 5 * (3 + 5 + 1) + 2 * (5 + 1)
    assert count_cost("parameters", model, Interface(0, 3, 2)) == parameters
    assert not carries
