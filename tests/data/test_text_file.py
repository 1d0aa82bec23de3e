"""A user's own text as a task, and what is said of a file that cannot be read."""

import hashlib

import numpy as np
import pytest

from lib.data.symbol import decode
from lib.data.text_file import make_text_file
from lib.error import UserError

TEXT = "The dog saw the cat.\nThe cat saw the dög.\n" * 20


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_is_read_as_characters(path):
    task = make_text_file("train", 2, 8, path=str(path))
    assert decode(np.asarray(task.data["tokens"]), task.symbols) == TEXT
    assert task.fingerprint == hashlib.sha256(TEXT.encode()).hexdigest()
    assert task.facts["unit"] == "character" and task.separator == ""


def test_a_file_is_read_as_words(path):
    task = make_text_file("train", 2, 8, path=str(path), unit="word")
    text = decode(np.asarray(task.data["tokens"]), task.symbols, task.separator)
    assert text.startswith("The dog saw the cat .\nThe cat saw the dög .\nThe")
    assert task.symbols[0] == "." and task.symbols[-1] == "<unk>"
    assert task.facts["tokens"]["train"] == 240 * 90 // 100 + 36


def test_rare_words_are_unknown_beyond_the_vocabulary_size(path):
    task = make_text_file("train", 2, 8, path=str(path), unit="word", vocabulary_size=4)
    assert len(task.symbols) == 4 and task.facts["unknown"]["train"] > 0


def test_a_file_written_anew_is_read_anew(path):
    before = make_text_file("train", 2, 8, path=str(path))
    path.write_text(TEXT.replace("cat", "cow"), encoding="utf-8")
    after = make_text_file("train", 2, 8, path=str(path))
    assert before.fingerprint != after.fingerprint


def test_an_encoding_can_be_named(path):
    path.write_bytes(TEXT.encode("latin-1"))
    task = make_text_file("train", 2, 8, path=str(path), encoding="latin-1")
    assert "ö" in task.symbols


MISTAKES = {
    "latin-1 bytes": (
        TEXT.encode("latin-1"),
        {},
        "not utf-8 at byte 38 .*encoding=latin-1",
    ),
    "an unknown encoding": (
        b"abc",
        {"encoding": "utf-99"},
        "unknown encoding 'utf-99'",
    ),
    "an empty file": (b" \n", {}, "is empty"),
    "a short file": (b"abc" * 9, {}, "length must be at least 1 and at most"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_clear_line(path, case):
    content, settings, said = MISTAKES[case]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        make_text_file("train", 2, 8, path=str(path), **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["absent.txt", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, place):
    with pytest.raises(UserError, match="cannot be read: No such file|is a folder"):
        make_text_file("train", 2, 8, path=str(tmp_path / place))
