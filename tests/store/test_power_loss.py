"""Whatever a power cut leaves, the newest checkpoint that was committed is found."""

import json

from lib.store import document, files, run, step
from tests.store import fake
from tests.store.power import Disk


def test_after_a_power_cut_the_last_committed_checkpoint_verifies(
    tmp_path, monkeypatch
):
    disk = Disk(tmp_path / "live", monkeypatch, files)
    folder, committed = disk.root / "group", [(0, -1)]
    codec = step.Codec(
        lambda to, state: disk.write_unsynced(
            to / fake.STATE, json.dumps(state).encode()
        ),
        fake.CODEC.read,
    )
    folder.mkdir(parents=True)
    files.sync(folder)
    files.sync(disk.root)
    for at_step in (1, 2, 3, 3):  # the last one replaces a folder
        step.save(folder, "g", at_step, {"step": at_step}, codec)
        committed.append((len(disk.steps), at_step))
    count = 0
    for done, place in disk.cuts(tmp_path / "cuts"):
        promised = max(at_step for steps, at_step in committed if steps <= done)
        found = step.latest(place / "group", "g", None, codec).checkpoint
        at_step = -1 if found is None else found[0]
        replacing = committed[-2][0] < done < committed[-1][0]
        assert at_step >= promised - replacing, (done, place)
        assert found is None or found[1] == {"step": at_step}
        count += 1
    assert count > 200


def test_after_a_power_cut_a_document_is_the_old_one_or_the_new(tmp_path, monkeypatch):
    disk = Disk(tmp_path / "live", monkeypatch, files)
    disk.root.mkdir()
    path = disk.root / run.CONFIG
    document.write(path, {"value": 1})
    first = len(disk.steps)
    document.write(path, {"value": 2})
    for done, place in disk.cuts(tmp_path / "cuts"):
        if done >= first:
            assert document.read(place / run.CONFIG)["value"] in (1, 2)
        if done == len(disk.steps):
            assert document.read(place / run.CONFIG)["value"] == 2
