"""A passage with each symbol tinted by its loss: what surprised the model."""

from collections.abc import Sequence

from lib.report.language import ModelTexts, Passage, Unit
from lib.report.markup import Child, Markup, element

# Nats a symbol from which a tint begins; they darken evenly, so that grey keeps them.
STEPS = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0)


def passage_markup(models: Sequence[ModelTexts], unit: Unit) -> list[Child]:
    """A legend, then the passage as each model reads it."""
    shown = [(m.label, m.passage) for m in models if m.passage is not None]
    if not shown:
        return []
    return [
        element("h3", f"What a model did not expect, {unit.name} by {unit.name}"),
        _legend(unit),
        element(
            "div", *(_reading(label, text) for label, text in shown), class_="samples"
        ),
    ]


def tint(nats: float) -> str:
    """The class of the style sheet for a loss."""
    return f"nats{sum(nats >= step for step in STEPS)}"


def _reading(label: str, passage: Passage) -> Markup:
    spans: list[Child] = [_shown(passage.symbols[0], passage, "\n")]
    pairs = zip(passage.symbols, passage.symbols[1:], passage.nats, strict=False)
    for before, symbol, nats in pairs:
        text = _shown(symbol, passage, before)
        spans.append(element("span", text, class_=tint(nats), title=f"{nats:.2f} nats"))
        if symbol in ("\n", "<eos>"):
            spans.append("\n")
    mean = sum(passage.nats) / len(passage.nats)
    said = f"{label}, seed {passage.seed}: {mean:.2f} nats in the mean"
    return element("div", element("h4", said), element("pre", *spans, class_="passage"))


def _shown(symbol: str, passage: Passage, before: str) -> str:
    if symbol == "\n" or (symbol == "<eos>" and passage.separator):
        return "\N{RETURN SYMBOL}"
    is_first = before in ("\n", "<eos>")
    return symbol if is_first else passage.separator + symbol


def _legend(unit: Unit) -> Markup:
    bounds = [0.0, *STEPS]
    names = [f" {low:g} " for low in bounds]
    keys = [
        element("span", name, class_=f"nats{i}", title=f"from {bounds[i]:g} nats")
        for i, name in enumerate(names)
    ]
    said = (
        f"The first {unit.name}s of the validation text, read from the initial state: "
        f"the darker, the less probable the {unit.name} was after all before it. Tints "
        "begin at these losses in nats: "
    )
    return element("p", said, *keys, class_="note passage")
