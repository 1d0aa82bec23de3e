"""Tables as values, written as text here and as HTML by the page."""

from typing import NamedTuple


class Cell(NamedTuple):
    """One entry: what it says, what stands small beside it, and how it is tinted."""

    text: str
    detail: str = ""
    tint: str = ""  # a class of the page's style sheet


class Table(NamedTuple):
    """Rows under column names; the first column names the row, others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    note: str = ""
    prose: frozenset[int] = frozenset()  # columns of words, set to the left

    def without(self, columns: tuple[str, ...]) -> "Table":
        """The table less some of its columns of numbers."""
        kept = [i for i, name in enumerate(self.columns) if name not in columns]
        rows = [tuple(row[i] for i in kept) for row in self.rows]
        return self._replace(columns=tuple(self.columns[i] for i in kept), rows=rows)

    def lines(self) -> list[str]:
        """The table as lines of plain text."""
        body = [[" ".join(filter(None, cell[:2])) for cell in row] for row in self.rows]
        grid = [[clean(text) for text in row] for row in [list(self.columns), *body]]
        widths = [max(len(row[i]) for row in grid) for i in range(len(self.columns))]
        left = {0, *self.prose}
        lines = [
            "  ".join(
                text.ljust(width) if i in left else text.rjust(width)
                for i, (text, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in grid
        ]
        return [clean(self.title), lines[0], "-" * sum(widths, 2 * len(widths) - 2)] + (
            lines[1:]
        )

    def markdown(self) -> list[str]:
        """The table as lines of Markdown under a heading, its note below."""
        sides = [
            ":--" if i in {0, *self.prose} else "--:" for i in range(len(self.columns))
        ]
        body = [[" ".join(filter(None, cell[:2])) for cell in row] for row in self.rows]
        grid = [list(self.columns), sides, *body]
        escaped = [[clean(text).replace("|", "\\|") for text in row] for row in grid]
        lines = [f"| {' | '.join(row)} |" for row in escaped]
        note = ["", clean(self.note)] if self.note else []
        return [f"### {clean(self.title)}", "", *lines, *note]


def clean(text: str) -> str:
    """Text without control characters, which could steer a terminal or a reader."""
    return "".join(
        character if character.isprintable() else " " for character in text
    ).strip()
