"""Run one run again from its folder alone, and compare every number and every bit.

    python -m experiments.reproduce --run=ID [--store=results]

Prints `identical`, or the largest difference. What differs between then and now
(commit, versions, processor, mode) is named first: the promise about bits holds where
none of it does. Exit code 1 when the numbers differ.
"""

import math
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

from experiments.own import define_own_flags, load_own
from experiments.program import run
from lib.error import UserError

OWN = define_own_flags()
RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")

_PROVENANCE = (
    "commit",
    "dirty",
    "jax",
    "python",
    "device",
    "processor",
    "mode",
    "threads",
    "kernels",
)
_COMPARED = ("state", "step", "stopped", "metrics", "context", "sample")


def main(_: Sequence[str]) -> int:
    from lib import store

    root = Path(STORE.value)
    record = store.read_run(root, RUN.value)
    if record.config is None:
        raise UserError(f"--run: no run {RUN.value!r} in the store {root}")
    if record.result is None:
        raise UserError(
            f"--run: {RUN.value} is {record.state}, not done: no result yet"
        )
    with tempfile.TemporaryDirectory() as folder:
        _run_again(Path(folder), record)
        again = store.read_run(Path(folder), RUN.value)
        if again.result is None:
            print(f"failed: {again.reason}", file=sys.stderr)
            return 1
        _print_provenance(record.result["measured"], again.result["measured"])
        differences = _compare(root, record, Path(folder), again)
    if not differences:
        print("identical")
        return 0
    name, size = max(differences.items(), key=lambda item: item[1])
    print(
        f"{len(differences)} numbers differ; the largest difference is {size:g}, "
        f"in {name}"
    )
    return 1


def _run_again(root: Path, record: Any) -> None:
    from lib.launch.process import configure_jax, describe_source, thread_environment

    measured = record.result["measured"]
    if threads := measured.get("threads"):
        os.environ.update(thread_environment(threads))
    os.environ["HORIZON_KERNELS"] = measured.get("kernels", "off")
    load_own(OWN, threads or 1)
    from lib.config import make_config
    from lib.driver import Control, Group, run_group
    from lib.program import check_identity

    configure_jax()
    config = make_config(record.config)
    check_identity(config, record)
    mode = record.result["measured"]["mode"]
    width = record.result["measured"].get("width", 1)
    group = Group("0" * 16, (record.id,), (config,), width)
    run_group(root, group, Control(mode=mode, details=describe_source()))


def _compare(root: Path, record: Any, folder: Path, again: Any) -> dict[str, float]:
    """The size of every difference, by its place in the results."""
    from lib import store

    old = {k: record.result.get(k) for k in _COMPARED}
    new = {k: again.result.get(k) for k in _COMPARED}
    if "shipped" in record.result:  # numbers without rows and parameters
        del old["sample"], new["sample"]
    else:
        old |= {"rows": _rows(record), "params": store.read_params(root, record.id)}
        new |= {"rows": _rows(again), "params": store.read_params(folder, record.id)}
    before, after = _leaves("", old), _leaves("", new)
    gaps = {
        name: _difference(before.get(name), after.get(name))
        for name in before.keys() | after.keys()
    }
    return {name.lstrip("/"): gap for name, gap in gaps.items() if gap}


def _rows(record: Any) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "attempt"} for row in record.metrics]


def _leaves(name: str, value: Any) -> dict[str, Any]:
    """The numbers and texts of nested results, by their place."""
    if isinstance(value, dict):
        items = [(f"{name}/{key}", inner) for key, inner in value.items()]
    elif isinstance(value, list | tuple):
        items = [(f"{name}/{place}", inner) for place, inner in enumerate(value)]
    else:
        return {name: value}
    return {k: leaf for item in items for k, leaf in _leaves(*item).items()}


def _difference(old: Any, new: Any) -> float:
    """0 where the bits agree; the largest gap between numbers; infinity otherwise."""
    import numpy as np

    a, b = np.asarray(old), np.asarray(new)
    if a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes():
        return 0.0
    numeric = np.issubdtype(a.dtype, np.number) and np.issubdtype(b.dtype, np.number)
    if not numeric or a.shape != b.shape:
        return math.inf
    gap = np.max(np.abs(a - b))
    return float(gap) if np.isfinite(gap) else math.inf


def _print_provenance(then: dict[str, Any], now: dict[str, Any]) -> None:
    for key in _PROVENANCE:
        if then.get(key) != now.get(key):
            before, after = (_known(values.get(key)) for values in (then, now))
            print(f"{key} differs: then {before}, now {after}")


def _known(value: Any) -> Any:
    """The value; "none" where there is none, as a commit outside git."""
    return "none" if value in (None, "") else value


if __name__ == "__main__":
    run(main)
