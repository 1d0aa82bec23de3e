"""The metrics table is exact, however often the run was cut and resumed."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.store import files, metric


def row(attempt, step, split="train", length=None, **numbers):
    extra = {} if length is None else {"length": length}
    return {"attempt": attempt, "step": step, "split": split, **extra, **numbers}


def test_a_line_cut_at_any_byte_loses_nothing_earlier(tmp_path):
    path, whole = tmp_path / "metrics.jsonl", [row(1, s, loss=s / 7) for s in range(3)]
    metric.append(path, whole)
    content = path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for cut in range(last, len(content)):
        path.write_bytes(content[:cut])
        table = metric.read(path)
        complete = cut == len(content) - 1
        assert table.rows == whole[: 2 + complete]
        assert len(table.problems) == (last < cut and not complete)
        metric.append(path, [row(1, 3, loss=1.0)])
        table = metric.read(path)
        assert table.rows == [*whole[: 2 + complete], row(1, 3, loss=1.0)]


def test_rows_of_one_append_are_one_write(tmp_path, monkeypatch):
    sizes = []
    real = files.os.write
    monkeypatch.setattr(
        files.os, "write", lambda fd, data: sizes.append(len(data)) or real(fd, data)
    )
    metric.append(tmp_path / "m", [row(1, 1), row(1, 2)])
    assert len(sizes) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xfe\x00\x00",
        b'{"attempt": 1',
        b"[1]",
        b'{"attempt": 1, "step": 1, "split": "elsewhere"}',
        b'{"attempt": 1, "step": 1, "split": "train", "step": 2}',
        b'{"attempt": 1, "step": 1, "split": "train", "loss": NaN}',
        b'{"attempt": 1, "step": 1, "split": "train", "loss": 1e999}',
        b'{"attempt": true, "step": 1, "split": "train"}',
        b"[" * 100_000,
        b"1" * 10_000,
        b"x" * (metric.MAX_LINE_BYTES + 1),
    ],
)
def test_a_garbage_line_is_skipped_and_counted(tmp_path, garbage):
    path = tmp_path / "m"
    path.write_bytes(json.dumps(row(1, 1)).encode() + b"\n" + garbage + b"\n")
    metric.append(path, [row(1, 2)])
    table = metric.read(path)
    assert table.rows == [row(1, 1), row(1, 2)]
    assert table.problems == [f"{path}: 1 unreadable line(s) left out"]


def test_numbers_that_are_not_finite_come_back(tmp_path):
    metric.append(tmp_path / "m", [row(1, 1, loss=math.nan, a=math.inf, b=-math.inf)])
    assert b"NaN" not in (tmp_path / "m").read_bytes()
    found = metric.read(tmp_path / "m").rows[0]
    assert math.isnan(found["loss"]) and (found["a"], found["b"]) == (
        math.inf,
        -math.inf,
    )


def test_a_resume_voids_what_came_after_its_step(tmp_path):
    rows = [row(1, s, loss=0.0) for s in (1, 2, 3, 4)]
    resume = {"event": "resume", "attempt": 2, "step": 2}
    metric.append(tmp_path / "m", [*rows, resume, row(2, 3, loss=1.0)])
    table = metric.read(tmp_path / "m").rows
    assert [(r["step"], r["loss"]) for r in table] == [(1, 0.0), (2, 0.0), (3, 1.0)]


@settings(max_examples=100, database=None, deadline=None)
@given(st.permutations(list(range(8))), st.integers(1, 3))
def test_the_table_is_the_same_for_any_order_of_lines(tmp_path_factory, order, twice):
    rows = [row(1, s, loss=float(s)) for s in (1, 2, 3)]
    rows += [row(2, s, "validation", n, score=0.5) for s in (2, 3) for n in (16, 32)]
    rows += [row(2, 3, loss=9.0)]
    path = tmp_path_factory.mktemp("m") / "m"
    metric.append(path, [rows[i] for i in order] * twice)
    table = metric.read(path).rows
    assert [(r["step"], r["split"], r.get("length")) for r in table] == [
        (1, "train", None),
        (2, "train", None),
        (2, "validation", 16),
        (2, "validation", 32),
        (3, "train", None),
        (3, "validation", 16),
        (3, "validation", 32),
    ]
    assert table[4]["loss"] == 9.0


def test_the_last_row_is_found_behind_a_torn_tail(tmp_path):
    metric.append(tmp_path / "m", [row(1, s) for s in range(2000)])
    with open(tmp_path / "m", "ab") as file:
        file.write(b'{"attempt": 1, "st')
    assert metric.last(tmp_path / "m") == row(1, 1999)
    assert metric.last(tmp_path / "absent") is None


def test_a_row_without_a_step_is_refused(tmp_path):
    with pytest.raises(ValueError, match="needs an attempt and a step"):
        metric.append(tmp_path / "m", [{"loss": 1.0}])


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with open(tmp_path / "m", "wb") as file:
        file.truncate(5 * 2**30)  # sparse
    table = metric.read(tmp_path / "m")
    assert table.rows == [] and "5,368,709,120 bytes" in table.problems[0]
