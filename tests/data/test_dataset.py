"""Data sets: where they are read from, how they are prepared, and what is refused."""

import concurrent.futures
import gzip
import hashlib
import lzma
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from experiments import prepare
from lib.data import dataset
from lib.data.published import DATASETS
from lib.error import UserError
from tests.data.place import PUBLISHED, SHAKESPEARE, needs_published

NAME = "tiny_shakespeare"
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
MESSAGE = b"To be, or not to be"


def contents(folder):
    return {p: p.is_file() and p.read_bytes() for p in sorted(folder.rglob("*"))}


def sha256():
    [record] = dataset.load(NAME)["text"]
    return hashlib.sha256(record["text"].encode()).hexdigest()


@pytest.fixture
def sent_from(monkeypatch):
    """Replaces the addresses that the set is downloaded from."""

    def sent_from(*addresses):
        source = DATASETS[NAME]._replace(downloads=(addresses,))
        monkeypatch.setitem(DATASETS, NAME, source)

    return sent_from


@needs_published
def test_a_published_set_is_prepared_in_passing(prepared, monkeypatch):
    monkeypatch.setenv("HORIZON_DATA", str(PUBLISHED))
    assert sha256() == SHA256
    monkeypatch.delenv("HORIZON_DATA")
    assert sha256() == SHA256
    assert [p.name for p in prepared.iterdir()] == [NAME]


@needs_published
@pytest.mark.parametrize("manual_dir", [PUBLISHED, SHAKESPEARE.parent, SHAKESPEARE])
def test_a_set_is_prepared_from_a_folder_or_a_file(
    prepared, run_prepare, manual_dir, capsys
):
    assert run_prepare(NAME, manual_dir=manual_dir) == 0
    assert "1,115,394 characters" in capsys.readouterr().out
    assert sha256() == SHA256
    assert [p.name for p in prepared.iterdir()] == [NAME]


def as_tar(mode):
    def pack(path):
        with tarfile.open(path, mode) as tar:
            tar.add(SHAKESPEARE, "char-rnn/data/tinyshakespeare/input.txt")
            tar.add(__file__, "char-rnn/other.txt")

    return pack


def as_zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(SHAKESPEARE, "input.txt")


def as_folder(path):
    path.mkdir()
    shutil.copy(SHAKESPEARE, path)


PACKINGS = {
    "tinyshakespeare.tar.xz": as_tar("w:xz"),
    "tinyshakespeare.tar.gz": as_tar("w:gz"),
    "tinyshakespeare.tar": as_tar("w"),
    "tinyshakespeare.zip": as_zip,
    "input.txt.gz": lambda p: p.write_bytes(gzip.compress(SHAKESPEARE.read_bytes(), 1)),
    "input.txt.xz": lambda p: p.write_bytes(lzma.compress(SHAKESPEARE.read_bytes())),
    "folder-of-another-name": as_folder,
}


@needs_published
@pytest.mark.parametrize("packing", PACKINGS)
def test_a_repacked_set_is_the_same(prepared, tmp_path, packing):
    given = tmp_path / "downloads"
    given.mkdir()
    PACKINGS[packing](given / packing)
    dataset.prepare(NAME, given)
    assert sha256() == SHA256


@needs_published
def test_preparing_writes_nothing_to_the_published_folder(prepared, published_copy):
    folder = published_copy("tinyshakespeare")
    before = contents(folder.parent)
    dataset.prepare(NAME, folder.parent)
    dataset.load(NAME)
    assert contents(folder.parent) == before


@needs_published
def test_preparing_downloads_where_no_folder_is_given(prepared, run_prepare, sent_from):
    sent_from(SHAKESPEARE.as_uri())
    assert run_prepare(NAME) == 0
    assert sha256() == SHA256


@needs_published
def test_a_second_address_serves_where_the_first_does_not(
    prepared, tmp_path, sent_from
):
    sent_from((tmp_path / "nothing").as_uri(), SHAKESPEARE.as_uri())
    dataset.prepare(NAME, None)
    assert sha256() == SHA256


@needs_published
@pytest.mark.parametrize("content", [b"<html>moved</html>", b"\x1f\x8bhalf"])
def test_a_second_address_serves_where_the_first_gives_another_thing(
    prepared, tmp_path, sent_from, content
):
    (tmp_path / "page").write_bytes(content)
    sent_from((tmp_path / "page").as_uri(), SHAKESPEARE.as_uri())
    dataset.prepare(NAME, None)
    assert sha256() == SHA256


def test_a_download_that_fails_says_what_to_do(
    prepared, run_prepare, tmp_path, sent_from, capsys
):
    sent_from((tmp_path / "nothing").as_uri())
    assert run_prepare(NAME) == 2
    message = capsys.readouterr().err
    assert f"cannot download {(tmp_path / 'nothing').as_uri()}" in message
    assert "give --manual_dir" in message
    assert list(prepared.iterdir()) == []


def test_files_of_other_content_are_refused(prepared, run_prepare, tmp_path, capsys):
    (tmp_path / "input.txt").write_bytes(MESSAGE)
    assert run_prepare(NAME, manual_dir=tmp_path) == 2
    found = hashlib.sha256(MESSAGE).hexdigest()
    assert f"input.txt is {found}, expected {SHA256}" in capsys.readouterr().err
    assert list(prepared.iterdir()) == []


