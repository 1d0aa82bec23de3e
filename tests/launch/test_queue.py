"""Which group runs next: once each, retried twice, held ones asked for again."""

import pytest

from lib import store
from lib.launch import queue as queue_module
from lib.launch.plan import make_plan
from lib.launch.queue import Queue
from lib.sweep import compare, product, replicate
from tests.launch.finished import end_run, fail_run, fresh, runs_of, tiny_plan
from tests.small import RUN


@pytest.fixture(scope="module")
def made():
    """Two programs; within each, groups of three and then of one run."""
    axes = product(compare("model.hidden_size", (8, 12)), replicate(range(4)))
    return make_plan("queue", {"part": (RUN, axes)}, max_width=3)


@pytest.fixture(scope="module")
def tuned():
    return tiny_plan()


@pytest.fixture
def queue(made, tmp_path):
    return Queue(tmp_path, fresh(made))


def end(queue, group):
    for run in runs_of(queue.plan, group):
        end_run(queue.root, run)
    queue.finish(group["id"], "done")


def test_each_group_is_handed_out_once(queue):
    groups = [queue.take() for _ in range(4)]
    assert len({group["id"] for group in groups}) == 4
    assert queue.take() is None and not queue.is_finished()
    for group in groups:
        end(queue, group)
    assert queue.is_finished()
    assert queue.counts() == {"done": 8, "running": 0, "failed": 0}


def test_the_smallest_comes_first_and_then_the_largest(queue):
    sizes = [len(queue.take()["members"]) for _ in range(4)]
    assert sizes == [1, 3, 3, 1]


def test_a_worker_keeps_to_the_program_it_has_compiled(queue):
    first = queue.take()
    second = queue.take(first["program"])
    assert second["program"] == first["program"]
    assert queue.take(first["program"])["program"] != first["program"]


def test_two_workers_begin_with_two_programs(queue):
    first = queue.take()
    assert queue.take()["program"] != first["program"]


@pytest.mark.parametrize("outcome", ["failed", "lost"])
def test_a_group_is_retried_twice_and_then_counts_as_failed(queue, outcome):
    first = queue.take()
    for _ in range(3):
        if outcome == "failed":
            fail_run(queue.root, runs_of(queue.plan, first)[0])
        queue.finish(first["id"], outcome)
        taken = []
        while group := queue.take():
            taken.append(group["id"])
        for group_id in taken:
            if group_id != first["id"]:
                queue.finish(group_id, "preempted")
    assert first["id"] not in taken
    assert queue.counts() == {"done": 0, "running": 0, "failed": 1}


def test_a_run_that_has_failed_too_often_is_not_tried_again(made, tmp_path):
    single = next(g for g in made["groups"] if len(g["members"]) == 1)
    fail_run(tmp_path, runs_of(made, single)[0], times=3)
    queue = Queue(tmp_path, fresh(made))
    taken = [queue.take()["id"] for _ in range(3)]
    assert queue.take() is None and single["id"] not in taken
    assert queue.counts()["failed"] == 1 and queue.counts()["done"] == 0


def test_an_invalid_run_counts_as_failed_at_once(queue):
    group = queue.take()
    fail_run(queue.root, runs_of(queue.plan, group)[0], state="invalid")
    queue.finish(group["id"], "failed")
    assert queue.counts() == {"done": 0, "running": 0, "failed": 1}


def test_a_diverged_run_is_done(queue):
    group = queue.take()
    end_run(queue.root, runs_of(queue.plan, group)[0], state="diverged")
    queue.finish(group["id"], "done")
    assert queue.counts() == {"done": 1, "running": 0, "failed": 0}


def test_a_held_group_is_asked_for_again_later(queue, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(queue_module.time, "monotonic", lambda: now)
    held = queue.take()
    for _ in range(5):  # more often than a group may fail
        queue.finish(held["id"], "held")
        others = [queue.take() for _ in range(3)]
        assert queue.take() is None and not queue.is_finished()
        now += 2.0
        assert queue.take()["id"] == held["id"]
        for group in others:
            queue.finish(group["id"], "held")
        now += 2.0
    queue.finish(held["id"], "lost")
    assert queue.counts()["failed"] == 0


def test_what_another_launcher_has_done_is_not_handed_out(queue):
    groups = [queue.take() for _ in range(3)]
    (left,) = {g["id"] for g in queue.plan["groups"]} - {g["id"] for g in groups}
    for run in runs_of(
        queue.plan, next(g for g in queue.plan["groups"] if g["id"] == left)
    ):
        end_run(queue.root, run)
    assert queue.take() is None
    assert queue.counts()["done"] > 0


def test_a_preempted_group_is_not_tried_again_by_this_command(queue):
    group = queue.take()
    queue.finish(group["id"], "preempted")
    rest = [queue.take()["id"] for _ in range(3)]
    assert group["id"] not in rest and queue.take() is None
    assert queue.preempted == {group["id"]}


def test_done_runs_are_not_asked_for_again(made, tmp_path):
    for run in made["runs"]:
        end_run(tmp_path, run)
    queue = Queue(tmp_path, fresh(made))
    assert queue.take() is None and queue.is_finished()
    assert queue.work_left() == 0


def test_reported_runs_follow_their_tuning(tuned, tmp_path):
    queue = Queue(tmp_path, fresh(tuned))
    first = queue.take()
    assert first["stage"] == "tune" and len(queue.plan["groups"]) == 4
    end(queue, first)
    second = queue.take(first["program"])
    assert second["stage"] == "replicate" and second["program"] == first["program"]
    assert store.read_sweep(tmp_path, "tiny")["choices"] == queue.plan["choices"]


def test_only_the_first_attempt_begins_again(made, tmp_path):
    queue = Queue(tmp_path, fresh(made), restart=True)
    group = queue.take()
    assert queue.options(group["id"])["restart"]
    queue.finish(group["id"], "lost")
    taken = [queue.take()["id"] for _ in range(4)]
    assert group["id"] in taken and not queue.options(group["id"])["restart"]
