"""Tiny Shakespeare: where it is read from, and what is refused."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import prepare
from lib.data import tiny_shakespeare
from lib.data.character import decode
from lib.data.tiny_shakespeare import NAME, SHA256, make_tiny_shakespeare
from lib.error import UserError

PUBLISHED = Path(os.environ.get("HORIZON_DATA", "/nowhere"))
FILE = PUBLISHED / "tinyshakespeare" / "input.txt"
needs_file = pytest.mark.skipif(
    not FILE.is_file(), reason="no tinyshakespeare/input.txt in $HORIZON_DATA"
)


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """An empty prepared folder of this test's own, and no published one."""
    monkeypatch.delenv("HORIZON_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HORIZON_DATA", raising=False)
    return tmp_path / "cache" / "horizon"


def run_prepare(*names, manual_dir=None):
    """The exit code; an error goes to stderr, as the program's edge prints it."""
    if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()
    with flagsaver.flagsaver(manual_dir=manual_dir and str(manual_dir)):
        try:
            prepare.main(["prepare", *names])
        except UserError as error:
            print(error, file=sys.stderr)
            return error.exit_code
    return 0


def sha256_of(task):
    text = decode(np.asarray(task.data["tokens"]), task.symbols)
    return hashlib.sha256(text.encode()).hexdigest()


def contents(folder):
    return {p: p.is_file() and p.read_bytes() for p in sorted(folder.rglob("*"))}


@needs_file
def test_the_published_file_is_read_through_the_builder(prepared, monkeypatch):
    monkeypatch.setenv("HORIZON_DATA", str(PUBLISHED))
    task = make_tiny_shakespeare("train", 2, 16)
    assert task.fingerprint == sha256_of(task) == SHA256
    assert not prepared.exists()


@needs_file
@pytest.mark.parametrize("manual_dir", [PUBLISHED, FILE.parent])
def test_a_prepared_set_is_the_published_text(prepared, manual_dir, capsys):
    assert run_prepare(NAME, manual_dir=manual_dir) == 0
    assert "1,115,394 characters" in capsys.readouterr().out
    assert sha256_of(make_tiny_shakespeare("train", 2, 16)) == SHA256


@needs_file
def test_preparing_writes_nothing_to_the_published_folder(
    prepared, tmp_path, monkeypatch
):
    shutil.copytree(FILE.parent, tmp_path / "given" / "tinyshakespeare")
    monkeypatch.setenv("HORIZON_DATA", str(tmp_path / "given"))
    before = contents(tmp_path / "given")
    assert run_prepare(NAME, manual_dir=tmp_path / "given") == 0
    make_tiny_shakespeare("train", 2, 16)
    assert contents(tmp_path / "given") == before


@needs_file
def test_preparing_leaves_the_set_and_nothing_else(prepared):
    assert run_prepare(NAME, manual_dir=PUBLISHED) == 0
    assert [p.name for p in prepared.iterdir()] == [NAME]


@needs_file
def test_preparing_downloads_where_no_folder_is_given(prepared, monkeypatch):
    monkeypatch.setattr(tiny_shakespeare, "URL", FILE.as_uri())
    assert run_prepare(NAME) == 0
    assert sha256_of(make_tiny_shakespeare("train", 2, 16)) == SHA256


def test_a_download_that_fails_says_what_to_do(prepared, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tiny_shakespeare, "URL", (tmp_path / "nothing").as_uri())
    assert run_prepare(NAME) == 2
    assert "give --manual_dir" in capsys.readouterr().err
    assert list(prepared.iterdir()) == []


def test_a_file_with_another_checksum_is_refused(prepared, tmp_path, capsys):
    (tmp_path / "input.txt").write_text("To be, or not to be")
    assert run_prepare(NAME, manual_dir=tmp_path) == 2
    assert f"expected {SHA256}" in capsys.readouterr().err
    assert list(prepared.iterdir()) == []


def test_a_published_file_with_another_checksum_is_refused(
    prepared, tmp_path, monkeypatch
):
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_text("To be, or not to be")
    monkeypatch.setenv("HORIZON_DATA", str(tmp_path))
    with pytest.raises(UserError, match=f"expected {SHA256}"):
        make_tiny_shakespeare("train", 2, 16)


def test_a_folder_without_the_file_is_refused(prepared, tmp_path, capsys):
    assert run_prepare(NAME, manual_dir=tmp_path) == 2
    assert f"no input.txt and no tinyshakespeare/input.txt in {tmp_path}" in (
        capsys.readouterr().err
    )
    assert not prepared.exists()


@pytest.mark.parametrize("names", [(), ("shakespeare",), (NAME, NAME)])
def test_an_unknown_name_lists_the_known_ones(names, capsys):
    assert run_prepare(*names) == 2
    assert f"of: {NAME}" in capsys.readouterr().err


def test_a_missing_set_names_the_command_that_prepares_it(prepared):
    with pytest.raises(UserError, match=f"python -m experiments.prepare {NAME}"):
        make_tiny_shakespeare("train", 2, 16)


@needs_file
@pytest.mark.parametrize("damage", ["flipped", "torn", "gone"])
def test_a_damaged_set_is_refused(prepared, damage):
    assert run_prepare(NAME, manual_dir=PUBLISHED) == 0
    [record] = prepared.rglob("*.array_record*")
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 1
    record.unlink()
    if damage != "gone":
        record.write_bytes(content if damage == "flipped" else content[:1000])
    with pytest.raises(UserError, match=rf"{NAME}: (cannot read|SHA-256)"):
        make_tiny_shakespeare("train", 2, 16)


@needs_file
def test_a_whole_set_of_another_text_is_refused(prepared, monkeypatch):
    assert run_prepare(NAME, manual_dir=PUBLISHED) == 0
    monkeypatch.setattr(tiny_shakespeare, "SHA256", "0" * 64)
    with pytest.raises(UserError, match=f"SHA-256 of the text in .* is {SHA256}"):
        make_tiny_shakespeare("train", 2, 16)


def test_the_program_imports_no_jax_before_it_has_work():
    code = (
        "import sys, experiments.prepare; "
        "sys.exit(bool({'jax', 'tensorflow_datasets'} & set(sys.modules)))"
    )
    root = Path(prepare.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
