"""The report of a sweep, written and said in short."""

from pathlib import Path


def print_report(store: Path, name: str) -> None:
    """Write a sweep's page; print its headline tables and, last, the page's path."""
    from lib.report.collect import collect
    from lib.report.compose import report_text, write

    sweep = collect(store, name)
    path = write(sweep, store)
    print(report_text(sweep))
    print(path)
