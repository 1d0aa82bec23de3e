"""The table of a text that is read: inputs over targets over predictions."""

import jax.numpy as jnp
import numpy as np
import pytest

from lib.explain import Row, explain, explain_lines
from lib.types import Model

SYMBOLS = (" ", "H", "e", "l", "o")
# What follows each symbol, as probabilities: the next one in SYMBOLS' order.
P = np.array(
    [
        [0.2, 0.2, 0.2, 0.2, 0.2],
        [0.1, 0.1, 0.6, 0.1, 0.1],
        [0.0625, 0.0625, 0.0625, 0.75, 0.0625],
        [0.1, 0.05, 0.05, 0.3, 0.5],
        [0.7, 0.1, 0.05, 0.05, 0.1],
    ]
)


def make_table() -> Model:
    """A model whose output depends on the last symbol alone."""
    return Model(
        init=lambda key, inputs: jnp.log(jnp.asarray(P, jnp.float32)),
        initial=lambda params, inputs: (),
        apply=lambda params, carry, inputs, reset, key: (params[inputs], carry),
        step=lambda params, carry, x: (carry, params[x]),
    )


def rows_of(text: str) -> list[Row]:
    model = make_table()
    tokens = [SYMBOLS.index(c) for c in text]
    return explain(model, model.init(None, None), tokens, SYMBOLS)


def test_a_row_has_the_probabilities_of_target_and_prediction():
    rows = rows_of("Hello")
    assert [r.input for r in rows] == list("Hello")
    assert [r.target for r in rows] == ["e", "l", "l", "o", ""]
    assert [r.predicted for r in rows] == ["e", "l", "o", "o", " "]
    assert [r.p_predicted for r in rows] == pytest.approx([0.6, 0.75, 0.5, 0.5, 0.7])
    assert [r.p_target for r in rows[:4]] == pytest.approx([0.6, 0.75, 0.3, 0.5])
    assert np.isnan(rows[4].p_target)


def test_the_drawing_has_inputs_over_targets_over_predictions():
    lines = explain_lines(rows_of("Hello "))
    assert lines[0] == "input      H  e  l  l  o  ␣"
    assert lines[1] == "target     e  l  l  o  ␣"
    assert lines[2] == "predicted  e  l  o  o  ␣  ␣"
    assert lines[5].split() == ["1", "H", "e", "e", "0.600", "0.600", "right"]
    assert lines[7].split() == ["3", "l", "l", "o", "0.300", "0.500"]


def test_a_long_drawing_is_broken_into_lines_of_the_width():
    lines = explain_lines(rows_of("Hello " * 10), width=40)
    drawn = [line for line in lines if line.startswith(("input", "target"))]
    assert max(map(len, lines[: lines.index("", len(drawn))])) <= 40
    inputs = [line[11:] for line in drawn if line.startswith("input")]
    symbols = "".join(inputs).replace("  ", "")
    assert symbols == "Hello␣" * 10