def test_published_files_of_other_content_are_refused(prepared, tmp_path, monkeypatch):
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_bytes(MESSAGE)
    monkeypatch.setenv("HORIZON_DATA", str(tmp_path))
    with pytest.raises(UserError, match=f"expected {SHA256}"):
        dataset.load(NAME)


def test_a_folder_without_the_files_is_refused(prepared, run_prepare, tmp_path, capsys):
    assert run_prepare(NAME, manual_dir=tmp_path) == 2
    assert f"no input.txt, tinyshakespeare (packed or not) in {tmp_path}" in (
        capsys.readouterr().err
    )
    assert not prepared.exists()


def test_a_folder_that_is_not_there_is_refused(prepared, run_prepare, tmp_path, capsys):
    assert run_prepare(NAME, manual_dir=tmp_path / "nowhere") == 2
    assert f"there is no {tmp_path / 'nowhere'}" in capsys.readouterr().err


@needs_published
def test_an_archive_that_is_cut_short_is_refused(prepared, tmp_path):
    archive = tmp_path / "tinyshakespeare.tar.xz"
    as_tar("w:xz")(archive)
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(UserError, match=f"{archive}: corrupted or cut short"):
        dataset.prepare(NAME, tmp_path)
    assert list(prepared.iterdir()) == []


@needs_published
def test_two_files_that_disagree_are_refused(prepared, tmp_path):
    shutil.copy(SHAKESPEARE, tmp_path)
    (tmp_path / "input.txt.gz").write_bytes(gzip.compress(MESSAGE))
    with pytest.raises(UserError, match="two files are input.txt"):
        dataset.prepare(NAME, tmp_path)


@pytest.mark.parametrize("function", [dataset.load, dataset.fingerprint])
def test_an_unknown_name_lists_the_known_ones(function):
    with pytest.raises(UserError, match=f"did you mean '{NAME}'.*newsgroups"):
        function("tinyshakespeare")


def test_the_program_refuses_an_unknown_name(prepared, run_prepare, capsys):
    assert run_prepare("newsgroup") == 2
    assert "did you mean 'newsgroups'" in capsys.readouterr().err


def test_a_missing_set_names_the_command_that_prepares_it(prepared):
    command = f"python -m experiments.prepare {NAME}"
    with pytest.raises(UserError, match=rf"HORIZON_DATA \(not set\).*{command}"):
        dataset.load(NAME)


@needs_published
@pytest.mark.parametrize("damage", ["flipped", "torn", "gone"])
def test_a_damaged_set_is_refused_until_it_is_prepared_again(prepared, damage):
    dataset.prepare(NAME, PUBLISHED)
    [record] = prepared.rglob("*.array_record*")
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 1
    record.unlink()
    if damage != "gone":
        record.write_bytes(content if damage == "flipped" else content[:1000])
    with pytest.raises(UserError, match=rf"{NAME}: cannot read .* again"):
        dataset.load(NAME)
    dataset.prepare(NAME, PUBLISHED)
    assert sha256() == SHA256


@needs_published
def test_records_that_are_not_those_written_are_refused(prepared):
    dataset.prepare(NAME, PUBLISHED)
    [metadata] = prepared.rglob("metadata.json")
    written = re.search('"records": "(.*)"', metadata.read_text())[1]
    metadata.write_text(metadata.read_text().replace(written, "0" * 64))
    with pytest.raises(UserError, match=f"its records is {written}, expected 0000"):
        dataset.load(NAME)


@needs_published
def test_a_whole_set_of_other_files_is_refused(prepared, monkeypatch):
    dataset.prepare(NAME, PUBLISHED)
    other = DATASETS[NAME]._replace(digest="0" * 64)
    monkeypatch.setitem(DATASETS, NAME, other)
    with pytest.raises(UserError, match=f"was made of is {SHA256}, expected 0000"):
        dataset.load(NAME)


def _prepare_once(number):
    return dataset.prepare("airline", PUBLISHED)


@needs_published
def test_preparations_at_once_do_not_disturb_each_other(prepared):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        said = set(pool.map(_prepare_once, range(8)))
    assert len(said) == 1
    assert [p.name for p in prepared.iterdir()] == ["airline"]
    assert dataset.load("airline")["all"][0]["text"].startswith('"Month"')


def test_the_list_says_which_sets_are_prepared(prepared, run_prepare, capsys):
    (prepared / "ptb" / DATASETS["ptb"].version).mkdir(parents=True)
    assert run_prepare() == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "PREPARED", "UNPACKED", "WHAT", "LICENCE"]
    assert {row.split()[0]: row.split()[1] for row in rows} == {
        name: "yes" if name == "ptb" else "no" for name in DATASETS
    }


def test_the_program_imports_no_jax_before_it_has_work():
    code = (
        "import sys, experiments.prepare, lib.data.dataset; "
        "sys.exit(bool({'jax', 'tensorflow_datasets', 'scipy'} & set(sys.modules)))"
    )
    root = Path(prepare.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
