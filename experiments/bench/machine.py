"""What measured: processor, load, commit; and whether the machine was busy."""

import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lib.launch.process import describe_source
from lib.machine import processor

MOST_LOAD = 0.5  # programs that want to run besides us
MOST_OTHERS = 0.2  # cores that others use while we measure


def describe_machine() -> dict[str, Any]:
    """Processor, cores, system, and the load of the last minute before we began."""
    return {
        "processor": processor(),
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


def busy_seconds() -> float | None:
    """Seconds that all cores together have worked since the machine started."""
    try:
        words = Path("/proc/stat").read_text().split("\n", 1)[0].split()
        user, nice, system, _, _, irq, softirq, steal = map(int, words[1:9])
    except (OSError, ValueError):
        return None  # another system than Linux
    ticks = user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def busy_while(results: Iterable[Mapping[str, Any]]) -> str:
    """A warning that names the subjects during which others were at work."""
    disturbed = {
        result["label"]: timing["others"]
        for result in results
        for timing in result["timings"]
        if (timing["others"] or 0) > MOST_OTHERS
    }
    if not disturbed:
        return ""
    more = f" and {len(disturbed) - 3} more" if len(disturbed) > 3 else ""
    return (
        f"other programs used up to {max(disturbed.values()):.1f} cores while these "
        f"were measured, whose clock times mean little: "
        f"{'; '.join(list(disturbed)[:3])}{more}"
    )
