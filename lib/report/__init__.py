"""Writes the report of a sweep from the files of a store; imports no JAX."""

from pathlib import Path

__all__ = ["write_report"]


def write_report(store: str | Path, name: str) -> Path:
    """Writes <store>/report/<name>/ and returns the path of its index.html.

    Raises ValueError where the store has no sweep of that name.
    """
    # Here, so that asking for help need not wait for them.
    from lib.report.collect import collect
    from lib.report.compose import write

    return write(collect(store, name), Path(store))
