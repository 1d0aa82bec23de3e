"""What each word of a text did to the answer: the probabilities after every word read.

A model that reads forward answers after every step, so one reading of the text gives
them all. A model that reads both ways is asked about every beginning of the text.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from lib.data.address import mask_pieces
from lib.data.token import PADDING, UNKNOWN, Piece, Unit, mask, pieces
from lib.train import predict
from lib.types import Model, Params

_BEGINNINGS = 32  # read at once, by a model that reads both ways

# (params, tokens [n]) -> probabilities [n + 1, V], the first before any word
Course = Callable[[Params, Int[np.ndarray, " n"]], Float[np.ndarray, "m V"]]


class Reading(NamedTuple):
    """A text as a model reads it: masked, cut into pieces, as tokens; at least one."""

    masked: str
    pieces: tuple[Piece, ...]  # one a token; none where the text holds no symbol
    tokens: Int[np.ndarray, " n"]
    size: int  # symbols of the text, of which the first len(tokens) are read

    @property
    def num_unknown(self) -> int:
        return int(np.sum(self.tokens == UNKNOWN)) if self.pieces else 0


def read_text(text: str, symbols: Sequence[str], unit: Unit, most: int) -> Reading:
    """The first `most` symbols of a text as tokens of a vocabulary."""
    token_of = {
        symbol: token for token, symbol in enumerate(symbols) if token > UNKNOWN
    }
    masked = mask(text)
    found = pieces(masked, unit)
    read = tuple(found[:most])
    tokens = [token_of.get(piece.symbol, UNKNOWN) for piece in read] or [UNKNOWN]
    return Reading(masked, read, np.asarray(tokens, np.int32), len(found))


def make_course(model: Model, max_length: int) -> Course:
    """The probabilities of every class after each token, and before the first.

    Before the first is what the model says of a single unknown token: of a text that
    says nothing. Row i is what it says of the text of the first i tokens.
    """

    @jax.jit
    def probabilities(params: Params, inputs: Int[Array, "B T"]) -> Array:
        outputs = predict(model, params, inputs, None)
        return jax.nn.softmax(outputs.astype(jnp.float32), axis=-1)

    def padded(rows: Sequence[Any]) -> Int[np.ndarray, "B T"]:
        inputs = np.full((_rows(model), max_length), PADDING, np.int32)
        for i, row in enumerate(rows):
            inputs[i, : len(row)] = row
        return inputs

    def course(params: Params, tokens: np.ndarray) -> np.ndarray:
        blank = [UNKNOWN]
        if model.causal:
            found = np.asarray(probabilities(params, padded([blank, tokens])))
            return np.concatenate([found[0, :1], found[1, : len(tokens)]])
        rows = [blank, *(tokens[:n] for n in range(1, len(tokens) + 1))]
        answers = []
        for start in range(0, len(rows), _BEGINNINGS):
            some = rows[start : start + _BEGINNINGS]
            # The same answer stands at every position of a sequence.
            answers.append(
                np.asarray(probabilities(params, padded(some)))[: len(some), 0]
            )
        return np.concatenate(answers)

    return course


def _rows(model: Model) -> int:
    return 2 if model.causal else _BEGINNINGS


def evidence_entry(
    reading: Reading,
    probabilities: Float[np.ndarray, "m V"],
    classes: Sequence[str],
    unit: Unit,
    target: str = "",
    most_classes: int = 3,
) -> dict[str, Any]:
    """A text, and how the likeliest classes fared as it was read, as plain data.

    Each piece is [what stands before it, the piece, whether it is known]; `course` has
    a row before the first piece and one after each, a column a class.
    """
    order = np.argsort(-probabilities[-1], kind="stable")[:most_classes].tolist()
    if target and classes.index(target) not in order:
        order[-1] = classes.index(target)
    known = [bool(token != UNKNOWN) for token in reading.tokens]
    cuts, end = [], 0
    for piece, _ in zip(reading.pieces, known, strict=False):
        cuts += [(end, piece.start), (piece.start, piece.stop)]
        end = piece.stop
    # What a model reads keeps the hosts of addresses; what is shown does not.
    texts = mask_pieces([reading.masked[start:stop] for start, stop in cuts])
    shown = [list(p) for p in zip(texts[::2], texts[1::2], known, strict=False)]
    return {
        "classes": [classes[i] for i in order],
        "target": target,
        "unit": unit,
        "pieces": shown,
        "course": np.round(probabilities[:, order].astype(float), 5).tolist(),
    }
