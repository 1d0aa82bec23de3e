"""Widths solved for equal parameters, state or FLOPs, against counts by hand."""

import pytest

from lib.budget import match, solve_width
from lib.error import UserError
from lib.launch.plan import make_plan
from lib.sweep import product
from lib.types import Interface
from tests.small import small

# recall with 4 symbols, 2 distractors and the query: 7 inputs, 4 classes.
D, V = 7, 4
BASE = small(model={"name": "lstm", "hidden_size": 24})
MODELS = {"lstm": {"name": "lstm"}, "gru": {"name": "gru"}, "rnn": {"name": "rnn"}}
GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def parameters(gates, H):
    return gates * (D * H + H * H + H) + H * V + V


def widths(axis):
    return {label: given["model"].get("hidden_size") for label, given in axis.points}


def nearest_width(count, target):
    return min(range(1, 500), key=lambda H: abs(count(H) - target))


def test_parameters_match_to_the_nearest_width():
    target = parameters(4, 24)
    expected = {
        name: nearest_width(lambda H, n=gates: parameters(n, H), target)
        for name, gates in GATES.items()
    }
    found = match("parameters", "lstm", MODELS, BASE)
    assert widths(found) == {**expected, "lstm": None}  # the base config's: 24
    worst = max(
        abs(parameters(GATES[name], H) / target - 1) for name, H in expected.items()
    )
    assert found.note == (
        f"equal parameters: {target:,} as lstm has, to {100 * worst:.1f} %"
    )


def test_state_matches():
    # An lstm keeps h and c.
    axis = match("state", "lstm", MODELS, BASE)
    assert widths(axis) == {"lstm": None, "gru": 48, "rnn": 48}
    assert axis.note == "equal numbers of state: 48 as lstm has, to 0.0 %"


def test_flops_match():
    # The products of a step, by hand, are all but a few in a hundred of its FLOPs.
    products = lambda gates, H: 2 * gates * (D * H + H * H) + 2 * H * V
    for name, H in widths(match("flops", "lstm", MODELS, BASE)).items():
        if H is not None:
            ratio = products(GATES[name], H) / products(4, 24)
            assert ratio == pytest.approx(1, abs=0.1)


def test_widths_are_multiples_of_the_heads():
    interface = Interface(D, D, V)
    settings = {"name": "linear_attention", "num_heads": 4}
    width, cost = solve_width("parameters", 20_000, settings, interface)
    assert width % 4 == 0 and cost == pytest.approx(20_000, rel=0.1)
    for other in (width - 4, width + 4):
        _, at = solve_width(
            "parameters", cost, {**settings, "hidden_size": other}, interface
        )
        assert at == cost  # from wherever the search starts


def test_a_budget_that_no_width_meets_says_the_nearest():
    models = {"lstm": {"name": "lstm", "hidden_size": 1}, "rnn": {"name": "rnn"}}
    base = small(model={"name": "lstm"})
    # 2 x (1 + 7 + 1) + 2 V: no rnn is within 1 %.
    counts = {H: parameters(1, H) for H in range(1, 9)}
    target = parameters(4, 1)
    near = min(counts, key=lambda H: abs(counts[H] - target))
    with pytest.raises(UserError) as caught:
        match("parameters", "lstm", models, base, tolerance=0.01)
    assert str(caught.value) == (
        f"match: rnn: no hidden_size comes within 1 % of the {target} parameters of "
        f"lstm; nearest is {near} with {counts[near]}"
    )


def test_rotary_positions_get_heads_of_an_even_width():
    settings = {"name": "transformer", "position": "rope", "num_heads": 3}
    width, cost = solve_width("parameters", 9000, settings, Interface(D, D, V))
    assert width % 6 == 0 and cost == pytest.approx(9000, rel=0.25)


@pytest.mark.parametrize(
    ("kind", "reference", "models", "said"),
    [
        ("size", "lstm", MODELS, "unknown budget 'size'"),
        ("state", "lstn", MODELS, "unknown model 'lstn'; did you mean 'lstm'"),
        ("state", "lstm", {**MODELS, "b": {"name": "lsmt"}}, "unknown model 'lsmt'"),
        (
            "state",
            "lstm",
            {**MODELS, "b": {"name": "gru", "chrono": 1}},
            "model: unknown setting 'chrono'",
        ),
    ],
)
def test_what_cannot_be_matched_is_refused(kind, reference, models, said):
    with pytest.raises(UserError, match=said):
        match(kind, reference, models, BASE)


def test_another_setting_than_the_width_can_be_solved_for():
    with pytest.raises(UserError, match="gru has no setting 'state_size'"):
        match("state", "lstm", MODELS, BASE, sizes={"gru": "state_size"})
    # S5 keeps one of each conjugate pair of its P states: P reals.
    axis = match("state", "lstm", {"lstm": {"name": "lstm"}, "s5": {"name": "s5"}},
                 BASE, sizes={"s5": "state_size"})  # fmt: skip
    assert dict(axis.points)["s5"]["model"]["state_size"] == 48


def test_a_plan_says_which_budget_was_held():
    axes = product(match("state", "lstm", MODELS, BASE))
    plan = make_plan("equal", {"part": (BASE, axes)})
    said = "equal numbers of state: 48 as lstm has, to 0.0 %"
    assert plan["matched"] == {"part": said}
    assert [run["config"]["model"]["hidden_size"] for run in plan["runs"]] == [
        24,
        48,
        48,
    ]
