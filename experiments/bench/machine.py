"""What measured: processor, load, commit; and whether the machine was busy."""

import os
import platform
from collections.abc import Iterable, Mapping
from typing import Any

from lib.launch.process import describe_source

MOST_LOAD = 0.5  # programs that want to run besides us
# Involuntary switches a second of a process alone on its core: timer and kernel work.
MOST_SWITCHES = 50.0


def describe_machine() -> dict[str, Any]:
    """Processor, cores, system, and the load of the last minute before we began."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "load": load(),
        **describe_source(),
    }


def load() -> float | None:
    """Programs that wanted to run, averaged over the last minute."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def busy_before(machine: Mapping[str, Any]) -> str:
    """A warning where others were at work when we began; else nothing."""
    if machine["load"] is None or machine["load"] <= MOST_LOAD:
        return ""
    return (
        f"the machine is busy (load {machine['load']:.1f} before the first "
        "measurement): times of the clock will be too long, and ratios spread"
    )


def busy_while(results: Iterable[Mapping[str, Any]]) -> str:
    """A warning that names the subjects others took the processor from."""
    disturbed = [
        result["label"]
        for result in results
        if any(
            timing["involuntary_switches_per_second"] > MOST_SWITCHES
            for timing in result["timings"]
        )
    ]
    if not disturbed:
        return ""
    more = f" and {len(disturbed) - 3} more" if len(disturbed) > 3 else ""
    return (
        "other programs took the processor while these were measured: "
        + "; ".join(disturbed[:3])
        + more
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            names = (line for line in lines if line.startswith("model name"))
            return next(names).split(":", 1)[1].strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
