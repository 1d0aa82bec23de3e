"""Columns of numbers from a CSV file, with errors that name row and column.

The first row names the columns. A column with no number in it, such as dates, is left
out unless it is asked for. Where a column has any number, every cell of it must be a
finite one: a gap in a series is never filled or skipped in silence.
"""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from lib.data.encoding import read_text
from lib.error import UserError
from lib.setting import nearest


class Table(NamedTuple):
    """Named columns of one length."""

    columns: tuple[str, ...]
    values: Float64[np.ndarray, "N C"]


def read_table_file(
    path: Path, columns: Sequence[str] = (), encoding: str = "utf-8"
) -> Table:
    """`read_table` of a file, plain or compressed.

    Raises:
      UserError: as `read_table` and `lib.data.encoding.read_text`.
    """
    return read_table(str(path), read_text(path, encoding), columns)


def read_table(place: str, text: str, columns: Sequence[str] = ()) -> Table:
    """The columns asked for, in that order; () for all that have numbers.

    Rows are counted as a spreadsheet does, the columns' names being row 1.

    Raises:
      UserError: no rows, an unknown column, a row of another width, a cell that is not
        a finite number.
    """
    header, rows = _parse(place, text)
    for name in columns:
        if name not in header:
            raise UserError(f"{place}: no column {name!r}{nearest(name, header)}.")
        if columns.count(name) > 1:
            raise UserError(f"{place}: column {name!r} is asked for twice.")
    cells = list(zip(*rows, strict=True))
    places = [header.index(name) for name in columns] or [
        index for index, column in enumerate(cells) if any(map(_is_number, column))
    ]
    if not places:
        raise UserError(f"{place}: no numbers in any of {', '.join(header)}.")
    values = np.empty((len(rows), len(places)))
    for i, index in enumerate(places):
        values[:, i] = _numbers(place, header[index], cells[index])
    return Table(tuple(header[index] for index in places), values)


def _parse(place: str, text: str) -> tuple[list[str], list[list[str]]]:
    """The columns' names and the rows, all equally long."""
    stream = io.StringIO(text.rstrip("\r\n"), newline="")
    reader = csv.reader(stream, strict=True, skipinitialspace=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        rows = list(reader)
    except csv.Error as error:
        raise UserError(f"{place}: line {reader.line_num:,}: {error}.") from error
    if not any(header):
        raise UserError(f"{place}: empty; columns' names and rows are wanted.")
    if all(map(_is_number, header)):
        raise UserError(f"{place}: row 1 is numbers; the columns' names are wanted.")
    if repeated := [name for name in header if header.count(name) > 1]:
        raise UserError(f"{place}: more than one column is named {repeated[0]!r}.")
    if not rows:
        raise UserError(f"{place}: no rows below the columns' names.")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise UserError(
                f"{place}: row {number:,} has {len(row)} cells, but there are "
                f"{len(header)} columns."
            )
    return header, rows


def _numbers(place: str, name: str, cells: Sequence[str]) -> list[float]:
    for number, cell in enumerate(cells, 2):
        if not _is_number(cell):
            what = f"{cell[:40]!r} is not a number" if cell.strip() else "is empty"
            raise UserError(f"{place}: row {number:,}, column {name!r}: {what}.")
    return [float(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell  # Python's own 1_000
    except ValueError:
        return False
