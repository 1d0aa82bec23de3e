"""Horizon as a library: make a task, make a model, run a config, load a finished run,
read a sequence of any length.

    from lib import load_run, make_model, make_task, run_config, stream

Names load at first use, so that reading a store's files imports no JAX.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lib.library import Run, load_run, make_model, make_task, run_config, stream

__all__ = ["Run", "load_run", "make_model", "make_task", "run_config", "stream"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'lib' has no attribute {name!r}")
    from lib import library

    return getattr(library, name)
