"""What runs answered to questions: tables by task, by kind of question, and as text."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from lib import stats
from lib.report.collect import REPORTED, Run, by_number, dig, number, whole
from lib.report.table import Cell, Table

SOLVED = 0.95  # of a bAbI task, as its authors count
_SHOWN = 3  # answers of a model
_ENDS = 90  # characters kept of either end of a long story
_METRICS = {
    "exact_match": "exact match",
    "who": "who",
    "what": "what",
    "where": "where",
    "held_out_names": "held-out names",
    "held_out_answers": "held-out answers",
    "held_out_verbs": "held-out verbs",
}


def has_tasks(runs: Sequence[Run]) -> bool:
    """Whether the runs compare numbered tasks, as those of bAbI."""
    return any(_task_number(run) is not None for run in runs)


def task_table(runs: Sequence[Run]) -> Table | None:
    """Exact match by task and model, beside the majority floor."""
    ended = [run for run in runs if _exact(run) is not None]
    if not ended:
        return None
    models = list(dict.fromkeys(_column(run) for run in runs))
    numbers = sorted({n for run in runs if (n := _task_number(run)) is not None})
    rows, means = [], {model: [] for model in models}
    for task in numbers:
        of_task = [run for run in ended if _task_number(run) == task]
        titles = [str(dig(r.result, "task", "facts", "title") or "") for r in of_task]
        floors = [v for r in of_task if (v := _floor(r)) is not None]
        floor = floors[0] if floors else None
        cells = [Cell(f"{task} {next(iter(titles), '')}".strip())]
        cells.append(Cell("–" if floor is None else f"{100 * floor:.1f}"))
        for model in models:
            values = [_exact(run) for run in of_task if _column(run) == model]
            cells.append(_percent_cell([v for v in values if v is not None], floor))
            means[model] += (
                [fmean(v for v in values if v is not None)] if values else []
            )
        rows.append(tuple(cells))
    if len(numbers) > 1:
        rows += _summary_rows(models, means, len(numbers))
    note = (
        "Questions of the test split with every word of the answer right, in per cent, "
        "mean over seeds; below it each seed. Majority: the most frequent answer of "
        "training, or the most frequent to each first word of a question. The tint "
        "runs from the majority's share to all. A task is passed from "
        f"{100 * SOLVED:.0f} % on."
    )
    return Table("Exact match by task", ("task", "majority", *models), rows, note)


def kind_table(runs: Sequence[Run]) -> Table | None:
    """Stories: exact match by kind of question and on held-out words, by model."""
    lengths = sorted({n for run in runs for n in _lengths(run)})
    names = [
        n for n in _METRICS if any(_metric(r, t, n) for r in runs for t in lengths)
    ]
    rows = []
    for label in dict.fromkeys(run.label for run in runs):
        mine = [r for r in runs if r.label == label and r.state == "done"]
        length = _longest_solved(mine, lengths)
        if length is None:
            continue
        cells = [Cell(label), Cell(str(length))]
        for name in names:
            values = [v for r in mine if (v := _metric(r, length, name)) is not None]
            cells.append(_percent_cell(values, 0.0))
        rows.append(tuple(cells))
    if not rows:
        return None
    note = (
        "In per cent, mean over seeds and below it each seed, at each model's longest "
        "length with a mean exact match of at least 90 %, else at its shortest. The "
        "first four are over names and verbs that training asks about. Held-out names "
        "are in the question (what, where); held-out answers are names that never were "
        "an answer in training (who); held-out verbs were never asked about."
    )
    columns = ("model", "length", *(_METRICS[name] for name in names))
    return Table(
        "Kinds of question, and words held out of training", columns, rows, note
    )


def predictor_table(runs: Sequence[Run]) -> Table | None:
    """Stories: what simple predictors reach, in closed form."""
    found: dict[int, Mapping[str, Any]] = {}
    for run in runs:
        facts = dig(run.result, "task", "facts")
        if isinstance(facts, Mapping) and _lengths(run):
            found[max(_lengths(run))] = facts
    names = {
        "blind": "blind: ignores story and question",
        "question_only": "question only",
        "last_mention": "last mention of the kind asked for",
    }
    rows = []
    for key, said in names.items():
        values = [number(facts.get(key)) for _, facts in sorted(found.items())]
        if any(v is not None for v in values):
            shown = [Cell("–" if v is None else f"{100 * v:.1f}") for v in values]
            rows.append((Cell(said), *shown))
    if not rows:
        return None
    size = {whole(facts.get("sentence_tokens")) for facts in found.values()}
    per = next((n for n in size if n), None)
    columns = ("predictor", *(f"length {n}" for n in sorted(found)))
    note = "Exact match in per cent, from the task's definition (lib/tasks/stories.py)."
    if per:
        said = ", ".join(f"{n} tokens: {n // per}" for n in sorted(found))
        note += f" Sentences of a story at each length, {per} tokens each: {said}."
    return Table("Simple predictors", columns, rows, note)


def answer_table(runs: Sequence[Run]) -> Table | None:
    """A few questions of validation with the answers given to them."""
    rows = []
    for run in _speakers(runs):
        answers = dig(run.result, "answers")
        shown = answers if isinstance(answers, list) else []
        for answer in shown[: 1 if has_tasks(runs) else _SHOWN]:
            said, wanted = (str(dig(answer, key) or "") for key in ("said", "wanted"))
            p = number(dig(answer, "probability"))
            mark = "verdict-reached" if said == wanted else "short"
            rows.append(
                (
                    Cell(run.label),
                    Cell(_clipped(str(dig(answer, "text") or ""))),
                    Cell(wanted),
                    Cell(said or "(nothing)", "" if p is None else f"{p:.2f}", mark),
                )
            )
    if not rows:
        return None
    note = (
        "Questions of the validation split, as read; the answer is decoded greedily, "
        "word by word, with its probability below. Any story can be asked about with "
        "python -m experiments.ask --run=ID --story=... --question=..."
    )
    columns = ("model", "read", "right", "answered")
    return Table("Answers given", columns, rows, note, prose=frozenset({1, 2, 3}))


def _speakers(runs: Sequence[Run]) -> list[Run]:
    """The runs that speak: of each task the best; else of each model the longest's."""
    done = [run for run in runs if dig(run.result, "answers")]
    if has_tasks(runs):
        best: dict[Any, Run] = {}
        for run in done:
            held = best.get(_task_number(run))
            if held is None or (_exact(run) or 0) > (_exact(held) or 0):
                best[_task_number(run)] = run
        return [best[n] for n in sorted(best, key=lambda n: n or 0)]
    found: dict[str, Run] = {}
    for run in done:
        held = found.get(run.label)
        if held is None or (run.length or 0) > (held.length or 0):
            found[run.label] = run
    return list(found.values())


