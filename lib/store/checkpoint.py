"""A pytree of arrays as an Orbax checkpoint, bit for bit.

The leaves of each dtype lie end to end in one vector, and `arrays.json` says what lies
where. Written leaf by leaf, a state of 45 arrays took 2-6 times as long, most of it in
syncing up to 91 files; a state of two dtypes is now nine files whatever its leaves.
Shapes, names and dtypes are compared before any array is read: Orbax casts in silence.
"""

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as orbax
from absl import logging
from etils import epath

from lib.store import document
from lib.store.array import (
    DTYPES,
    Array,
    compare_arrays,
    nest_leaves,
    read_arrays,
)
from lib.store.files import CorruptError
from lib.store.step import Codec

MAX_BYTES = 16 * 2**30  # of arrays read without a template

_DESCRIPTION = "arrays.json"
_VECTORS = "vectors"
_ONE_AT_A_TIME = threading.Lock()


def write(folder: Path, tree: Any) -> None:
    """Write a pytree of arrays, from any device, into a folder."""
    tree = jax.device_get(tree)
    arrays = describe(tree)
    for array in arrays:
        if array.dtype not in DTYPES:
            raise TypeError(f"{array.label}: arrays of this dtype cannot be stored")
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]
    vectors = {
        dtype: np.concatenate([v.ravel() for v in leaves if v.dtype.name == dtype])
        for dtype in sorted({array.dtype for array in arrays if array.size})
    }
    entries = [array._asdict() for array in arrays]
    (folder / _DESCRIPTION).write_bytes(document.encode({"arrays": entries}))
    if not vectors:
        return
    try:
        with _quiet():
            arguments = orbax.args.PyTreeSave(vectors)
            _handler().save(_place(folder), args=arguments)
    except ValueError as error:
        if not (code := re.search(r"os_error_code='(\d+)'", str(error))):
            raise
        number, size = int(code[1]), sum(v.nbytes for v in vectors.values())
        reason = f"{os.strerror(number)} ({size:,} bytes of arrays)"
        raise OSError(number, reason) from error


def read(folder: Path, template: Any) -> Any:
    """The pytree in a folder, each leaf of the template's kind: numpy's or JAX's.

    Without a template: nested dicts of numpy arrays, by the names of the keys.
    Raises ValueError, naming the first differences, where the template is another.
    """
    arrays = read_arrays(folder / _DESCRIPTION)
    if template is not None:
        compare_arrays(folder, describe(template), arrays)
    total = sum(array.size * np.dtype(array.dtype).itemsize for array in arrays)
    if template is None and total > MAX_BYTES:
        raise CorruptError(f"{folder}: declares {total:,} bytes of arrays")
    leaves = _slices(arrays, _read_vectors(folder, arrays))
    if template is None:
        return nest_leaves(arrays, leaves)
    kinds = jax.tree.leaves(template)
    return jax.tree.unflatten(
        jax.tree.structure(template),
        [
            leaf if isinstance(kind, np.ndarray | np.generic) else jax.device_put(leaf)
            for leaf, kind in zip(leaves, kinds, strict=True)
        ],
    )


def describe(tree: Any) -> list[Array]:
    """Name, shape and dtype of every leaf, in the order of the tree's leaves."""
    arrays = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        name = tuple(jax.tree_util.keystr((key,), simple=True) for key in path)
        dtype = np.dtype(getattr(leaf, "dtype", None) or np.asarray(leaf).dtype)
        arrays.append(Array(name, tuple(np.shape(leaf)), dtype.name))
    return arrays


def _read_vectors(folder: Path, arrays: list[Array]) -> dict[str, np.ndarray]:
    """One vector a dtype; its declared size is checked before it is allocated."""
    sizes: dict[str, int] = {}
    for array in arrays:
        sizes[array.dtype] = sizes.get(array.dtype, 0) + array.size
    sizes = {dtype: size for dtype, size in sizes.items() if size}
    if not sizes:
        return {}
    with _quiet():
        handler, path = _handler(), _place(folder)
        found = handler.metadata(path).tree
        declared = {k: (*v.shape, np.dtype(v.dtype).name) for k, v in found.items()}
        if declared != {dtype: (size, dtype) for dtype, size in sizes.items()}:
            raise CorruptError(f"{folder}: its arrays are not those of {_DESCRIPTION}")
        item = {k: jax.ShapeDtypeStruct((n,), np.dtype(k)) for k, n in sizes.items()}
        kinds = {
            dtype: orbax.RestoreArgs(restore_type=np.ndarray, dtype=np.dtype(dtype))
            for dtype in sizes
        }
        arguments = orbax.args.PyTreeRestore(item=item, restore_args=kinds)
        return handler.restore(path, args=arguments)


def _slices(arrays: list[Array], vectors: dict[str, np.ndarray]) -> list[np.ndarray]:
    ends = dict.fromkeys(vectors, 0)
    leaves = []
    for array in arrays:
        if not array.size:
            leaves.append(np.zeros(array.shape, np.dtype(array.dtype)))
            continue
        begin = ends[array.dtype]
        ends[array.dtype] = begin + array.size
        part = vectors[array.dtype][begin : begin + array.size]
        leaves.append(part.reshape(array.shape).copy())
    return leaves


def _place(folder: Path) -> epath.Path:
    """Where the vectors are, without "..", which TensorStore refuses in a path."""
    return epath.Path(folder.resolve() / _VECTORS)


def _handler() -> orbax.PyTreeCheckpointHandler:
    return orbax.PyTreeCheckpointHandler(use_ocdbt=False, use_compression=False)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Orbax reports every save on stderr, and every error besides raising it.

    One at a time, as what is set here holds for all threads.
    """
    with _ONE_AT_A_TIME:
        before = logging.get_verbosity()
        logging.set_verbosity(logging.FATAL)
        try:
            yield
        finally:
            logging.set_verbosity(before)


CODEC = Codec(write, read)
