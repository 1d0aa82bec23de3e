"""The progress of a sweep: one line that renews itself, or plain lines elsewhere."""

import time
from collections.abc import Callable
from typing import Any, TextIO

from lib.launch.plan import count_runs
from lib.launch.queue import Queue

_PLAIN_SECONDS = 5.0
_TIMED_SECONDS = 3.0  # after the first chunk, before speed and time left are shown
_RATE_SECONDS = 30.0  # the window that speed is taken over


class Progress:
    """Counts events of the launcher and prints where the sweep stands."""

    def __init__(
        self,
        queue: Queue,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.queue, self.stream, self.clock = queue, stream, clock
        self.is_terminal = stream.isatty()
        self.chunks: list[tuple[float, int, int]] = []  # (time, steps, tokens)
        self.trained: dict[str, int] = {}  # tokens so far, by group in training
        self.printed_at = -_PLAIN_SECONDS
        self.began = clock()
        self.timed_from: float | None = None  # when the first chunk had ended

    def emit(self, event: dict[str, Any]) -> None:
        """Take one event and print, at most twice a second, or every 5 s when plain."""
        now = self.clock()
        if "steps" in event:
            self.chunks.append((now, event["steps"], event["tokens"]))
            group = event["group"]
            self.trained[group] = self.trained.get(group, 0) + event["tokens"]
            self.timed_from = now if self.timed_from is None else self.timed_from
        if "outcome" in event:
            self.trained.pop(event["group"], None)
        if "problem" in event:
            self._say(event["problem"])
        if event.get("outcome") in ("failed", "lost", "refused"):
            self._say(f"group {event['group']} {event['outcome']}: {event['reason']}")
        pause = 0.5 if self.is_terminal else _PLAIN_SECONDS
        if now - self.printed_at >= pause and self.chunks:
            self.printed_at = now
            self._print(self.line())

    def line(self) -> str:
        """Runs done, running and failed; steps a second; time left."""
        now = self.clock()
        standing = f"{self._done()}, {self.queue.counts()['running']} running"
        if self.timed_from is None or now - self.timed_from < _TIMED_SECONDS:
            return f"{standing} | timing the first steps"
        recent = [c for c in self.chunks if now - c[0] <= _RATE_SECONDS]
        recent = recent or self.chunks[-1:]
        self.chunks = recent
        span = max(now - max(self.began, now - _RATE_SECONDS), 1e-3)
        steps = sum(c[1] for c in recent) / span
        rate = sum(c[2] for c in recent) / span
        work = max(0, self.queue.work_left() - sum(self.trained.values()))
        left = work / rate if rate else 0.0
        return f"{standing} | {steps:,.0f} steps/s | at most {_clock(left)} left"

    def close(self) -> None:
        """Print where the sweep stood at its end."""
        self._say(f"{self._done()} in {_clock(self.clock() - self.began)}")

    def _done(self) -> str:
        counts, total = self.queue.counts(), count_runs(self.queue.plan)["distinct"]
        failed = f", {counts['failed']} failed" if counts["failed"] else ""
        return f"{counts['done']}/{total} runs done{failed}"

    def _print(self, line: str) -> None:
        if self.is_terminal:
            self.stream.write(f"\r\x1b[2K{line}")
        else:
            self.stream.write(line + "\n")
        self.stream.flush()

    def _say(self, line: str) -> None:
        lead = "\r\x1b[2K" if self.is_terminal else ""
        self.stream.write(f"{lead}{line}\n")
        self.stream.flush()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    )
