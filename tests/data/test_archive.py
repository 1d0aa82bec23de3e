"""Archives: one content however it is packed; corrupt and hostile ones are refused."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import zipfile

import pytest

from lib.data import archive
from lib.data.archive import content_digest, read_members
from lib.error import UserError

FILES = {"set/b.txt": b"second", "set/a.txt": b"first", "set/deep/c.txt": b"\0" * 5000}


def make_tar(path, mode, files=FILES, **fields):
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for field, value in fields.items():
                setattr(entry, field, value)
            tar.addfile(entry, io.BytesIO(content))


def make_zip(path, files=FILES):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)


def make_folder(path, files=FILES):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)


MAKERS = {
    "folder": make_folder,
    "a.zip": make_zip,
    "a.tar": lambda path: make_tar(path, "w"),
    "a.tar.gz": lambda path: make_tar(path, "w:gz"),
    "a.tar.xz": lambda path: make_tar(path, "w:xz"),
    "a.tar.bz2": lambda path: make_tar(path, "w:bz2"),
    "named-wrongly.zip": lambda path: make_tar(path, "w:xz"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_members_are_the_same_however_they_are_packed(tmp_path, name):
    MAKERS[name](tmp_path / name)
    assert dict(read_members(tmp_path / name)) == FILES


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)],
)
def test_a_compressed_file_is_one_member_without_the_suffix(tmp_path, suffix, compress):
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(compress(b"x"))
    assert dict(read_members(path)) == {"a.csv": b"x"}


def test_a_plain_file_is_one_member(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x")
    assert dict(read_members(tmp_path / "a.csv")) == {"a.csv": b"x"}


def test_a_text_that_begins_as_an_archive_does_is_a_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"BZh is no archive")
    assert dict(read_members(tmp_path / "a.txt")) == {"a.txt": b"BZh is no archive"}


@pytest.mark.parametrize("name", MAKERS)
def test_only_wanted_members_are_read(tmp_path, name):
    MAKERS[name](tmp_path / name)
    wanted = dict(read_members(tmp_path / name, lambda path: path.endswith("a.txt")))
    assert wanted == {"set/a.txt": b"first"}


def test_an_archive_is_never_read_backwards(tmp_path, monkeypatch):
    make_tar(tmp_path / "a.tar.xz", "w:xz")
    sought = []
    seek = lzma.LZMAFile.seek
    monkeypatch.setattr(
        lzma.LZMAFile, "seek", lambda *given: sought.append(given) or seek(*given)
    )
    assert dict(read_members(tmp_path / "a.tar.xz")) == FILES
    assert sought == []


def test_the_digest_of_one_file_is_its_own():
    assert content_digest({"any": b"x"}) == hashlib.sha256(b"x").hexdigest()


def test_the_digest_of_many_is_that_of_their_sha256sum_list():
    one, two = (hashlib.sha256(content).hexdigest() for content in (b"1", b"2"))
    lines = f"{one}  Z/é\n{two}  a\n".encode()
    files = {"a": b"2", "Z/é": b"1"}
    assert content_digest(files) == hashlib.sha256(lines).hexdigest()


@pytest.mark.parametrize("change", [{"a": b"3"}, {"c": b"3"}])
def test_the_digest_changes_with_any_file(change):
    files = {"a": b"1", "b": b"2"}
    assert content_digest(files | change) != content_digest(files)


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "folder"])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_an_archive_that_is_cut_short_is_refused(tmp_path, name, kept):
    path = tmp_path / name
    MAKERS[name](path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    if name == "a.tar" and kept == 0.9:
        return  # only the zeros behind the last member are cut off
    with pytest.raises(UserError, match=f"{path}: corrupted"):
        members = dict(read_members(path))
        assert members == FILES, "the cut archive was read as if it were whole"


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz", "a.tar.bz2"])
def test_an_archive_with_a_changed_byte_is_refused(tmp_path, name):
    path = tmp_path / name
    MAKERS[name](path)
    content = bytearray(path.read_bytes())
    place = 42 if name == "a.zip" else len(content) // 2
    content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path}: corrupted"):
        list(read_members(path))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match=f"{tmp_path / 'a'}: cannot be read: No such"):
        list(read_members(tmp_path / "a"))


HOSTILE = ["/etc/passwd", "../outside", "set/../../outside", "C:\\outside", "a\\..\\b"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_name_that_points_outside_is_refused(tmp_path, kind, name):
    path = tmp_path / f"a.{kind}"
    files = {name: b"x"}
    make_tar(path, "w", files) if kind == "tar" else make_zip(path, files)
    with pytest.raises(UserError, match=f"{path}: refused: holds a file named"):
        list(read_members(path))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_passed_over(tmp_path, kind):
    path = tmp_path / "a.tar"
    make_tar(path, "w", {"link": b""}, type=kind, linkname="/etc/passwd")
    assert list(read_members(path)) == []


def test_links_in_a_zip_are_passed_over(tmp_path):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(entry, "/etc/passwd")
    assert list(read_members(tmp_path / "a.zip")) == []


def test_links_in_a_folder_are_passed_over(tmp_path):
    make_folder(tmp_path / "outside")
    (tmp_path / "given").mkdir()
    os.symlink(tmp_path / "outside", tmp_path / "given" / "folder")
    os.symlink(tmp_path / "outside" / "set" / "a.txt", tmp_path / "given" / "a.txt")
    assert list(read_members(tmp_path / "given")) == []


@pytest.mark.parametrize("name", MAKERS)
def test_what_unpacks_to_more_than_the_limit_is_refused(tmp_path, name):
    MAKERS[name](tmp_path / name)
    with pytest.raises(UserError, match="unpacks to more than 4,000 bytes"):
        list(read_members(tmp_path / name, limit=4000))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(10**7)))
    with pytest.raises(UserError, match="unpacks to more than 1,000 bytes"):
        list(read_members(tmp_path / "a.gz", limit=1000))


@pytest.mark.parametrize("name", MAKERS)
def test_more_members_than_the_limit_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    MAKERS[name](tmp_path / name)
    with pytest.raises(UserError, match="refused"):
        list(read_members(tmp_path / name))
