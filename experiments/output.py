"""The picture that a program writes: checked before any work, written whole."""

from pathlib import Path

from lib.error import UserError


def output_path(flag: str, given: str) -> Path:
    """Where a PNG file will be written. UserError where it cannot be."""
    from lib.picture import expand

    path = expand(given)
    if path.suffix.lower() != ".png":
        raise UserError(f"{flag} must end in .png, got {given!r}")
    if not path.parent.is_dir():
        raise UserError(f"{flag}: there is no folder {path.parent}")
    if path.is_dir():
        raise UserError(f"{flag}: {path} is a folder")
    return path


def write_output(flag: str, path: Path, content: bytes) -> None:
    """Writes the file whole. UserError where the folder does not let it."""
    from lib.report.file import replace_file

    try:
        replace_file(path, content)
    except OSError as error:
        raise UserError(f"{flag}: cannot write {path}: {error.strerror}") from error
