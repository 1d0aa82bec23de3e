"""What groups say of their time: added up over attempts, whatever the file holds."""

import pytest

from lib import store

GROUP = "a" * 16


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "groups" / GROUP
    path.mkdir(parents=True)
    return path


def test_the_attempts_of_a_group_add_up(tmp_path, folder):
    store.append_seconds(tmp_path, GROUP, 1, {"train": 2.0, "import": 1.5})
    store.append_seconds(tmp_path, GROUP, 2, {"train": 0.5, "write": 0.25})
    found = store.read_seconds(tmp_path, GROUP)
    assert {k: v for k, v in found.items() if v} == {
        "import": 1.5,
        "train": 2.5,
        "write": 0.25,
    }


def test_a_group_without_the_file_says_nothing(tmp_path):
    assert store.read_seconds(tmp_path, GROUP) == {}


def test_damaged_and_absurd_lines_are_left_out(tmp_path, folder):
    store.append_seconds(tmp_path, GROUP, 1, {"train": 2.0})
    with open(folder / "seconds.jsonl", "ab") as file:
        file.write(b'{"train": -5}\n{"train": true, "write": 1}\n[3]\nnull\n')
        file.write(
            b'{"train": "1"}\n{"train": 1e300}\n{"train": NaN}\n{"train": 1, "tr'
        )
    found = store.read_seconds(tmp_path, GROUP)
    assert (found["train"], found["write"]) == (2.0, 1.0)


def test_an_unknown_kind_is_refused(tmp_path, folder):
    with pytest.raises(ValueError, match="kinds are .* got \\['lunch'\\]"):
        store.append_seconds(tmp_path, GROUP, 1, {"lunch": 1.0})
