"""What the benchmark of a GPU measures, part by part, and how it is shown."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.program import plain
from lib.error import UserError

ROOT = Path(__file__).resolve().parents[2]
_GRACE = 20.0  # seconds beyond its own in which a part may end its last measurement
_SMALL = [("lstm", 64, 512), ("lstm", 128, 512)]
_OTHERS = [("gru", 128, 512), ("rnn", 128, 512)]
_LARGE = [("lstm", 256, 512), ("lstm", 512, 512)]
_BUFFERS = "--xla_gpu_enable_command_buffer="

Entry = dict[str, Any]
Ask = Callable[[dict[str, Any], Mapping[str, str]], list[Entry]]


class Part(NamedTuple):
    """What is measured in one process: of `gpu_part.PARTS`, with XLA's flags."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    seconds: float
    flags: str = ""
    variables: Mapping[str, str] = {}


def _cells(contender: str, sizes: Sequence[Any], *precisions: str) -> dict[str, Any]:
    return {"contenders": [contender], "precisions": precisions, "sizes": sizes}


_SWEEP = {"widths": [1, 4, 16, 64, 256], "H": 64, "T": 128, "batch": (32, 64)}
_DIAGONAL = {
    "methods": ["kernel", "associative", "chunked", "sequential"],
    "lengths": [1024, 4096, 16384],
    "channels": 1024,
    "batch": 8,
}
_ALL, _TF32 = _SMALL + _OTHERS, "tensorfloat32"
_ON = {"HORIZON_KERNELS": "on"}
_LOOPS, _NONE = "xla, loops in command buffers", "xla, no command buffers"

# In the order of what is missed most where the time is over.
PARTS = (
    Part("kernel", "cells", _cells("kernel", _ALL, "bfloat16"), 80),
    Part("xla", "cells", _cells("xla", _ALL, "float32", _TF32), 70),
    Part("torch", "cells", _cells("torch", _ALL + _LARGE, _TF32, "bfloat16"), 40),
    Part("flax", "cells", _cells("flax", _ALL, _TF32), 50),
    Part("cudnn", "cells", _cells("cudnn", _SMALL + _LARGE, "float32", _TF32), 40),
    Part("diagonal", "diagonals", _DIAGONAL, 50),
    Part("sweep, kernels", "sweeps", _SWEEP | {"precision": "bfloat16"}, 60, "", _ON),
    Part("sweep, xla", "sweeps", _SWEEP | {"precision": _TF32}, 50),
    Part(_LOOPS, "cells", _cells("xla", _SMALL, _TF32), 40, _BUFFERS + "+WHILE"),
    Part(_NONE, "cells", _cells("xla", _SMALL, _TF32), 40, _BUFFERS),
)


def check_machine(ask: Ask) -> Entry:
    """What the machine has; UserError where that is no GPU."""
    request = {"part": "probe", "settings": {}, "seconds": 100.0}
    found = ask(request, {})[0]
    if "failed" in found:
        raise UserError(f"JAX does not start: {found['failed']}")
    if found["platform"] != "gpu":
        raise UserError(
            f"this needs an NVIDIA GPU; JAX {found['jax']} sees only a "
            f"{found['platform']}: install jax[cuda13] of that version on a machine "
            "that has one"
        )
    if found["torch"] is None:
        _say("torch is not installed here: it is left out")
    elif not found["torch_sees_it"]:
        _say(f"torch {found['torch']} sees no GPU: its times are of the CPU")
    return found


