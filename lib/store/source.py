"""sources/<sha256>.txt: what a run's own file held, to be read and never executed."""

from pathlib import Path

from lib.store import files, place


def write_source(store: Path, sha256: str, content: bytes) -> None:
    """Keep a file's bytes under their hash, which a run's versions name."""
    path = place.source_file(store, sha256)
    if not path.exists():
        files.make_folder(path.parent)
        files.write(path, content)
