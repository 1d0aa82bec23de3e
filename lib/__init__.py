"""Horizon as a library: make a task, make a model, run a config, load a finished run,
read a sequence of any length, and the same with a model or task of a file of your own.

    from lib import load_run, make_model, make_task, run_config, stream
    from lib import add_model, add_task

Names load at first use, so that reading a store's files imports no JAX.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lib.library import Run, load_run, make_model, make_task, run_config, stream
    from lib.own import add_model, add_task

_OWN = ["add_model", "add_task"]

__all__ = ["Run", "add_model", "add_task", "load_run", "make_model", "make_task"]
__all__ += ["run_config", "stream"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'lib' has no attribute {name!r}")
    if name in _OWN:
        from lib import own

        return getattr(own, name)
    from lib import library

    return getattr(library, name)
