"""A run's state, read off its files; a finished run never changes."""

import json
from dataclasses import replace

import pytest

from lib import store
from lib.store import lock, run
from tests.store import fake

RUN = fake.RUNS[0]


def begin(root, run_id=RUN):
    store.write_config(root, run_id, fake.config_of(0), fake.VERSIONS, "")


def finish(root, state="done", run_id=RUN, **result):
    store.write_params(root, run_id, {"h": 1}, fake.CODEC)
    store.write_result(root, run_id, {"state": state, "step": 3, **result})


def add_row(root, step=1, attempt=1, **numbers):
    row = {"attempt": attempt, "step": step, "split": "train", **numbers}
    store.append_metrics(root, RUN, [row])


def test_a_run_that_nobody_has_begun_is_pending(tmp_path):
    record = store.read_run(tmp_path, RUN)
    assert (record.state, record.config, record.result) == ("pending", None, None)
    assert record.metrics == [] and store.should_run(record)
    begin(tmp_path)
    assert store.read_run(tmp_path, RUN).state == "pending"


def test_a_finished_run_is_read_whole(tmp_path):
    begin(tmp_path)
    add_row(tmp_path, loss=0.5)
    finish(tmp_path, metrics={"test": {"16": {"loss": float("nan")}}})
    record = store.read_run(tmp_path, RUN)
    assert (record.state, record.problems) == ("done", [])
    assert record.config == fake.config_of(0) and record.versions == fake.VERSIONS
    assert record.metrics[0]["loss"] == 0.5
    assert record.result["metrics"]["test"]["16"]["loss"] != 0.5
    assert isinstance(record.result["metrics"]["test"]["16"]["loss"], float)
    assert not store.should_run(record)


def test_a_result_counts_only_once_its_folder_is_sealed(tmp_path):
    begin(tmp_path)
    add_row(tmp_path)
    finish(tmp_path)
    (store.run_folder(tmp_path, RUN) / "MANIFEST.json").unlink()
    record = store.read_run(tmp_path, RUN)
    assert (record.state, record.result) == ("lost", None)


def test_a_finished_run_never_changes(tmp_path):
    begin(tmp_path)
    add_row(tmp_path)
    finish(tmp_path)
    folder = store.run_folder(tmp_path, RUN)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    begin(tmp_path)
    add_row(tmp_path, step=2)
    store.write_params(tmp_path, RUN, {"h": 2}, fake.CODEC)
    store.write_result(tmp_path, RUN, {"state": "diverged", "step": 9})
    store.write_failure(tmp_path, RUN, "failed", "late")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_diverged_run_is_final(tmp_path):
    begin(tmp_path)
    finish(tmp_path, state="diverged")
    record = store.read_run(tmp_path, RUN)
    assert (record.state, record.reason) == ("diverged", "diverged at step 3")
    assert not store.should_run(record)


def test_a_failed_run_is_retried_twice_at_most(tmp_path):
    begin(tmp_path)
    for failures, again in ((1, True), (2, True), (3, False)):
        store.write_failure(tmp_path, RUN, "failed", "RESOURCE_EXHAUSTED:\n 2 GiB")
        record = store.read_run(tmp_path, RUN)
        assert (record.state, record.failures) == ("failed", failures)
        assert record.reason == "RESOURCE_EXHAUSTED: 2 GiB"
        assert store.should_run(record) is again


@pytest.mark.parametrize(
    ("state", "again"), [("invalid", False), ("preempted", True), ("cancelled", True)]
)
def test_other_endings_are_retried_or_not(tmp_path, state, again):
    store.write_failure(tmp_path, RUN, state, "why", "trace", at_step=7)
    record = store.read_run(tmp_path, RUN)
    assert (record.state, record.reason, record.failures) == (state, "why", 0)
    assert store.should_run(record) is again


