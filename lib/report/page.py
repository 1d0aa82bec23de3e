"""The report's page: one HTML file that needs no network and no script."""

import base64
import hashlib

from lib.report.figure import Drawing, pretty
from lib.report.markup import Child, Markup, element, join
from lib.report.style import STYLE
from lib.report.table import Cell, Table

LONG = 48  # characters of a cell that may break into lines


def page(title: str, *body: Child) -> str:
    """A whole document around `body`, as text.

    The policy allows nothing but this style sheet and pictures inside the file.
    """
    digest = hashlib.sha256(STYLE.encode()).digest()
    style_hash = base64.b64encode(digest).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{style_hash}'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        Markup(f"<style>{STYLE}</style>"),
    )
    document = element("html", head, "\n", element("body", *body), lang="en")
    return f"<!doctype html>\n{document.html}\n"


def section(title: str, anchor: str, *children: Child) -> Markup:
    return element("section", element("h2", title, id=anchor), *children)


def table_markup(table: Table, titled: bool = True) -> Markup:
    """A table with its note, in a box that scrolls sideways by itself."""
    head = element(
        "tr",
        *(
            element("th", name, scope="col", class_=_side(table, i))
            for i, name in enumerate(table.columns)
        ),
    )
    rows = [
        element("tr", *(_cell(table, i, cell) for i, cell in enumerate(row)), "\n")
        for row in table.rows
    ]
    grid = element("table", element("thead", head), element("tbody", *rows))
    note = element("p", pretty(table.note), class_="note") if table.note else None
    box = element("div", grid, class_="box", tabindex="0", role="region",
                  aria_label=table.title)  # fmt: skip
    return join(element("h3", table.title) if titled else None, box, note)


def figure_markup(drawing: Drawing, caption: str, is_small: bool = False) -> Markup:
    """A drawing in the width that suits the screen, its files named if it has any."""
    picture = element(
        "picture",
        element("source", media="(max-width: 640px)", srcset=_data(drawing.narrow)),
        element("img", src=_data(drawing.wide), alt=drawing.alternative),
    )
    stem = drawing.stem
    files = f" Files: figures/{stem}.svg and .png." if stem else ""
    label = element("figcaption", caption, element("small", files))
    return element("figure", picture, label, class_="narrow" if is_small else "")


def facts_markup(facts: dict[str, str]) -> Markup:
    """Names and texts in two columns."""
    pairs = [
        join(element("dt", name), element("dd", text)) for name, text in facts.items()
    ]
    return element("dl", *pairs)


def _cell(table: Table, column: int, cell: Cell) -> Markup:
    detail = element("small", pretty(cell.detail)) if cell.detail else None
    long = "long" if len(cell.text) > LONG else ""
    names = " ".join(filter(None, (_side(table, column), cell.tint, long)))
    return element("td", pretty(cell.text), detail, class_=names)


def _side(table: Table, column: int) -> str:
    return "left" if column in table.prose else ""


def _data(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
