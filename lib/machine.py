"""What this process runs on, and the memory it has held: asked of the system."""

import functools
import platform
import resource
from pathlib import Path


@functools.cache
def processor() -> str:
    """The processor's name, as its maker calls it where that is known."""
    try:
        with open("/proc/cpuinfo") as lines:
            names = (line for line in lines if line.startswith("model name"))
            return next(names).split(":", 1)[1].strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def peak_resident_bytes() -> int:
    """The most memory this process has had resident so far."""
    try:
        # Not ru_maxrss, which on Linux begins with the peak of the parent.
        lines = Path("/proc/self/status").read_text().splitlines()
        [peak] = [line for line in lines if line.startswith("VmHWM:")]
        return int(peak.split()[1]) * 1024
    except (OSError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if platform.system() == "Darwin" else peak * 1024
