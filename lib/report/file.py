"""Writes a report's files whole, so that a reader never sees half of one."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Puts a file in place of an older one; a link at that place is not followed."""
    partial = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    partial.unlink(missing_ok=True)
    partial.write_bytes(content)
    os.replace(partial, path)
