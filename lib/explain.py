"""What a model predicts at each step of a text that is read, as a table.

input       H  e  l  l  o
target      e  l  l  o  _
predicted   e  r  l  e  _
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lib.glyph import visible
from lib.train import predict
from lib.types import Model, Params

_NAMES = ("input", "target", "predicted")


class Row(NamedTuple):
    """One step: what was read, what came next, and what was predicted for it."""

    step: int
    input: str
    target: str  # "" after the last symbol: nobody knows
    predicted: str
    p_target: float  # nan after the last symbol
    p_predicted: float


def explain(
    model: Model, params: Params, tokens: Sequence[int], symbols: tuple[str, ...]
) -> list[Row]:
    """A row for each token read; its target is the next one."""
    inputs = jnp.asarray(tokens, jnp.int32)[None]
    logits = jax.jit(lambda p, x: predict(model, p, x, None))(params, inputs)
    logits = np.asarray(logits[0], np.float64)  # [T, V]
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    rows = []
    for step, token in enumerate(tokens):
        best = int(p[step].argmax())
        is_last = step + 1 == len(tokens)
        target = None if is_last else tokens[step + 1]
        rows.append(
            Row(
                step + 1,
                symbols[token],
                "" if target is None else symbols[target],
                symbols[best],
                float("nan") if target is None else float(p[step, target]),
                float(p[step, best]),
            )
        )
    return rows


def explain_lines(rows: Sequence[Row], width: int = 80) -> list[str]:
    """The steps side by side, as one draws them, and below one another with numbers."""
    shown = [[visible(cell) for cell in row[1:4]] for row in rows]
    sizes = [max(map(len, cells)) for cells in zip(_NAMES, *shown, strict=True)]
    head = [f"{name:<{size}}" for name, size in zip(_NAMES, sizes, strict=True)]
    lines = ["  ".join(["step", *head, "p(target)", "p(predicted)"])]
    for row, cells in zip(rows, shown, strict=True):
        padded = [f"{cell:<{size}}" for cell, size in zip(cells, sizes, strict=True)]
        target = f"{row.p_target:9.3f}" if row.target else f"{'?':>9}"
        right = "  right" if row.predicted == row.target else ""
        numbers = f"{target}  {row.p_predicted:12.3f}{right}"
        lines.append("  ".join([f"{row.step:>4}", *padded, numbers]))
    return [*_drawing(shown, width), *lines]


def _drawing(shown: Sequence[Sequence[str]], width: int) -> list[str]:
    """Three lines, input over target over prediction, again where they are too long."""
    lines: list[str] = []
    block = [f"{name:<11}" for name in _NAMES]
    for column in shown:
        size = max(map(len, column))
        if len(block[0]) + size > width and len(block[0]) > 11:
            lines += [*block, ""]
            block = [f"{name:<11}" for name in _NAMES]
        pairs = zip(block, column, strict=True)
        block = [f"{text}{cell:<{size}}  " for text, cell in pairs]
    return [text.rstrip() for text in [*lines, *block, ""]]
