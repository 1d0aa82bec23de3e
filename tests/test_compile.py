"""How many compiled programs a process holds on to."""

import gc
import weakref

import pytest

from lib import compile as compiling
from lib.config import make_config
from lib.program import make_program
from tests.small import small


@pytest.fixture
def program(monkeypatch):
    monkeypatch.setattr(compiling, "_COMPILED", {})
    monkeypatch.setattr(compiling, "KEPT", 3)
    return make_program(make_config(small()))


def test_the_programs_used_last_are_kept(program):
    get = lambda i: compiling.compiled_program(program._replace(key=str(i)), "map")
    first = get(0)
    for i in (1, 2, 0, 3, 4):  # 0 again, so 1 and 2 are those used longest ago
        get(i)
    assert [key for key, _ in compiling._COMPILED] == ["0", "3", "4"]
    assert get(0) is first


def test_a_program_that_is_not_kept_is_freed(program):
    get = lambda i: compiling.compiled_program(program._replace(key=str(i)), "map")
    gone = weakref.ref(get(0).trainer.train)
    assert gone() is not None
    for i in range(1, 4):
        get(i)
    gc.collect()
    assert gone() is None
