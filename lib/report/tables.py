"""A report's tables as Markdown, so that a page of words can quote them as they are."""

from lib.report import memory_part, provenance
from lib.report.battery import battery
from lib.report.battery_page import battery_tables, verdict_text
from lib.report.choice import choice_table, working_table
from lib.report.collect import Run, Sweep
from lib.report.headline import expected_table, solved_table
from lib.report.lint import warning_table
from lib.report.part import headline
from lib.report.score import model_scores
from lib.report.table import Table, clean


def tables_markdown(sweep: Sweep) -> str:
    """Every table of numbers of a sweep, by part, as one Markdown file."""
    made = f"Made from the runs of {sweep.config_file or 'a sweep'} by "
    command = f"`python -m experiments.report --name={sweep.name}`."
    lines = [f"# {clean(sweep.title)}", "", clean(made) + " " + command, ""]
    lines += [provenance.status_text(sweep), ""]
    together = battery(sweep)
    if together is not None:
        lines += ["## All tasks", "", verdict_text(together), ""]
        lines += [provenance.matched_text(sweep), ""]
        lines += _lines(battery_tables(together))
    for part in sweep.parts:
        runs = [run for run in sweep.replicates if run.part == part]
        about = clean(provenance.about_text(sweep, part, runs))
        lines += [f"## {clean(part)}", "", about, "", *_lines(_part_tables(runs))]
    rest = [warning_table(sweep), expected_table(sweep)]
    rest += [working_table(sweep), choice_table(sweep)]
    lines += ["## Whole sweep", "", *_lines(rest)]
    return "\n".join(lines)


def _part_tables(runs: list[Run]) -> list[Table]:
    first = headline(runs)
    if first is None:
        return []
    models = model_scores(runs)
    is_memory = memory_part.headline(runs) == first
    return [first, solved_table(models)] if is_memory else [first]


def _lines(tables: list[Table]) -> list[str]:
    return [line for t in tables if t.rows for line in (*t.markdown(), "")]
