"""A user's own labelled texts as a task, and what is wrong with them."""

import numpy as np
import pytest

from lib.data.labelled_text import make_labelled_text
from lib.error import UserError
from tests.data.texts import pairs

PAIRS = sorted(pairs(("sci.space", "rec.autos"), 20))
COLUMNS = ("text", "label")


def write_table(path, rows, delimiter=","):
    quote = lambda cell: '"' + cell.replace('"', '""') + '"'
    lines = [delimiter.join(map(quote, row)) for row in [COLUMNS, *rows]]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_splits_share_no_text_and_hold_every_class(tmp_path):
    path = str(write_table(tmp_path / "a.csv", PAIRS))
    tasks = [
        make_labelled_text(split, 4, 10, path=path)
        for split in ("train", "validation", "test")
    ]
    assert [len(t.data["labels"]) for t in tasks] == [28, 4, 8]
    assert all(set(np.asarray(t.data["labels"])) == {0, 1} for t in tasks)
    assert tasks[0].classes == ("rec.autos", "sci.space")
    assert tasks[0].score_metric == "accuracy"


def test_another_encoding_and_columns_are_taken_by_name(tmp_path):
    path = tmp_path / "a.csv"
    rows = "\n".join(f"caf\xe9 {i},{'ja' if i % 2 else 'nein'}" for i in range(30))
    path.write_bytes(f"body,is spam\n{rows}\n".encode("latin-1"))
    task = make_labelled_text(
        "train", 4, 10, path=str(path), encoding="latin-1", text_column="body",
        label_column="is spam", positive="ja",
    )  # fmt: skip
    assert task.score_metric == "f1" and "café" in task.symbols


def test_changed_texts_are_other_data(tmp_path):
    path = write_table(tmp_path / "a.csv", PAIRS)
    other = write_table(tmp_path / "b.csv", [*PAIRS[:-1], ("moon", PAIRS[-1][1])])
    task, changed = (
        make_labelled_text("train", 4, 10, path=str(p)) for p in (path, other)
    )
    assert task.fingerprint != changed.fingerprint
    assert task.facts["texts"] != changed.facts["texts"]


ROWS = "".join(f"text {i},{i % 2}\n" for i in range(20))
BAD = {
    "no_path": ("", {}, "path must name a file or a folder"),
    "absent.csv": (None, {}, "absent.csv: there is no such file or folder"),
    "a.txt": ("x", {}, "a.txt: unknown kind; a folder or one of .csv, .tsv"),
    "column.csv": (
        "body,label\n",
        {},
        r"no column 'text' .*\(known: body, label\)",
    ),
    "cell.csv": (
        "text,label\nhello,1\nlonely\n",
        {},
        "cell.csv:3: 1 cells, the header has 2",
    ),
    "json.jsonl": (
        '{"text": "a", "label": 1}\n{"text',
        {},
        "json.jsonl:2: not JSON",
    ),
    "key.jsonl": ('{"text": "a"}', {}, "key.jsonl:1: no entry 'label'"),
    "kind.jsonl": (
        '{"text": 3, "label": 1}',
        {},
        "kind.jsonl:1: the text is empty or no string",
    ),
    "few.csv": ("text,label\na,1\nb,2\n", {}, "at least 20 texts .* got 2 of 2"),
    "one.csv": ("text,label\n" + "a,1\n" * 30, {}, "at least 2 classes, got 30 of 1"),
    "bytes.csv": (
        b"text,label\ncaf\xe9,1\n",
        {},
        r"not utf-8 at byte 14 \(line 2\); name",
    ),
    "encoding.csv": ("a", {"encoding": "utf-9"}, "unknown encoding 'utf-9'"),
    "positive.csv": (
        "text,label\n" + ROWS,
        {"positive": "yes"},
        "positive must be one of 0, 1, got 'yes'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_one_line(name, tmp_path):
    content, settings, expected = BAD[name]
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.write_text(content)
    given = "" if content == "" else str(path)
    with pytest.raises(UserError, match=expected) as raised:
        make_labelled_text("train", 4, 10, path=given, **settings)
    assert "\n" not in str(raised.value)
