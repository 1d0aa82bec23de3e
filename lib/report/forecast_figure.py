"""Forecasts beside the truth, one panel a model, every seed drawn."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from lib.report import figure as base
from lib.report.regression import ModelErrors, array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Style = dict[str, Any]
TRUTH: Style = {"color": "#b5b5b5", "linewidth": 3.2, "solid_capstyle": "butt"}
ONE_STEP: Style = {"color": "#000000", "linewidth": 0.8, "linestyle": (0, (1, 1.4))}
OWN: Style = {"color": "#b8420a", "linewidth": 0.9}
TRIVIAL: dict[str, Style] = {
    "last": {"color": "#56b4e9", "linewidth": 1.2, "linestyle": (0, (5, 1.5))},
    "season": {"color": "#00528f", "linewidth": 1.2, "linestyle": (0, (1, 1.2))},
}
SHADE: Style = {"color": "#ececec", "linewidth": 0, "zorder": 0}
LEGEND: Style = {"loc": "outside upper left", "frameon": False, "fontsize": 8.5}


def draw_sine(models: Sequence[ModelErrors], narrow: bool) -> "Figure":
    """The wave, one step ahead and running free; what was trained on is shaded."""
    rests = list(dict.fromkeys(model.rest for model in models))
    names = list(dict.fromkeys(model.name for model in models))
    grid = _shape(len(rests), len(names), narrow)
    figure = base.new_figure(4.2 if narrow else 10.5, 1.9 * grid[0] + 0.9)
    panels = figure.subplots(*grid, sharex=True, sharey=True, squeeze=False)
    by_place = {(model.rest, model.name): model for model in models}
    drawn = _place(panels, list(product(rests, names)), by_place)
    for axes, model in drawn:
        _sine_panel(axes, model)
    figure.supxlabel("point", fontsize=9)
    figure.supylabel("value", fontsize=9)
    _legend(figure, [axes for axes, _ in drawn], 3 if narrow else 4)
    return figure


def _sine_panel(axes: "Axes", model: ModelErrors) -> None:
    trained, period = model.facts.get("train_points", 0), model.facts.get("period", 0)
    axes.axvspan(0, trained - 1, label="trained on", **SHADE)
    for index, forecast in enumerate(model.forecasts.values()):
        truth, one_step = (
            array(forecast.get("truth"), 1),
            array(forecast.get("one_step"), 1),
        )
        free = array(forecast.get("free"), 1)
        if truth is None or one_step is None or free is None:
            continue
        if index == 0:
            axes.plot(truth, label="truth", **TRUTH)
        start = len(truth) - len(free)
        named = _named("running free, every seed", index)
        axes.plot(range(start, len(truth)), free, **OWN, **named)
        named = _named("one step ahead", index)
        axes.plot(range(1, len(truth)), one_step, **ONE_STEP, **named)
    axes.set_ylim(-1.75, 2.1)
    axes.set_yticks([-1, 0, 1])
    axes.annotate(
        "",
        (period, 1.35),
        (0, 1.35),
        arrowprops={
            "arrowstyle": "<->",
            "color": base.GREY,
            "lw": 0.8,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    axes.text(period / 2, 1.42, "a period", ha="center", fontsize=7.5, color=base.GREY)
    _title(axes, model)


def draw_one_step(models: Sequence[ModelErrors], narrow: bool) -> "Figure":
    """A stretch of the test split, each row predicted from the true rows before it."""

    def panel(axes: "Axes", model: ModelErrors, column: int) -> None:
        for index, forecast in enumerate(model.forecasts.values()):
            truth = array(forecast.get("truth"), 2)
            one_step = array(forecast.get("one_step"), 2)
            if truth is None or one_step is None:
                continue
            rows = forecast.get("first_row", 0) + np.arange(len(truth))
            if index == 0:
                axes.plot(rows, _unit(model, truth, column), label="truth", **TRUTH)
            named = _named("one step ahead, every seed", index)
            axes.plot(rows, _unit(model, one_step, column), **OWN, **named)

    return _columns_figure(models, narrow, panel, "row of the series")


def draw_example(models: Sequence[ModelErrors], narrow: bool) -> "Figure":
    """One window of the test split and the whole forecast made at its end."""

    def panel(axes: "Axes", model: ModelErrors, column: int) -> None:
        examples = [f.get("example") for f in model.forecasts.values()]
        first, last = 0.0, 1.0
        for index, example in enumerate(e for e in examples if isinstance(e, dict)):
            context = array(example.get("context"), 2)
            truth = array(example.get("truth"), 2)
            own = array(example.get("forecast"), 2)
            if context is None or truth is None or own is None:
                continue
            context, ahead = context[-2 * len(truth) :], np.arange(1, len(truth) + 1)
            first, last = 1.0 - len(context), float(len(truth))
            if index == 0:
                past = np.concatenate([context, truth])
                axes.plot(
                    np.arange(1 - len(context), len(truth) + 1),
                    _unit(model, past, column),
                    label="truth",
                    **TRUTH,
                )
                _trivial(axes, model, example, column, ahead)
            named = _named("forecast, every seed", index)
            axes.plot(ahead, _unit(model, own, column), **OWN, **named)
        axes.axvspan(first, 0.5, label="read", **SHADE)
        axes.set_xlim(first, last)

    return _columns_figure(models, narrow, panel, "rows after the last one read")


def draw_chorale(models: Sequence[ModelErrors], narrow: bool) -> "Figure":
    """A test piece as a piano roll, and each model's probability of every key."""
    rolls: list[tuple[str, np.ndarray]] = []
    for model in models:
        for seed, forecast in list(model.forecasts.items())[:1]:
            truth, chance = (
                array(forecast.get("truth"), 2),
                array(forecast.get("chance"), 2),
            )
            if truth is None or chance is None:
                continue
            rolls = rolls or [("what sounds", truth)]
            rolls.append((f"{model.label}, seed {seed}", chance))
    sounding = np.flatnonzero(rolls[0][1].any(axis=0)) if rolls else np.array([0, 1])
    low, high = max(sounding.min() - 3, 0), sounding.max() + 4
    grid = (len(rolls), 1) if narrow else (-(-len(rolls) // 2), 2)
    figure = base.new_figure(4.2 if narrow else 10.5, 1.75 * grid[0] + 0.6)
    panels = figure.subplots(*grid, sharex=True, sharey=True, squeeze=False)
    image = None
    for index, (title, roll) in enumerate(rolls):
        axes = panels.flat[index]
        _label_bottom(panels, index, len(rolls))
        extent = (0.5, len(roll) + 0.5, low + 0.5, high + 0.5)
        image = axes.imshow(
            roll[:, low:high].T,
            cmap="Greys",
            vmin=0,
            vmax=1,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            extent=extent,
        )
        axes.set_title(title, loc="left", fontsize=9)
    for axes in list(panels.flat)[len(rolls) :]:
        axes.set_axis_off()
    figure.supxlabel("frame (quarter note)", fontsize=9)
    figure.supylabel("key of the piano", fontsize=9)
    if image is not None:
        bar = figure.colorbar(image, ax=panels, label="probability", pad=0.01)
        bar.outline.set_visible(False)
    return figure


def _columns_figure(
    models: Sequence[ModelErrors],
    narrow: bool,
    panel: Callable[["Axes", ModelErrors, int], None],
    xlabel: str,
) -> "Figure":
    """A row of panels for the first and the last column of the data."""
    names = next((m.facts.get("columns") for m in models if m.facts), None) or ["value"]
    columns = sorted({0, len(names) - 1})
    grid = _shape(len(columns), len(models), narrow)
    figure = base.new_figure(4.2 if narrow else 10.5, 2.0 * grid[0] + 0.9)
    panels = figure.subplots(*grid, sharex=True, squeeze=False)
    places = [(column, i) for column in columns for i in range(len(models))]
    by_place = {place: models[place[1]] for place in places}
    drawn = _place(panels, places, by_place)
    for (axes, model), (column, _) in zip(drawn, places, strict=True):
        panel(axes, model, column)
        _title(axes, model)
        axes.set_ylabel(str(names[column]), fontsize=8.5)
    for column in columns:
        row = [a for (a, _), p in zip(drawn, places, strict=True) if p[0] == column]
        limits = [axes.get_ylim() for axes in row]
        for axes in row:
            lows, highs = zip(*limits, strict=True)
            axes.set_ylim(min(lows), max(highs))
    figure.supxlabel(xlabel, fontsize=9)
    _legend(figure, [axes for axes, _ in drawn], 2 if narrow else 5)
    return figure


def _trivial(
    axes: "Axes", model: ModelErrors, example: dict[str, Any], column: int, ahead: Any
) -> None:
    names = {"last": "last value", "season": "last season"}
    known = [
        name for name in model.trivial if name not in ("training mean", "last value")
    ]
    names["season"] = known[0] if known else names["season"]
    for base_name, values in (example.get("trivial") or {}).items():
        rows = array(values, 2)
        if rows is not None and base_name in TRIVIAL:
            axes.plot(
                ahead,
                _unit(model, rows, column),
                label=names[base_name],
                **TRIVIAL[base_name],
            )


def _unit(model: ModelErrors, rows: np.ndarray, column: int) -> np.ndarray:
    """A column of z-scores in the unit of the file."""
    mean, std = array(model.facts.get("mean"), 1), array(model.facts.get("std"), 1)
    if mean is None or std is None or column >= min(len(mean), len(std)):
        return rows[:, column]
    return rows[:, column] * std[column] + mean[column]


def _shape(num_rows: int, num_columns: int, narrow: bool) -> tuple[int, int]:
    """Rows and columns of panels: one column on a narrow page, at most 4 on a wide."""
    if narrow:
        return num_rows * num_columns, 1
    across = min(num_columns, 4)
    return num_rows * -(-num_columns // across), across


def _place(panels: Any, places: Sequence[Any], by_place: dict[Any, Any]) -> list[Any]:
    """Pairs of axes and what is drawn there; the other axes are taken away."""
    pairs = []
    for index, axes in enumerate(panels.flat):
        found = by_place.get(places[index]) if index < len(places) else None
        if found is None:
            axes.set_axis_off()
        else:
            pairs.append((axes, found))
            _label_bottom(panels, index, len(places))
    return pairs


def _label_bottom(panels: Any, index: int, count: int) -> None:
    """Ticks for the lowest panel of each column: with shared axes the last row alone
    would carry them, also where it has no panel."""
    lowest = index + panels.shape[1] >= count
    panels.flat[index].tick_params(labelbottom=lowest)


def _named(label: str, index: int) -> dict[str, Any]:
    """The first of equal lines carries their label."""
    return {"label": label} if index == 0 else {}


def _title(axes: "Axes", model: ModelErrors) -> None:
    axes.set_title(model.label, loc="left", fontsize=9)


def _legend(figure: "Figure", panels: Sequence["Axes"], num_columns: int) -> None:
    """One legend for all panels, each entry once."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(found.values(), found.keys(), ncols=num_columns, **LEGEND)
