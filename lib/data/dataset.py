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
import hashlib
import http.client
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from lib.data.archive import LIMIT, SUFFIXES, content_digest, read_members
from lib.data.folder import cache_folder, published_folder
from lib.data.published import DATASETS
from lib.data.source import Records, Source
from lib.error import UserError
from lib.setting import nearest

_PACKINGS = ("", *SUFFIXES, ".tar.gz", ".tar.xz", ".tar.bz2")
_TIMEOUT = 30  # seconds without an answer


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


def command(name: str) -> str:
    """What to type to prepare a set."""
    return f"python -m experiments.prepare {name}"


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
        f"run `{command(name)}`, without a network with --manual_dir=DIR."
    )


def _source(name: str) -> Source:
    if name not in DATASETS:
        raise UserError(f"unknown data set {name!r}{nearest(name, DATASETS)}")
    return DATASETS[name]


def _place(source: Source, cache: Path) -> Path:
    return cache / source.name / source.version


def find_files(source: Source, folder: Path) -> list[Path]:
    """The files, archives or unpacked folder that hold a set; empty if none do."""
    if folder.is_file():
        return [folder]
    for place in (folder, folder / source.folder):
        names = (stem + packing for stem in source.stems for packing in _PACKINGS)
        if found := [place / name for name in names if (place / name).exists()]:
            return found
    is_member = any(read_members(folder, lambda path: bool(source.key(path))))
    return [folder] if is_member else []


def _prepare(
    source: Source, paths: list[Path] | None, cache: Path, replace: bool
) -> tuple[Records, str]:
    """Build a set from files (None: downloaded ones), read it back, install it."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".prepare-") as name:
            scratch = Path(name)
            files = read_files(
                source, _download(source, scratch) if paths is None else paths
            )
            _build(source, files, scratch)
            built = _read_built(source, scratch)
            _install(_place(source, scratch), _place(source, cache), scratch, replace)
    except OSError as error:
        raise UserError(f"{source.name}: cannot write to {cache}: {error}.") from error
    return built


def read_files(source: Source, paths: Iterable[Path]) -> dict[str, bytes]:
    """The files that matter by path, checked against what is known of the set."""
    files: dict[str, bytes] = {}
    paths = list(paths)
    for path in paths:
        for member in read_members(path, lambda path: bool(source.key(path))):
            key = source.key(member.path)
            if files.setdefault(key, member.content) != member.content:
                raise UserError(f"{source.name}: two files are {key} in {path}.")
    where = ", ".join(map(str, paths))
    if not files:
        raise UserError(f"{source.name}: no file of the set in {where}.")
    for path, expected in source.known.items():
        if path in files:
            found = hashlib.sha256(files[path]).hexdigest()
            _check(source, f"{path} in {where}", found, expected)
    if source.digest:
        what = f"{where} ({len(files):,} files unpacked)" if len(files) > 1 else where
        _check(source, what, content_digest(files), source.digest)
    return files


def _check(source: Source, what: str, found: str, expected: str) -> None:
    if found != expected:
        raise UserError(
            f"{source.name}: SHA-256 of {what} is {found}, expected {expected}."
        )


def _build(source: Source, files: dict[str, bytes], folder: Path) -> None:
    from lib.data import builder

    builder.build(folder, source, source.read(files), content_digest(files))


def _read_built(source: Source, folder: Path) -> tuple[Records, str]:
    from lib.data import builder

    place = _place(source, folder)
    again = f"run `{command(source.name)}` again"
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
            continue
    raise OSError(f"{place} is being replaced by others")


def _download(source: Source, folder: Path) -> list[Path]:
    """Fetch the published files, each from the first address that works."""
    # Not by TFDS: it retries for three minutes before it says that one is offline.
    return [_fetch(source, addresses, folder) for addresses in source.downloads]


def _fetch(source: Source, addresses: Iterable[str], folder: Path) -> Path:
    problems = []
    for address in addresses:
        path = folder / Path(urllib.parse.urlsplit(address).path).name
        request = urllib.request.Request(address, headers={"User-Agent": "horizon"})
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                content = answer.read(LIMIT + 1)
        except (OSError, http.client.HTTPException) as error:
            problems.append(f"{address}: {error}")
            continue
        if len(content) > LIMIT:
            problems.append(f"{address}: more than {LIMIT:,} bytes")
            continue
        path.write_bytes(content)
        return path
    reason = "; ".join(problems)
    raise UserError(f"{source.name}: cannot download {reason}; give --manual_dir.")
