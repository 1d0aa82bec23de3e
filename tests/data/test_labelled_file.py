"""A user's labelled text: three layouts, one result, and every line that is wrong."""

import gzip
import json

import pytest

from lib.data.labelled_file import read_labelled
from lib.error import UserError

RECORDS = [
    {"text": 'Good, "very"\nso', "label": "good"},
    {"text": "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve", "label": "bad"},
    {"text": "Good again", "label": "good"},
]


def as_csv(delimiter=",", text="text", label="label"):
    rows = [f"{label}{delimiter}other{delimiter} {text}"]
    for record in RECORDS:
        quoted = record["text"].replace('"', '""')
        rows.append(f'{record["label"]}{delimiter}0{delimiter}"{quoted}"')
    return "\n".join(rows) + "\n"


def as_json_lines(text="text", label="label"):
    lines = [json.dumps({text: r["text"], label: r["label"], "o": 1}) for r in RECORDS]
    return "\n".join(lines) + "\n\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.csv", as_csv()),
        ("mine.CSV", as_csv().replace("\n", "\r\n").replace('very""\r\n', 'very""\n')),
        ("mine.tsv", as_csv("\t")),
        ("mine.jsonl", as_json_lines()),
        ("mine.v2.ndjson", as_json_lines()),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_holds_its_records_in_its_order(tmp_path, name, content, packed):
    path = tmp_path / (name + ".gz" if packed else name)
    raw = content.encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert read_labelled(path) == RECORDS


def test_a_folder_holds_a_folder_a_class(tmp_path):
    for name in (
        "good/2.txt",
        "good/deep/1.txt",
        "bad/3",
        ".git/config",
        "bad/.hidden",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"text of {name}")
    assert read_labelled(tmp_path) == [
        {"text": "text of bad/3", "label": "bad"},
        {"text": "text of good/2.txt", "label": "good"},
        {"text": "text of good/deep/1.txt", "label": "good"},
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", as_csv(text="body", label="kind")),
     ("a.jsonl", as_json_lines("body", "kind"))],
)  # fmt: skip
def test_columns_may_have_other_names(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    found = read_labelled(tmp_path / name, text_column="body", label_column="kind")
    assert found == RECORDS


def test_another_encoding_is_read_where_it_is_named(tmp_path):
    (tmp_path / "a.csv").write_bytes(as_csv().encode("latin-1"))
    assert read_labelled(tmp_path / "a.csv", encoding="latin-1") == RECORDS


def test_integer_labels_are_names(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"text": "x", "label": 0}\n{"text": "y", "label": 1}'
    )
    labels = [record["label"] for record in read_labelled(tmp_path / "a.jsonl")]
    assert labels == ["0", "1"]


REFUSED = {
    "a missing column": ("a.csv", "texts,label\nx,y\n", "a.csv:1: no column 'text'"),
    "an empty file": ("a.csv", "", "a.csv:1: no column 'text'"),
    "a short row": ("a.csv", 'text,label\n"x\nx",y\nx\n', "a.csv:4: 1 cells"),
    "an empty text": ("a.csv", "text,label\nx,a\n ,b\n", "a.csv:3: the text is empty"),
    "an empty label": ("a.csv", "text,label\nx,\n", "a.csv:2: the label is empty"),
    "an open quote": ("a.csv", 'text,label\n"x,y\n', "a.csv:2: unexpected end of data"),
    "no JSON": ("a.jsonl", '{"text": "x", "label": "a"}\n{', "a.jsonl:2: not JSON"),
    "no entries": ("a.jsonl", "[1]", "a.jsonl:1: a line is"),
    "a missing entry": ("a.jsonl", '{"text": "x"}', "a.jsonl:1: no entry 'label'"),
    "no string": ("a.jsonl", '{"text": 1, "label": "a"}', "a.jsonl:1: the text is"),
    "no label": ("a.jsonl", '{"text": "x", "label": true}', "a.jsonl:1: the label is"),
    "another kind": ("a.txt", "x", "a.txt: unknown kind; .*.csv, .tsv, .jsonl"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_line_is_refused_with_its_place(tmp_path, case):
    name, content, message = REFUSED[case]
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=f"^{tmp_path}/{message}") as caught:
        read_labelled(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1


def test_another_encoding_is_refused_with_its_file(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.txt").write_bytes(b"caf\xe9")
    message = rf"^{tmp_path}/a/1.txt: not utf-8 at byte 3 \(line 1\)"
    with pytest.raises(UserError, match=message):
        read_labelled(tmp_path)


def test_a_file_beside_the_classes_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match="a.txt: lies in no class's folder"):
        read_labelled(tmp_path)


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="there is no such file or folder"):
        read_labelled(tmp_path / "nothing.csv")


def test_a_long_text_is_whole(tmp_path):
    text = "word " * 100_000
    (tmp_path / "a.csv").write_text(f"text,label\n{text},a\nx,b\n")
    assert read_labelled(tmp_path / "a.csv")[0]["text"] == text
