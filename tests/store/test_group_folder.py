"""A group goes on from its newest checkpoint, in the same mode, or not at all."""

import json

import pytest

from lib import store
from lib.store import lock, step
from tests.store import fake

RUNS = list(fake.RUNS)


def opened(root, mode="map", width=2, members=RUNS, **more):
    return store.open_group(root, "g", members, mode, width, codec=fake.CODEC, **more)


def attempts(root):
    text = (root / "groups" / "g" / "attempts.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_every_opening_is_an_attempt_on_record(tmp_path):
    details = {"jax": "0.10.2", "device": "cpu", "commit": "abc", "dirty": False}
    for number in (1, 2):
        with opened(tmp_path, details=details) as group:
            assert group.attempt == number
    first, second = attempts(tmp_path)
    assert first.items() >= {**details, "mode": "map", "width": 2, "attempt": 1}.items()
    assert (second["attempt"], second["host"]) == (2, lock.socket.gethostname())


def test_an_attempt_counts_beyond_those_of_other_groups(tmp_path):
    row = {"attempt": 5, "step": 1, "split": "train"}
    store.append_metrics(tmp_path, RUNS[0], [row])
    with opened(tmp_path) as group:
        assert group.attempt == 6


def test_a_fresh_group_has_no_checkpoint(tmp_path):
    with opened(tmp_path) as group:
        assert group.latest(None) is None
        group.save(3, {"h": 1})
        assert group.latest(None) == (3, {"h": 1})


def test_a_resume_voids_rows_after_the_checkpoint(tmp_path):
    with opened(tmp_path) as group:
        for at_step in (1, 2, 3):
            row = {"attempt": 1, "step": at_step, "split": "train", "loss": 0.0}
            store.append_metrics(tmp_path, RUNS[0], [row])
        group.save(2, {"h": 1})
    with opened(tmp_path) as group:
        assert group.latest(None) == (2, {"h": 1})
    rows = store.read_run(tmp_path, RUNS[0]).metrics
    assert [row["step"] for row in rows] == [1, 2]


@pytest.mark.parametrize(("mode", "width"), [("vmap", 2), ("map", 3)])
def test_another_mode_or_width_is_refused_unless_allowed(tmp_path, mode, width):
    with opened(tmp_path) as group:
        group.save(2, {"h": 1})
    with pytest.raises(store.ModeChangedError, match="mode map, width 2") as caught:
        with opened(tmp_path, mode, width):
            pass
    assert caught.value.exit_code == 3
    with opened(tmp_path, mode, width, allow_mode_change=True) as group:
        assert group.latest(None) == (2, {"h": 1})
    assert (attempts(tmp_path)[-1]["mode"], attempts(tmp_path)[-1]["width"]) == (
        mode,
        width,
    )


def test_before_its_first_checkpoint_a_group_may_change_mode(tmp_path):
    with opened(tmp_path):
        pass
    with opened(tmp_path, "vmap") as group:
        assert group.attempt == 2


def test_a_groups_members_never_change(tmp_path):
    with opened(tmp_path):
        pass
    with pytest.raises(ValueError, match="other members"):
        with opened(tmp_path, members=RUNS[:1]):
            pass
    with opened(tmp_path):
        pass


def test_two_cannot_hold_a_group(tmp_path):
    with opened(tmp_path):
        with pytest.raises(store.Held, match="group g is held by process"):
            with opened(tmp_path):
                pass
    with opened(tmp_path):
        pass


def test_checkpoints_are_discarded_when_all_members_are_finished(tmp_path):
    with opened(tmp_path) as group:
        group.save(2, {"h": 1})
        for place, run_id in enumerate(RUNS):
            assert not group.discard()
            store.write_config(
                tmp_path, run_id, fake.config_of(place), fake.VERSIONS, ""
            )
            store.write_result(tmp_path, run_id, {"state": "done", "step": 3})
        assert group.discard()
        assert step.steps(group.folder) == []
    left = {path.name for path in (tmp_path / "groups" / "g").iterdir()}
    assert left == {"lock", "group.json", "attempts.jsonl"}


def test_a_corrupt_checkpoint_is_passed_over_and_named(tmp_path):
    with opened(tmp_path) as group:
        group.save(2, {"h": 1})
        group.save(4, {"h": 2})
    (tmp_path / "groups" / "g" / "4" / "state.json").write_text("{}")
    with opened(tmp_path) as group:
        assert group.latest(None) == (2, {"h": 1})
        assert "groups/g/4/state.json" in group.problems[0]


def test_where_none_verifies_they_can_be_set_aside(tmp_path):
    with opened(tmp_path) as group:
        group.save(2, {"h": 1})
        path = group.folder / "2" / "state.json"
        path.write_text("{}")
        with pytest.raises(store.CorruptError, match="no checkpoint can be used"):
            group.latest(None)
        assert [p.name for p in group.set_aside()] == ["aside-1-2"]
        assert group.latest(None) is None
        assert (group.folder / "aside-1-2" / "state.json").exists()


def test_a_holder_taken_for_dead_writes_no_checkpoint(tmp_path):
    with opened(tmp_path) as group:
        successor = {"attempt": 2, "step": 0, "event": "attempt", "host": "b", "pid": 7}
        with open(group.folder / "attempts.jsonl", "a") as file:
            file.write(json.dumps(successor) + "\n")
        with pytest.raises(store.Held, match="process 7 on b"):
            group.save(2, {"h": 1})
        assert step.steps(group.folder) == []


def test_a_beat_shows_that_a_run_is_alive(tmp_path):
    with opened(tmp_path) as group:
        path = store.run_folder(tmp_path, RUNS[0]) / "metrics.jsonl"
        lock.os.utime(path, (0, 0))
        assert store.look(tmp_path, RUNS[0]).age > 1e6
        group.beat()
        assert store.look(tmp_path, RUNS[0]).age < 60


def test_a_failed_save_leaves_the_earlier_checkpoint_and_nothing_else(
    tmp_path, monkeypatch
):
    with opened(tmp_path) as group:
        group.save(2, {"h": 1})
        monkeypatch.setenv("HORIZON_FAULT", "state.written:1:enospc")
        monkeypatch.setattr(store.run.fault, "passages", {})
        with pytest.raises(store.WriteError, match="cannot write .*/4: No space left"):
            group.save(4, {"h": 2})
        monkeypatch.delenv("HORIZON_FAULT")
        assert not list(group.folder.glob("*.tmp-*"))
        assert group.latest(None) == (2, {"h": 1})
