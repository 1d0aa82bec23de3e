"""Checksums of one sample of each generated task, by version: golden.json.

A run's id holds its task's version, so a sample must not change under a version that
runs have been trained with. `python -m tests.tasks.golden` adds the lines of tasks that
are new, and replaces those of tasks that have another version; it never changes the
checksum of a version that is there.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lib.registry import SEQUENCE_TASKS
from lib.types import Task
from tests.tasks.cases import GENERATED, VARIANTS, name_of, sizes_of

GOLDEN = Path(__file__).with_name("golden.json")
BATCH_SIZE = 4
QUICK = {
    "xla_backend_optimization_level": 0
}  # drawn once: compiling is what takes time
CASES = {
    name_of(name, options): (name, options)
    for name in (*GENERATED, "sine")
    for options in VARIANTS.get(name, ({},))
}


def make(name: str, options: Any) -> Task:
    return SEQUENCE_TASKS[name]("train", BATCH_SIZE, sizes_of(name)[1], **options)


def checksum(task: Task, length: int) -> str:
    """SHA-256 of inputs, targets and mask of key 0, padded from `length`.

    Integers as they are; floats in whole thousandths, since the last bits of a sine or
    of a logarithm differ between processors.
    """
    sample = jax.jit(task.sample, compiler_options=QUICK)
    batch = sample(jax.random.key(0), task.data, jnp.int32(length))
    digest = hashlib.sha256()
    for part in (batch.inputs, batch.targets, batch.mask):
        for leaf in jax.tree.leaves(part):
            values = np.asarray(leaf)
            if values.dtype.kind == "f":
                values = np.round(values * 1000)
            digest.update(f"{values.shape}".encode())
            digest.update(np.ascontiguousarray(values, "<i4").tobytes())
    return digest.hexdigest()


def read() -> dict[str, dict[str, Any]]:
    return json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}


def main() -> None:
    known = read()
    for case, (name, options) in CASES.items():
        task = make(name, options)
        if known.get(case, {}).get("version") != task.version:
            found = checksum(task, sizes_of(name)[0])
            known[case] = {"version": task.version, "checksum": found}
            print(f"added {case} {known[case]}")
    # One line a task, so that additions of several people merge.
    lines = [f"  {json.dumps(c)}: {json.dumps(known[c])}" for c in sorted(known)]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
