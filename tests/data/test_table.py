"""Columns of numbers from CSV text, and every cell that is none."""

import gzip

import numpy as np
import pytest

from lib.data.table import read_table, read_table_file
from lib.error import UserError

TEXT = "date,load,heat\n2016-07-01,5.5,30\n2016-07-02,-6e-1,27.75\n"


def test_all_numeric_columns_are_read_by_default():
    table = read_table("mine", TEXT)
    assert table.columns == ("load", "heat")
    np.testing.assert_array_equal(table.values, [[5.5, 30], [-0.6, 27.75]])


def test_named_columns_come_in_the_order_of_their_names():
    table = read_table("mine", TEXT, ("heat", "load"))
    assert table.columns == ("heat", "load")
    np.testing.assert_array_equal(table.values, [[30, 5.5], [27.75, -0.6]])


def test_quotes_and_spaces_and_line_ends_do_not_matter():
    text = '"date", "load","heat"\r\n"2016-07-01", 5.5,"30"\r\n"a, b",-.6,27.75'
    table = read_table("mine", text)
    assert table.columns == ("load", "heat")
    np.testing.assert_array_equal(table.values, read_table("mine", TEXT).values)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_a_file_is_read_as_its_text(tmp_path, pack, encoding):
    text = TEXT.replace("load", "caf\N{LATIN SMALL LETTER E WITH ACUTE}")
    path = tmp_path / "given.csv"
    path.write_bytes(pack(text.encode(encoding)))
    given = "utf-8" if encoding == "utf-8-sig" else encoding
    table = read_table_file(path, encoding=given)
    assert table.columns == read_table("mine", text).columns
    np.testing.assert_array_equal(table.values, read_table("mine", text).values)


REFUSED = {
    "a missing column": (TEXT, ("loads",), "no column 'loads'; did you mean 'load'"),
    "known columns": (TEXT, ("x",), r"no column 'x' \(known: date, heat, load\)"),
    "a date": (TEXT, ("date",), "row 2, column 'date': '2016-07-01' is not a number"),
    "a word": ("a,b\n1,2\n3,?\n", (), r"row 3, column 'b': '\?' is not a number"),
    "nan": ("a,b\n1,2\n3,nan\n", (), "row 3, column 'b': 'nan' is not a number"),
    "infinity": ("a\n1\n-inf\n", (), "row 3, column 'a': '-inf' is not a number"),
    "Python's digits": ("a\n1\n1_0\n", (), "row 3, column 'a': '1_0' is not a number"),
    "is empty": ("a,b\n1,2\n3,\n", (), "row 3, column 'b': is empty"),
    "an empty first cell": ("a,b\n1,\n3,4\n", (), "row 2, column 'b': is empty"),
    "a short row": ("a,b\n1,2\n3\n", (), "row 3 has 1 cells, but there are 2 columns"),
    "a long row": ("a,b\n1,2,3\n", (), "row 2 has 3 cells, but there are 2 columns"),
    "an empty row": ("a,b\n1,2\n\n3,4\n", (), "row 3 has 0 cells"),
    "nothing": ("", (), "empty"),
    "line ends": ("\n\n", (), "empty"),
    "no rows": ("a,b\n", (), "no rows"),
    "no header": ("1,2\n3,4\n", (), "row 1 is numbers"),
    "no numbers": ("a,b\nx,y\n", (), "no numbers in any of a, b"),
    "one name twice": ("a,a\n1,2\n", (), "more than one column is named 'a'"),
    "an open quote": ('a,b\n1,"2\n', (), "line 2: unexpected end of data"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_text_that_is_no_table_is_refused(case):
    text, columns, message = REFUSED[case]
    with pytest.raises(UserError, match=f"^mine: .*{message}") as caught:
        read_table("mine", text, columns)
    assert len(str(caught.value).splitlines()) == 1


def test_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "given.csv"
    path.write_bytes("a,b\n1,2\n3,\N{DEGREE SIGN}\n".encode("latin-1"))
    message = rf"{path}: not utf-8 at byte 10 \(line 3\); .*encoding=latin-1"
    with pytest.raises(UserError, match=message):
        read_table_file(path)


@pytest.mark.parametrize("encoding", ["utf-9", "base64", "rot13"])
def test_an_unknown_encoding_is_refused(tmp_path, encoding):
    (tmp_path / "given.csv").write_text(TEXT)
    with pytest.raises(UserError, match=f"unknown encoding '{encoding}'"):
        read_table_file(tmp_path / "given.csv", encoding=encoding)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_table_file(tmp_path / "nothing.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_table_file(tmp_path)
