"""Settings read from signatures, and what is said of values that do not fit."""

from typing import Literal

import pytest

from lib.setting import (
    Count,
    Positive,
    Probability,
    Size,
    TracedPositive,
    check_settings,
    settings_of,
)


def factory(
    interface,
    *,
    hidden_size: Size = 64,
    num_skipped: Count = 0,
    scale: Positive = 1.0,
    rate: TracedPositive = 0.1,
    dropout: Probability = 0.0,
    kind: Literal["a", "b"] = "a",
    lengths: tuple[Size, ...] = (),
    nested: bool = False,
):
    return None


SETTINGS = settings_of(factory)


def test_settings_are_the_keywords_of_the_signature():
    assert list(SETTINGS) == [
        *("hidden_size", "num_skipped", "scale", "rate", "dropout", "kind"),
        *("lengths", "nested"),
    ]
    assert [name for name, s in SETTINGS.items() if s.traced] == ["rate"]


def test_defaults_fill_what_is_not_given():
    filled, problems = check_settings("m", SETTINGS, {"hidden_size": 8, "lengths": [1]})
    assert problems == []
    assert filled["hidden_size"] == 8 and filled["kind"] == "a"
    assert filled["lengths"] == (1,)


def test_an_integer_becomes_a_float_where_a_float_is_asked():
    filled, problems = check_settings("m", SETTINGS, {"scale": 2})
    assert problems == [] and type(filled["scale"]) is float


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("hidden_size", 0, "an integer at least 1"),
        ("hidden_size", -3, "an integer at least 1"),
        ("hidden_size", True, "an integer at least 1"),
        ("hidden_size", 8.0, "an integer at least 1"),
        ("hidden_size", 2**40, "at most"),
        ("hidden_size", "8", "an integer at least 1"),
        ("hidden_size", None, "an integer at least 1"),
        ("num_skipped", -1, "an integer at least 0"),
        ("scale", 0.0, "a finite number above 0"),
        ("rate", float("nan"), "a finite number above 0"),
        ("rate", float("inf"), "a finite number above 0"),
        ("rate", True, "a finite number above 0"),
        ("dropout", 1.5, "at least 0 and at most 1"),
        ("kind", "c", "one of 'a', 'b'"),
        ("lengths", (4, 0), "a list of an integer at least 1"),
        ("lengths", 4, "a list"),
        ("nested", 1, "True or False"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(name, value, said):
    _, problems = check_settings("model", SETTINGS, {name: value})
    assert len(problems) == 1
    assert problems[0].startswith(f"model.{name} must be ")
    assert said in problems[0] and problems[0].endswith(f"got {value!r}")


def test_an_unknown_name_gets_the_nearest_one():
    _, problems = check_settings("model", SETTINGS, {"hiden_size": 8})
    assert (
        "'hiden_size'" in problems[0] and "did you mean 'hidden_size'?" in problems[0]
    )


def test_every_problem_is_said_at_once():
    given = {"hidden_size": 0, "kind": "c", "colour": 1}
    assert len(check_settings("model", SETTINGS, given)[1]) == 3


def test_a_setting_without_a_default_must_be_given():
    def needs(*, size: Size):
        return None

    assert check_settings("t", settings_of(needs), {})[1] == ["t.size must be given"]
