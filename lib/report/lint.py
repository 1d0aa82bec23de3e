"""What a careful reader would object to in a sweep, found like a linter."""

from typing import NamedTuple

from lib.report.collect import Sweep
from lib.report.lint_evidence import Evidence, Rule
from lib.report.lint_fairness import (
    learning_rates,
    tuning_seeds_reported,
    unequal_seeds,
    unequal_training,
    unequal_tuning,
)
from lib.report.lint_rule import (
    counted_at_floor,
    few_examples,
    few_lengths,
    few_seeds,
    no_floor,
)
from lib.report.table import Cell, Table

RULES: tuple[Rule, ...] = (
    few_seeds,
    unequal_seeds,
    unequal_training,
    unequal_tuning,
    tuning_seeds_reported,
    few_examples,
    few_lengths,
    learning_rates,
    counted_at_floor,
    no_floor,
)


class Finding(NamedTuple):
    part: str
    what: str
    advice: str


def findings(sweep: Sweep) -> list[Finding]:
    """Every objection, in the order of the parts and of the rules."""
    found = []
    for part in sweep.parts:
        runs = [run for run in sweep.runs if run.part == part]
        evidence = Evidence(
            [run for run in runs if run.stage != "tune"],
            [run for run in runs if run.stage == "tune"],
            [choice for choice in sweep.choices if choice.get("part") == part],
        )
        for rule in RULES:
            found += [Finding(part, *said) for said in rule(evidence)]
    return found


def warning_table(sweep: Sweep) -> Table:
    rows = [tuple(map(Cell, finding)) for finding in findings(sweep)]
    columns = ("part", "what was found", "what to do")
    return Table("Warnings", columns, rows, "", frozenset({1, 2}))


def warning_lines(sweep: Sweep) -> list[str]:
    """The same as lines of text, one a warning."""
    return [f"warning: {f.part}: {f.what} {f.advice}" for f in findings(sweep)]
