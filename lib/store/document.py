"""JSON as the store reads and writes it: strict, bounded, and never code.

Duplicate keys, NaN, infinities, deep nesting, huge files and newer formats are refused.
A float that is not finite is written as the string "nan", "inf" or "-inf".
"""

import hashlib
import json
import math
import operator
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.error import RefusedError
from lib.store import files

FORMAT = 1
MAX_BYTES = 256 * 2**20  # of one document
MAX_DEPTH = 50

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class NewerFormatError(RefusedError):
    """A document that a later version of this program has written."""


def loads(content: bytes) -> Any:
    """The value of a JSON text.

    Raises ValueError where it is not strict JSON or nests deeper than MAX_DEPTH.
    """
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH:
        _check_depth(content)
    return _DECODER.decode(content.decode())


def dumps(value: Any, indent: int | None = None) -> bytes:
    """A value as JSON, with numbers of numpy and JAX as plain ones."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False).encode()


def read(path: Path) -> dict[str, Any]:
    """A document of the store.

    Raises FileNotFoundError, CorruptError or NewerFormatError.
    """
    content = files.read(path, MAX_BYTES)
    try:
        value = loads(content)
    except ValueError as error:
        raise files.CorruptError(f"{path}: is not valid JSON: {error}") from error
    if not isinstance(value, dict) or type(value.get("format")) is not int:
        raise files.CorruptError(f"{path}: has no format number")
    if value["format"] > FORMAT:
        raise NewerFormatError(
            f"{path}: written by a newer version: format {value['format']}, "
            f"this version reads up to {FORMAT}"
        )
    return value


def write(path: Path, value: Mapping[str, Any]) -> None:
    """Put a document in its place, with its format number first."""
    files.write(path, encode(value))


def encode(value: Mapping[str, Any]) -> bytes:
    """A document as it lies in its file."""
    return dumps({"format": FORMAT, **value}, indent=1) + b"\n"


def digest(value: Any) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def finite_or_named(value: Any) -> Any:
    """A value with the names of floats that are not finite turned back into them."""
    if isinstance(value, dict):
        return {key: finite_or_named(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite_or_named(item) for item in value]
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    try:
        number = operator.index(value)
    except TypeError:
        number = float(value)
    if math.isfinite(number):
        return number
    return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def _check_depth(content: bytes) -> None:
    depth = 0
    for token in _TOKENS.finditer(content):
        first = token[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        if depth > MAX_DEPTH:
            raise ValueError(f"nests deeper than {MAX_DEPTH} levels")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"key {twice!r} is given twice")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is not a finite number")
    return value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse
)
