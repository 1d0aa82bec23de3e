"""Named points at which a test makes a write fail as a real machine would.

HORIZON_FAULT="write.rename:3:kill" kills the process with SIGKILL the third time it
passes that point; the other actions are `enospc`, `eio` and `hang`. Unset: nothing.
"""

import errno
import os
import signal
import time
from collections.abc import Callable

passages: dict[str, int] = {}  # how often this process has passed each point


def point(name: str) -> None:
    """Fail here, if the environment asks for it."""
    passages[name] = passages.get(name, 0) + 1
    armed = os.environ.get("HORIZON_FAULT")
    if not armed:
        return
    target, count, action = armed.rsplit(":", 2)
    if name == target and passages[name] == int(count):
        _ACTIONS[action]()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _hang() -> None:
    while True:
        time.sleep(60)


_ACTIONS: dict[str, Callable[[], None]] = {
    "kill": _kill,
    "enospc": lambda: _fail(errno.ENOSPC),
    "eio": lambda: _fail(errno.EIO),
    "hang": _hang,
}
