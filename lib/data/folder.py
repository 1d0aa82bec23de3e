"""Where data sets lie on this machine."""

import os
from pathlib import Path


def published_folder() -> Path | None:
    """$HORIZON_DATA: files as their authors publish them. Only ever read."""
    given = os.environ.get("HORIZON_DATA")
    return Path(given).expanduser() if given else None


def cache_folder() -> Path:
    """$HORIZON_CACHE, else $XDG_CACHE_HOME/horizon, else ~/.cache/horizon.

    Prepared data sets and compiled programs: all of it can be made again.
    """
    if given := os.environ.get("HORIZON_CACHE"):
        return Path(given).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "horizon"