def _summary_rows(
    models: Sequence[str], means: Mapping[str, list[float]], planned: int
) -> list[tuple[Cell, ...]]:
    mean, passed = [Cell("mean"), Cell("")], [Cell("passed"), Cell("")]
    for model in models:
        values = means[model]
        whole_row = len(values) == planned
        short = "" if whole_row else f"of {len(values)} tasks"
        mean.append(Cell(f"{100 * fmean(values):.1f}", short) if values else Cell("–"))
        count = sum(value >= SOLVED for value in values)
        passed.append(Cell(f"{count} of {len(values)}"))
    return [tuple(mean), tuple(passed)]


def _percent_cell(values: Sequence[float], floor: float | None) -> Cell:
    if not values:
        return Cell("–")
    mean = fmean(values)
    each = " ".join(f"{100 * v:.1f}" for v in values)
    score = 0.0
    if floor is not None and floor < 1:
        score = stats.normalised_score(mean, floor, 1.0)
    # A step only from an eighth of the way up: chance differences stay white.
    tint = f"rate{round(4 * score)}"
    return Cell(f"{100 * mean:.1f}", each if len(values) > 1 else "1 seed", tint)


def _column(run: Run) -> str:
    """The model, and what else is compared beside the task."""
    model = str(run.cell.get("model") or dig(run.config, "model", "name") or "run")
    rest = {k: v for k, v in run.cell.items() if k not in ("model", "number", "length")}
    return ", ".join([model, *(f"{k} {v}" for k, v in sorted(rest.items()))])


def _task_number(run: Run) -> int | None:
    if dig(run.config, "task", "name") != "babi":
        return None
    return whole(run.cell.get("number", dig(run.config, "task", "number")))


def _lengths(run: Run) -> list[int]:
    return list(by_number(dig(run.result, "metrics", "test")))


def _metric(run: Run, length: int, name: str) -> float | None:
    return number(dig(run.result, "metrics", "test", str(length), name))


def _exact(run: Run) -> float | None:
    """Exact match at the longest tested length; a diverged run counts at 0."""
    if run.state not in REPORTED:
        return None
    if run.state == "diverged":
        return 0.0
    lengths = _lengths(run)
    return _metric(run, max(lengths), "exact_match") if lengths else None


def _floor(run: Run) -> float | None:
    floors = by_number(dig(run.result, "task", "floor"))
    return number(floors[max(floors)]) if floors else None


def _longest_solved(runs: Sequence[Run], lengths: Sequence[int]) -> int | None:
    """The longest length answered in nine of ten cases, else the shortest there is."""
    means = {}
    for length in lengths:
        values = [_metric(run, length, "exact_match") for run in runs]
        if known := [v for v in values if v is not None]:
            means[length] = fmean(known)
    solved = [length for length, mean in means.items() if mean >= stats.THRESHOLD]
    return max(solved) if solved else min(means, default=None)


def _clipped(text: str) -> str:
    if len(text) <= 2 * _ENDS + 20:
        return text
    return f"{text[:_ENDS].rsplit(' ', 1)[0]} … {text[-_ENDS:].split(' ', 1)[1]}"
