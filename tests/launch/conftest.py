"""Programs that run as processes, ended with the test that started them."""

import os

import pytest

from tests.launch import command


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A compilation cache of these tests' own; the first of them fills it."""
    return {**os.environ, "HORIZON_CACHE": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture
def start(environment):
    """Starts programs, and ends what is left of them."""
    started = []

    def start(program, root, *arguments):
        process = command.start(environment, program, f"--store={root}", *arguments)
        started.append(process)
        return process

    yield start
    for process in started:
        command.kill_all(process)
        process.communicate()
