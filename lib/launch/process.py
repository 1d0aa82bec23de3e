"""What every process that trains does first, and how it runs one group."""

import ctypes
import hashlib
import os
import platform
import subprocess
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib import store
from lib.data.folder import cache_folder
from lib.error import RefusedError, UserError

_ONE_THREAD_FLAG = "--xla_cpu_multi_thread_eigen=false"
# Parameters of glibc's mallopt by their names in malloc.h, and what they are set to.
_MALLOC = {
    "M_ARENA_MAX": (-8, 1),
    "M_MMAP_MAX": (-4, 0),
    "M_TRIM_THRESHOLD": (-1, 2**31 - 1),
    "M_TOP_PAD": (-2, 2**26),
}
_DEVICES_FLAG = "--xla_force_host_platform_device_count="


def thread_environment(num_threads: int) -> dict[str, str]:
    """Environment that JAX must find when it is imported, to use so many threads.

    A device a thread, among which a batch is shared out (lib.shard). The bits depend on
    their number, though not on the number of cores: a sweep trains with one thread
    under every engine.
    """
    given = os.environ.get("XLA_FLAGS", "").split()
    ours = (_ONE_THREAD_FLAG, _DEVICES_FLAG)
    flags = [flag for flag in given if not flag.startswith(ours)]
    one = num_threads == 1
    flags.append(_ONE_THREAD_FLAG if one else f"{_DEVICES_FLAG}{num_threads}")
    threads = str(num_threads)
    return {
        "NPROC": threads,  # XLA's name for it
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "XLA_FLAGS": " ".join(flags),
    }


def configure_jax() -> None:
    """Point JAX at a compilation cache that processes and later commands share.

    A folder per machine type: XLA's compiled code does not travel between processors.
    Freed memory is kept from here on, which must be said before JAX starts a thread.
    """
    _keep_memory()
    import jax

    folder = cache_folder() / f"xla-{_machine_type(jax.__version__)}"
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _keep_memory() -> None:
    """Have the C library keep what is given back to it, where it is glibc.

    XLA allocates temporary memory anew at every call, which glibc would map and unmap
    each time above 32 MB: 10 to 16 % of a training step of lstm with H = 256 or 512
    went into the page faults. The threads share one heap, or each would have a small
    one of its own.
    """
    if platform.system() != "Linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in _MALLOC.values():
            mallopt(parameter, value)


def entry_runs(plan: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The config of each run of a plan's group: all that a worker must be told.

    A worker that read the sweep's file could find the plan of another launcher there,
    which has not made this group yet.
    """
    members = set(entry["members"])
    runs = (run for run in plan["runs"] if run["id"] in members)
    return {run["id"]: {"config": run["config"]} for run in runs}


def run_entry(
    root: Path, entry: Mapping[str, Any], runs: Mapping[str, Any], control: Any
) -> tuple[str, str]:
    """Run a plan's group and say how it ended: an outcome and a reason.

    A failure is written into each of its runs, and ends none but them.
    """
    from lib import own
    from lib.driver import make_group, run_group

    try:
        own.restore()
        outcome = run_group(root, make_group(entry, runs), control)
        if outcome == "preempted":
            _write_failures(root, entry, "preempted", "stopped by a signal")
        return outcome, ""
    except store.Held as error:
        return "held", str(error)
    except RefusedError as error:  # the runs themselves are as good as they were
        return "refused", str(error)
    except Exception as error:  # noqa: BLE001 a failed run never stops its sweep
        state = "invalid" if isinstance(error, UserError) else "failed"
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        _write_failures(root, entry, state, reason, traceback.format_exc())
        return "failed", reason


def _write_failures(
    root: Path, entry: Mapping[str, Any], state: Any, reason: str, trace: str = ""
) -> None:
    """Say in each unfinished run of a group why it has stopped."""
    for run_id in entry["members"]:
        if store.look(root, run_id).result is None:
            store.write_failure(root, run_id, state, reason, trace)


def describe_source() -> dict[str, Any]:
    """The commit this code is at, and whether its files differ from it."""
    here = Path(__file__).resolve().parent
    commit = _git(here, "rev-parse", "HEAD")
    return {"commit": commit, "dirty": bool(_git(here, "status", "--porcelain"))}


def _git(folder: Path, *words: str) -> str:
    try:
        command = ["git", "-C", str(folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _machine_type(version: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kinds = ("model name", "flags", "Features", "CPU part")
        facts = sorted({line for line in lines if line.startswith(kinds)})
    except OSError:
        facts = [platform.processor()]
    text = "\n".join([platform.machine(), platform.system(), version, *facts])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