def test_a_preempted_run_that_was_begun_again_and_killed_is_lost(tmp_path):
    add_row(tmp_path, attempt=1)
    store.write_failure(tmp_path, RUN, "preempted", "asked to stop")
    assert store.read_run(tmp_path, RUN).state == "preempted"
    add_row(tmp_path, attempt=2)
    record = store.read_run(tmp_path, RUN)
    assert (record.state, record.attempts) == ("lost", 2)
    assert store.should_run(record)


@pytest.mark.parametrize("name", [run.CONFIG, run.RESULT, "MANIFEST.json"])
@pytest.mark.parametrize("content", [b"", b'{"format": 1, "id"', b"\x80\x04."])
def test_a_damaged_document_makes_its_run_corrupt_and_is_named(tmp_path, name, content):
    begin(tmp_path)
    finish(tmp_path)
    path = store.run_folder(tmp_path, RUN) / name
    path.write_bytes(content)
    record = store.read_run(tmp_path, RUN)
    assert record.state == "corrupt" and str(path) in record.reason
    assert store.should_run(record)


def test_a_corrupt_run_is_mended_by_training_it_again(tmp_path):
    fake.train(tmp_path)
    expected = fake.outcome(tmp_path)
    (store.run_folder(tmp_path, RUN) / run.RESULT).write_bytes(b"")
    (store.run_folder(tmp_path, RUN) / "metrics.jsonl").write_bytes(b"")
    assert store.read_run(tmp_path, RUN).state == "corrupt"
    fake.train(tmp_path)
    assert fake.outcome(tmp_path) == expected


def test_documents_of_another_run_are_corrupt(tmp_path):
    begin(tmp_path)
    finish(tmp_path)
    folder = store.run_folder(tmp_path, RUN)
    other = store.run_folder(tmp_path, fake.RUNS[1])
    other.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(other)
    record = store.read_run(tmp_path, fake.RUNS[1])
    assert record.state == "corrupt" and f"belongs to {RUN!r}" in record.reason


def test_a_folder_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    begin(tmp_path)
    path = store.run_folder(tmp_path, RUN) / run.CONFIG
    path.write_text(json.dumps({"format": 2, "id": RUN}))
    for look in (
        lambda: store.read_run(tmp_path, RUN),
        lambda: begin(tmp_path),
        lambda: fake.train(tmp_path),
    ):
        with pytest.raises(store.NewerFormatError):
            look()
    assert json.loads(path.read_text())["format"] == 2


def test_verify_names_an_edited_result(tmp_path):
    fake.train(tmp_path)
    assert store.verify_run(tmp_path, RUN) == store.Report([], [])
    path = store.run_folder(tmp_path, RUN) / run.RESULT
    path.write_bytes(path.read_bytes().replace(b'"step": 10', b'"step": 11'))
    problems = store.verify_run(tmp_path, RUN).problems
    assert problems[0] == f"{path}: its content has changed"
    assert store.read_run(tmp_path, RUN).state == "done"


def test_verify_names_a_config_that_is_not_the_one_of_the_id(tmp_path):
    store.write_config(tmp_path, RUN, fake.config_of(7), fake.VERSIONS, "")
    assert "is not the config" in store.verify_run(tmp_path, RUN).problems[0]


def test_an_age_is_never_negative(tmp_path, monkeypatch):
    add_row(tmp_path)
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert store.look(tmp_path, RUN).age == 0.0


def test_looking_at_a_run_does_not_hinder_a_launcher(tmp_path, monkeypatch):
    add_row(tmp_path)
    path = store.run_folder(tmp_path, RUN) / "metrics.jsonl"
    watcher = lock.take(path)
    monkeypatch.setattr(lock.time, "sleep", lambda s: lock.os.close(watcher))
    descriptor = lock.take(path)
    assert descriptor is not None
    lock.os.close(descriptor)


def test_unknown_runs_have_no_parameters(tmp_path):
    with pytest.raises(ValueError, match="is not in"):
        store.read_params(tmp_path, RUN)


def test_running_runs_are_left_to_their_lock():
    record = store.RunRecord(RUN, "running")
    assert store.should_run(record)
    assert not store.should_run(replace(record, state="invalid"))
