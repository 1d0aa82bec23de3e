"""Columns of numbers from a CSV file, with errors that name row and column."""

import csv
import io
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from lib.error import UserError
from lib.setting import nearest


class Table(NamedTuple):
    """Named columns of one length."""

    columns: tuple[str, ...]
    values: Float[np.ndarray, "N C"]


def decode(place: str, content: bytes, encoding: str) -> str:
    """The text of a file. Raises UserError where it is not in that encoding."""
    try:
        # A byte order mark is no part of the first column's name.
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError as error:
        raise UserError(f"{place}: unknown encoding {encoding!r}") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{place}: is not {encoding} at byte {error.start}; name its encoding, "
            "such as encoding='latin-1'"
        ) from error


def read_table(place: str, text: str, columns: Sequence[str] = ()) -> Table:
    """The columns asked for, in that order; () for all that begin with a number.

    The first line names the columns; rows are counted as in the file, it being row 1.

    Raises:
      UserError: no rows, an unknown column, a row of another width, a cell that is not
        a finite number.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise UserError(f"{place}: row {reader.line_num}: {error}") from error
    if len(lines) < 2:
        raise UserError(f"{place}: has no rows below a line with the columns' names")
    (_, header), *rows = lines
    header = [name.strip() for name in header]
    for row, cells in rows:
        if len(cells) != len(header):
            raise UserError(
                f"{place}: row {row} has {len(cells)} cells, but there are "
                f"{len(header)} columns"
            )
    names = tuple(columns) or _numeric(place, header, rows[0][1])
    for name in names:
        if name not in header:
            raise UserError(f"{place}: no column {name!r}{nearest(name, header)}")
        if names.count(name) > 1:
            raise UserError(f"{place}: column {name!r} is asked for twice")
    picked = [(name, header.index(name)) for name in names]
    values = [
        [_number(place, row, name, cells[index]) for name, index in picked]
        for row, cells in rows
    ]
    return Table(names, np.asarray(values, np.float64))


def _numeric(place: str, header: list[str], first: list[str]) -> tuple[str, ...]:
    """The columns whose first cell is a number: dates and names are not."""
    pairs = zip(header, first, strict=True)
    found = tuple(name for name, cell in pairs if math.isfinite(_parse(cell)))
    if not found:
        raise UserError(f"{place}: no column begins with a number")
    return found


def _number(place: str, row: int, column: str, cell: str) -> float:
    value = _parse(cell)
    if not math.isfinite(value):
        raise UserError(
            f"{place}: row {row}, column {column!r}: {cell[:40]!r} is not a number"
        )
    return value


def _parse(cell: str) -> float:
    """The number in a cell; nan for anything else."""
    try:
        return float(cell)
    except ValueError:
        return math.nan
