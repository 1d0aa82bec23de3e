"""Published data sets as records by split: prepared once, checked each time.

A set is looked for, in this order:

    ~/.cache/horizon/NAME/VERSION/    what was prepared (see lib.data.folder)
    $HORIZON_DATA/FOLDER/             published files, packed or not

`prepare` takes the files from a user's folder instead, or downloads them from their
original address. A set is known by the digest of its unpacked files, so how they were
packed does not matter; published folders are only read. A set is built in a folder of
its own and renamed into place, so processes that prepare at once do not meet.
"""

import functools
import tempfile
from pathlib import Path

from lib.data.archive import content_digest
from lib.data.download import download
from lib.data.file_set import find_files, read_files
from lib.data.folder import cache_folder, published_folder
from lib.data.published import DATASETS
from lib.data.source import Records, Source
from lib.error import UserError
from lib.setting import nearest


def load(name: str) -> Records:
    """The records of a data set by split, in a fixed order; not to be changed.

    Raises:
      UserError: an unknown name, a set that is nowhere, or a damaged one.
    """
    return _load(name, published_folder(), cache_folder())[0]


def fingerprint(name: str) -> str:
    """SHA-256 of the records that `load` returns, for `Task.fingerprint`."""
    return _load(name, published_folder(), cache_folder())[1]


def prepare(name: str, manual_dir: Path | None) -> str:
    """Build a set in the prepared folder and say where; download it if None is given.

    `manual_dir` is a folder with the published files or archives, under their names or
    below the name of their folder in $HORIZON_DATA; or the unpacked folder; or one
    archive. A set that was there is replaced once the new one has been read back.

    Raises:
      UserError: no such files, other content, or a folder that cannot be written.
    """
    source = _source(name)
    cache = cache_folder()
    if manual_dir is not None and not manual_dir.exists():
        raise UserError(f"{name}: --manual_dir: there is no {manual_dir}.")
    paths = None if manual_dir is None else find_files(source, manual_dir)
    if paths == []:
        wanted = ", ".join(source.stems)
        raise UserError(
            f"{name}: no {wanted} (packed or not) in {manual_dir} "
            f"or {manual_dir}/{source.folder}."
        )
    records, _ = _prepare(source, paths, cache, replace=True)
    _load.cache_clear()
    counts = ", ".join(f"{len(rows):,} {split}" for split, rows in records.items())
    place = _place(source, cache)
    return f"{name}: {source.records}; records: {counts}; in {place}"


def is_prepared(name: str) -> bool:
    """Whether a set of the present version lies in the prepared folder, unchecked."""
    return _place(_source(name), cache_folder()).is_dir()


@functools.cache
def _load(name: str, published: Path | None, cache: Path) -> tuple[Records, str]:
    source = _source(name)
    if _place(source, cache).is_dir():
        return _read_built(source, cache)
    paths = [] if published is None else find_files(source, published / source.folder)
    if paths:
        return _prepare(source, paths, cache, replace=False)
    raise UserError(
        f"{name} is not in {cache} or $HORIZON_DATA ({published or 'not set'}): "
        f"run `{_command(source)}`, without a network with --manual_dir=DIR."
    )


def _source(name: str) -> Source:
    if name not in DATASETS:
        raise UserError(f"unknown data set {name!r}{nearest(name, DATASETS)}")
    return DATASETS[name]


def _command(source: Source) -> str:
    return f"python -m experiments.prepare {source.name}"


def _place(source: Source, cache: Path) -> Path:
    return cache / source.name / source.version


def _prepare(
    source: Source, paths: list[Path] | None, cache: Path, replace: bool
) -> tuple[Records, str]:
    """Build a set from files (None: downloaded ones), read it back, install it."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".prepare-") as name:
            scratch = Path(name)
            given = download(source, scratch) if paths is None else paths
            _build(source, read_files(source, given), scratch)
            built = _read_built(source, scratch)
            _install(_place(source, scratch), _place(source, cache), scratch, replace)
    except OSError as error:
        raise UserError(f"{source.name}: cannot write to {cache}: {error}.") from error
    return built


def _build(source: Source, files: dict[str, bytes], folder: Path) -> None:
    from lib.data import builder  # here: it brings tensorflow-datasets

    try:
        records = source.read(files)
    except ValueError as error:  # only where files are not all known by their digest
        raise UserError(f"{source.name}: cannot be read: {error}.") from error
    builder.build(folder, source, records, content_digest(files))


def _read_built(source: Source, folder: Path) -> tuple[Records, str]:
    from lib.data import builder

    place = _place(source, folder)
    again = f"run `{_command(source)}` again"
    try:
        records, digest, content = builder.read(folder, source)
    except Exception as error:  # array_record and TFDS raise many for a damaged set
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"{source.name}: cannot read {place}: {reason}; {again}."
        ) from error
    if source.digest and content != source.digest:
        raise UserError(
            f"{source.name}: SHA-256 of the files that {place} was made of is "
            f"{content}, expected {source.digest}; {again}."
        )
    return records, digest


def _install(built: Path, place: Path, scratch: Path, replace: bool) -> None:
    """Rename a set into place, where another process may be doing the same."""
    place.parent.mkdir(exist_ok=True)
    for attempt in range(10):
        try:
            built.rename(place)
            return
        except OSError:
            if not place.is_dir():
                raise
        if not replace:
            return  # another was first, with the same files
        try:
            place.rename(scratch / f"replaced-{attempt}")
        except FileNotFoundError:
            continue  # another has just taken it away, to replace it
    raise OSError(f"{place} is being replaced by others")