def measure(chosen: Sequence[Part], seconds: float, ask: Ask) -> list[Entry]:
    """All entries of the parts, each with its part's name, until the time is over."""
    started, entries = time.monotonic(), []
    for index, part in enumerate(chosen):
        left = seconds - (time.monotonic() - started)
        if left <= _GRACE:
            rest = ", ".join(part.name for part in chosen[index:])
            _say(f"the time is over, not measured: {rest}")
            entries += [_missing(part, "the time was over") for part in chosen[index:]]
            break
        _say(f"{time.monotonic() - started:.0f} s: {part.name}")
        request = {"part": part.kind, "settings": dict(part.settings)}
        request["seconds"] = min(part.seconds, left - _GRACE)
        variables = {**part.variables}
        if part.flags:
            variables["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {part.flags}"
        entries += [{"part": part.name, **entry} for entry in ask(request, variables)]
    return entries


def ask_part(request: dict[str, Any], variables: Mapping[str, str]) -> list[Entry]:
    """The entries of a fresh process; where it fails, an entry that says how."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        words = json.dumps({**request, "answer": str(answer)})
        command = [sys.executable, "-m", "experiments.bench.gpu_part", words]
        environment = {**os.environ, **variables}
        # Memory as it is needed: what a part's peer holds is not the benchmark's.
        environment.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True,
                timeout=request["seconds"] + _GRACE,
            )  # fmt: skip
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            failed = f"ended with {done.returncode}: {last}" if done.returncode else ""
        except subprocess.TimeoutExpired:
            failed = f"stopped after {request['seconds'] + _GRACE:.0f} s"
        entries = json.loads(answer.read_text()) if answer.exists() else []
        return entries + ([{"failed": failed[:300]}] if failed else [])


def is_wrong(entry: Mapping[str, Any]) -> bool:
    """Whether a measurement failed or is not right to its tolerance."""
    errors = [entry.get(key, 0.0) for key in ("value_error", "gradient_error")]
    return "failed" in entry or max(errors) > entry.get("tolerance", float("inf"))


def lines(entries: Iterable[Entry]) -> list[str]:
    """The table: one line an entry."""
    from lib.report.table import Cell, Table

    rows = [tuple(map(Cell, _row(entry))) for entry in entries]
    columns = ("part", "subject", "products", "ms", "quartiles", "error", "beside")
    return Table("GPU: medians", columns, rows, prose=frozenset({1, 2, 6})).lines()


def _row(entry: Entry) -> tuple[str, ...]:
    part = entry["part"]
    if entry.get("contender") not in (None, "mapped", part.split(",")[0]):
        part = f"{part}, {entry['contender']}"
    about = (part, entry.get("subject", ""), entry.get("precision", ""))
    if "failed" in entry:
        return (*about, "", "", "", f"FAILED {entry['failed'][:80]}")
    low, median, high = (1e3 * seconds for seconds in entry["seconds"])
    errors = [entry[key] for key in ("value_error", "gradient_error") if key in entry]
    error = f"{max(errors):.1e}" if errors else ""
    beside = f"x {entry['speedup']:.1f} of one by one" if "speedup" in entry else ""
    if "bandwidth" in entry:
        beside = f"{entry['bandwidth']:.2f} of a copy"
    if is_wrong(entry):
        beside = f"WRONG, allowed {entry['tolerance']:.0e} {beside}".strip()
    return (*about, f"{median:.3f}", f"{low:.3f} to {high:.3f}", error, beside)


def headlines(entries: Sequence[Entry]) -> list[str]:
    """The figures that the project aims at, where both sides were measured."""
    right = [entry for entry in entries if not is_wrong(entry) and "seconds" in entry]
    time_of = {
        (entry["part"], entry["subject"], entry["precision"]): entry["seconds"][1]
        for entry in right
    }
    found = []
    for H in (64, 128):
        subject = f"lstm H={H} T=512"
        ours = time_of.get(("kernel", subject, "bfloat16"))
        for peer, precision, aim in (
            ("flax", "tensorfloat32", 10),
            ("torch", "bfloat16", 1.0),
            ("torch", "tensorfloat32", 1.0),
        ):
            theirs = time_of.get((peer, subject, precision))
            if ours and theirs:
                against = f"kernel, {subject}, against {peer} ({precision})"
                found.append(f"{against}: {theirs / ours:.2f}, aim {aim:g}")
    for entry in right:
        if "speedup" in entry and entry["subject"].startswith("64 runs"):
            found.append(f"{entry['part']}, 64 runs: {entry['speedup']:.1f}, aim 20")
        if "bandwidth" in entry and entry["contender"] == "kernel":
            share = f"{entry['bandwidth']:.2f}, aim 0.7"
            found.append(f"kernel, {entry['subject']}, share of a copy: {share}")
    return found


def write(path: Path, content: Mapping[str, Any]) -> None:
    """The content as JSON, whole or not at all."""
    from lib.report.file import replace_file

    replace_file(path, json.dumps(content, indent=1).encode())
    print(path)


def _missing(part: Part, why: str) -> Entry:
    return {"part": part.name, "failed": why}


def _say(message: str) -> None:
    print(plain(message), file=sys.stderr, flush=True)
