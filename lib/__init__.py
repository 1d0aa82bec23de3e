"""Horizon as a library: make a task, make a model, run a config, load a finished run.

    from lib import load_run, make_model, make_task, run_config

Names load at first use, so that reading a store's files imports no JAX.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lib.library import Run, load_run, make_model, make_task, run_config

__all__ = ["Run", "load_run", "make_model", "make_task", "run_config"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'lib' has no attribute {name!r}")
    from lib import library

    return getattr(library, name)
