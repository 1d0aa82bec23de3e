"""JSON from a stranger is refused where a lenient reader would guess."""

import math

import numpy as np
import pytest

from lib import store
from lib.store import document, files


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "Expecting value"),
        (b'{"format": 1', "delimiter"),
        (b'{"a": 1, "a": 2}', "key 'a' is given twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', "1e999 is not a finite number"),
        (b'{"a": -1.5E+0400}', "is not a finite number"),
        (b"[" + b"9" * 400 + b".0]", "is not a finite number"),
        (b"[" * 51 + b"]" * 51, "deeper than 50"),
        (b'{"a":' * 100_000, "deeper than 50"),
        (b'"\xff"', "utf-8"),
        (b"9" * 5000, "digits"),
    ],
)
def test_bad_json_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        document.loads(text)


def test_brackets_inside_text_are_not_depth():
    text = document.dumps({"text": "[{" * 1000 + '\\"'})
    assert document.loads(text) == {"text": "[{" * 1000 + '\\"'}


def test_numbers_of_numpy_are_written_as_plain_ones():
    value = {"a": np.float32(0.5), 64: np.int64(3), "c": (np.nan, -np.inf)}
    assert document.dumps(value) == b'{"a": 0.5, "64": 3, "c": ["nan", "-inf"]}'
    again = document.finite_or_named(document.loads(document.dumps(value)))
    assert math.isnan(again["c"][0]) and again["c"][1] == -math.inf


def test_a_newer_format_is_refused_and_nothing_changes(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"format": 2}')
    with pytest.raises(
        store.NewerFormatError, match="written by a newer version"
    ) as caught:
        document.read(path)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": "1"}', b"\0\0"])
def test_what_is_not_a_document_is_corrupt_and_named(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(store.CorruptError, match="config.json"):
        document.read(path)


def test_links_pipes_folders_and_huge_files_are_not_read(tmp_path):
    (tmp_path / "real").write_text('{"format": 1}')
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "folder").mkdir()
    files.os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(5 * 2**30)
    for name in ("link", "folder", "pipe", "huge"):
        with pytest.raises(store.CorruptError, match=name):
            document.read(tmp_path / name)


def test_the_digest_does_not_depend_on_the_order_of_keys():
    # printf '{"a":1,"b":[0.1,"\\u00e9"]}' | sha256sum
    assert document.digest({"b": (0.1, "é"), "a": 1}) == "40201dcd3285df37"
