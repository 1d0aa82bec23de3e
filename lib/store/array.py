"""What arrays a checkpoint holds: names, shapes, dtypes, known before any is read."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from lib.store import document
from lib.store.files import CorruptError

DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "float16 bfloat16 float32 float64 complex64 complex128".split()
)


class Array(NamedTuple):
    """What is known of a leaf before it is read."""

    name: tuple[str, ...]  # its keys from the root of the tree
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def label(self) -> str:
        where = "/".join(self.name) or "the array"
        return f"{where}: {self.dtype}{list(self.shape)}"


def compare_arrays(folder: Path, wanted: list[Array], stored: list[Array]) -> None:
    """Raise ValueError, naming the first differences, unless both are the same."""
    ours = {array.name: array for array in wanted}
    theirs = {array.name: array for array in stored}
    wrong = [f"{a.label} is missing" for a in wanted if a.name not in theirs]
    wrong += [f"{a.label} is not expected" for a in stored if a.name not in ours]
    wrong += [
        f"{theirs[name].label}, expected {array.dtype}{list(array.shape)}"
        for name, array in ours.items()
        if name in theirs and theirs[name] != array
    ]
    if wrong or [a.name for a in wanted] != [a.name for a in stored]:
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        listed = "; ".join(wrong[:3]) or "the arrays come in another order"
        raise ValueError(f"{folder}: holds another state: {listed}{more}")


def read_arrays(path: Path) -> list[Array]:
    """What a folder's description says lies in it, nothing of it trusted."""
    arrays = []
    for entry in document.read(path).get("arrays", ()):
        try:
            array = Array(tuple(entry["name"]), tuple(entry["shape"]), entry["dtype"])
            known = array.dtype in DTYPES
        except (KeyError, TypeError):
            raise CorruptError(f"{path}: has an unreadable entry") from None
        sizes = all(type(size) is int and size >= 0 for size in array.shape)
        if not known or not sizes or not all(type(k) is str for k in array.name):
            raise CorruptError(f"{path}: has an unreadable entry")
        arrays.append(array)
    return arrays


def nest_leaves(arrays: list[Array], leaves: list[Any]) -> Any:
    """Leaves as nested dicts, by the names of their keys."""
    if len(arrays) == 1 and not arrays[0].name:
        return leaves[0]
    tree: dict[str, Any] = {}
    for array, leaf in zip(arrays, leaves, strict=True):
        place = tree
        for key in array.name[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise CorruptError(f"{array.label}: lies inside another array")
        place[array.name[-1]] = leaf
    return tree
