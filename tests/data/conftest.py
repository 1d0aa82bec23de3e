"""Prepared data sets of these tests' own: fresh every session, each read once."""

import shutil
import sys

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import prepare
from lib.data import dataset
from lib.error import UserError
from tests.data.place import PUBLISHED


@pytest.fixture(scope="session")
def load(tmp_path_factory):
    """`dataset.load` from $HORIZON_DATA through a prepared folder of this session."""
    cache = tmp_path_factory.mktemp("cache")

    def load(name):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HORIZON_CACHE", str(cache))
            patch.setenv("HORIZON_DATA", str(PUBLISHED))
            if not (PUBLISHED / dataset.DATASETS[name].folder).is_dir():
                pytest.skip(f"{name} is not in $HORIZON_DATA")
            return dataset.load(name)

    return load


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """An empty prepared folder of this test's own, and no published one."""
    monkeypatch.delenv("HORIZON_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HORIZON_DATA", raising=False)
    return tmp_path / "cache" / "horizon"


@pytest.fixture
def run_prepare():
    """Runs the program: its exit code; an error goes to stderr, as at its edge."""

    def run_prepare(*names, manual_dir=None):
        if not flags.FLAGS.is_parsed():
            flags.FLAGS.mark_as_parsed()
        with flagsaver.flagsaver(manual_dir=manual_dir and str(manual_dir)):
            try:
                prepare.main(["prepare", *names])
            except UserError as error:
                print(error, file=sys.stderr)
                return error.exit_code
        return 0

    return run_prepare


@pytest.fixture
def published_copy(tmp_path, monkeypatch):
    """$HORIZON_DATA as a writable copy of one set's folder."""

    def published_copy(name):
        folder = tmp_path / "given" / name
        shutil.copytree(PUBLISHED / name, folder)
        monkeypatch.setenv("HORIZON_DATA", str(folder.parent))
        return folder

    return published_copy
