"""The progress lines of a sweep, with a clock that stands still between events."""

import io

import pytest

from lib.launch.plan import make_plan
from lib.launch.progress import Progress
from lib.launch.queue import Queue
from lib.sweep import compare, product, replicate
from tests.launch.finished import end_run, fail_run, fresh, runs_of
from tests.small import RUN

STEPS, TOKENS = 60, 60 * 8 * 6  # of one run


@pytest.fixture(scope="module")
def made():
    """Four groups of two runs."""
    axes = product(compare("model.hidden_size", (8, 9, 10, 11)), replicate(range(2)))
    return make_plan("progress", {"part": (RUN, axes)})


class Watch:
    """A progress display on a stream that is kept, and its clock."""

    def __init__(self, plan, root, terminal=False):
        self.now, self.stream = 0.0, io.StringIO()
        self.stream.isatty = lambda: terminal
        self.queue = Queue(root, plan)
        self.progress = Progress(self.queue, self.stream, lambda: self.now)

    def train(self, seconds, steps=STEPS):
        self.now += seconds
        tokens = steps * TOKENS // STEPS
        self.progress.emit({"group": "g", "steps": steps, "tokens": tokens})

    def lines(self):
        return self.stream.getvalue().splitlines()


@pytest.fixture
def watch(made, tmp_path):
    return Watch(fresh(made), tmp_path)


def test_nothing_is_said_before_the_first_steps(watch):
    watch.progress.emit({"group": watch.queue.take()["id"], "started": True})
    assert watch.lines() == []


def test_speed_is_shown_once_it_has_been_timed(watch):
    watch.queue.take()
    watch.train(1.0)
    watch.train(9.0)
    assert watch.lines() == [
        "0/8 runs done, 2 running | timing the first steps",
        # 120 steps in 10 s; of 8 runs of 60 steps, 360 steps are left
        "0/8 runs done, 2 running | 12 steps/s | at most 0:30 left",
    ]


def test_a_plain_stream_gets_a_line_every_five_seconds(watch):
    watch.queue.take()
    for _ in range(12):
        watch.train(1.0)
    assert len(watch.lines()) == 3


def test_speed_is_that_of_the_last_half_minute(watch):
    watch.queue.take()
    watch.train(10.0, steps=10_000)
    watch.train(60.0, steps=300)
    assert "10 steps/s" in watch.lines()[-1]


def test_done_and_failed_runs_are_counted(watch):
    done, failed = watch.queue.take(), watch.queue.take()
    for run in runs_of(watch.queue.plan, done):
        end_run(watch.queue.root, run)
    watch.queue.finish(done["id"], "done")
    for run in runs_of(watch.queue.plan, failed):
        fail_run(watch.queue.root, run, state="invalid")
    watch.queue.finish(failed["id"], "failed")
    watch.train(1.0)
    watch.now += 89.0
    watch.progress.close()
    assert watch.lines()[0].startswith("2/8 runs done, 2 failed, 0 running")
    assert watch.lines()[-1] == "2/8 runs done, 2 failed in 1:30"


def test_a_failure_is_said_with_its_reason(watch):
    event = {"group": "abc", "outcome": "failed", "reason": "ValueError: no"}
    watch.progress.emit(event)
    assert watch.lines() == ["group abc failed: ValueError: no"]


def test_runs_asked_for_twice_are_counted_once(tmp_path):
    axes = product(compare("task.length", {"a": 6, "b": 6}), replicate(range(2)))
    plan = make_plan("twice", {"part": (RUN, axes)})
    for run in plan["runs"]:
        end_run(tmp_path, run)
    watch = Watch(plan, tmp_path)
    watch.progress.close()
    assert watch.lines() == ["2/2 runs done in 0:00"]


def test_a_terminal_gets_one_line_that_renews_itself(made, tmp_path):
    watch = Watch(fresh(made), tmp_path, terminal=True)
    watch.queue.take()
    watch.train(1.0)
    watch.train(1.0)
    written = watch.stream.getvalue()
    assert written.count("\r\x1b[2K") == 2 and "\n" not in written
