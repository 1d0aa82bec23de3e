"""Where a report's numbers come from, and what went wrong on the way."""

from collections import Counter
from collections.abc import Iterable, Sequence

from lib import stats
from lib.report.collect import REPORTED, Run, Sweep, by_number, dig, num_targets, whole
from lib.report.cost import distinct
from lib.report.expected import cell_text
from lib.report.table import Cell, Table

WAITING = ("pending", "running")
STOPPED = {"solved": "solved early", "budget": "used the whole budget"}


def status_text(sweep: Sweep) -> str:
    """How far the sweep is, in one sentence: runs ended, waiting and lost."""
    runs = sweep.replicates
    ended = sum(run.state in REPORTED for run in runs)
    states = Counter(run.state for run in runs)
    text = f"{ended} of {len(runs)} runs done"
    if states["diverged"]:
        text += f", of which {states['diverged']} diverged"
    others = sorted((s, n) for s, n in states.items() if s not in REPORTED)
    if others:
        text += f"; {', '.join(f'{n} {state}' for state, n in others)}"
    tuning = [run for run in sweep.runs if run.stage == "tune"]
    left = sum(run.state in WAITING for run in tuning)
    if left:
        text += f"; tuning: {len(tuning) - left} of {len(tuning)} runs ended"
    if sweep.num_pending:
        text += f"; cells that wait for tuning to choose: {sweep.num_pending}"
    return " ".join([text + ".", *shipped_texts(runs)])


def shipped_texts(runs: Sequence[Run]) -> list[str]:
    """A sentence about runs that came with the code instead of being trained here."""
    shipped = [run for run in runs if "shipped" in run.result]
    if not shipped:
        return []
    of = lambda key: distinct(shipped, lambda run: dig(run.result, "measured", key))
    names = [str(run.cell.get("model") or run.label) for run in shipped]
    models = ", ".join(dict.fromkeys(names))
    changed = any(dig(run.result, "measured", "dirty") for run in shipped)
    apart = " and files in no commit" if changed else ""
    return [
        f"Shipped with the code, not trained here: {len(shipped)} runs ({models}), "
        f"made at commit {of('commit')}{apart} with jax {of('jax')}, Python "
        f"{of('python')} on {of('processor')}."
    ]


def is_complete(sweep: Sweep) -> bool:
    """Whether every planned run is done or diverged."""
    ended = all(run.state in REPORTED for run in sweep.replicates)
    return ended and not sweep.num_pending and bool(sweep.replicates)


def budget_text(runs: Sequence[Run]) -> str:
    """The training budget of some runs, in words."""
    steps = distinct(runs, lambda run: dig(run.config, "train", "num_steps"))
    batch = distinct(runs, lambda run: dig(run.config, "train", "batch_size"))
    if "–" in (steps, batch):
        return ""
    steps, batch = (text.replace(", ", " or ") for text in (steps, batch))
    text = f"Budget of a run: at most {steps} steps of {batch} sequences."
    if any(dig(run.config, "train", "curriculum") for run in runs):
        text += f" Lengths of the batches: {distinct(runs, _lengths_of_training)}."
    return text


def about_text(sweep: Sweep, part: str, runs: Sequence[Run]) -> str:
    """What a part opens with: its budget, its widths, and what came with the code."""
    matched = sweep.matched.get(part)
    widths = f"Widths: {matched}." if matched else ""
    said = [budget_text(runs), widths, *shipped_texts(runs)]
    return " ".join(filter(None, said))


def matched_text(sweep: Sweep) -> str:
    """In what the models of all parts were made equal, or that they were not."""
    found = {sweep.matched.get(part, "").partition(":")[0] for part in sweep.parts}
    if len(found) > 1:
        return "In what models were made equal differs between the parts."
    (equal,) = found
    if not equal:
        return "Models are as the config sets them: nothing was made equal."
    return f"Widths are solved for {equal}, part by part."


def _lengths_of_training(run: Run) -> str:
    """The lengths a run trains on, as "uniform 1 to 40"; one length by itself."""
    kind = dig(run.config, "train", "curriculum")
    longest = whole(dig(run.config, "task", "length"))
    if not isinstance(kind, str) or kind == "none":
        return f"{longest}"
    shortest = whole(dig(run.config, "train", "min_length")) or 1
    between = "or" if kind == "mix" else "to"
    return f"{kind} {shortest} {between} {longest}"


def problem_table(sweep: Sweep) -> Table:
    """Runs that did not end well, and data that could not be read."""
    rows = []
    for run in sweep.runs:
        bad = run.state not in ("done", *WAITING)
        texts = [run.reason or _diverged_at(run)] * bad + list(run.problems)
        for text in texts:
            place = (run.part, cell_text(run.cell), run.stage, str(run.seed), run.state)
            rows.append((*map(Cell, (*place, text, run.id)),))
    empty = ("",) * 5
    rows += [(*map(Cell, ("sweep", *empty[1:], text, "")),) for text in sweep.problems]
    columns = ("part", "cell", "stage", "seed", "state", "what happened", "run")
    prose = frozenset({1, 2, 4, 5, 6})
    return Table("Failed runs and data problems", columns, rows, "", prose)


def provenance_facts(part: str, runs: Iterable[Run], tuned: int) -> dict[str, str]:
    """What made one part's numbers: code, machine, seeds, data, as names and texts."""
    runs = list(runs)
    ended = [run for run in runs if run.state in REPORTED]

    def measured(key: str) -> str:
        return distinct(ended, lambda run: dig(run.result, "measured", key))

    def version(key: str) -> str:
        return distinct(ended, lambda run: run.versions.get(key))

    dirty = any(dig(run.result, "measured", "dirty") for run in ended)
    attempts = [whole(dig(run.result, "measured", "attempts")) or 1 for run in ended]
    seeds = sorted({run.seed for run in runs if run.seed is not None})
    ends = Counter(STOPPED.get(_stopped(run), _stopped(run)) for run in ended)
    return {
        "Runs": f"{len(ended)} of {len(runs)} ended: "
        + (", ".join(f"{n} {text}" for text, n in sorted(ends.items())) or "none"),
        "Seeds": ", ".join(map(str, seeds)),
        "Commit": measured("commit") + (" with uncommitted changes" if dirty else ""),
        "Versions": f"jax {measured('jax')}, Python {measured('python')}, "
        f"task {version('task')}, model {version('model')}",
        "Device": f"{measured('device')}, mapped by {measured('mode')}",
        "Processor": measured("processor"),
        "Resumed": f"{sum(count > 1 for count in attempts)} runs took more than one "
        f"attempt ({sum(attempts)} attempts in all)",
        "Tuning": f"{tuned} runs, chosen on the validation split, seeds not reported"
        if tuned
        else "none",
        "Evaluation": f"{_examples(ended)} scored test targets at each length, the "
        "same for every model and seed",
        "Solved from": f"a score of {stats.THRESHOLD:g}, fixed beforehand",
    }


def _stopped(run: Run) -> str:
    state = run.state
    return state if state == "diverged" else str(dig(run.result, "stopped") or state)


def _diverged_at(run: Run) -> str:
    step = whole(run.result.get("step"))
    return "diverged" if step is None else f"diverged by step {step}"


def _examples(runs: Iterable[Run]) -> str:
    counts = {
        num_targets(values)
        for run in runs
        for values in by_number(dig(run.result, "metrics", "test")).values()
    }
    return ", ".join(f"{n:,}" for n in sorted(c for c in counts if c)) or "–"
