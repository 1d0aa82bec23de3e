"""Where data sets lie on this machine."""

import os
from pathlib import Path


def published_folder() -> Path | None:
    """$HORIZON_DATA: files as their authors publish them. Only ever read."""
    given = os.environ.get("HORIZON_DATA")
    return Path(given).expanduser() if given else None


def prepared_folder() -> Path:
    """$XDG_CACHE_HOME/horizon, else ~/.cache/horizon: sets that this project built."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "horizon"
