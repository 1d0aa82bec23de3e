"""Where the published data sets lie for these tests."""

import os
from pathlib import Path

import pytest

PUBLISHED = Path(os.environ.get("HORIZON_DATA", "/nowhere"))
SHAKESPEARE = PUBLISHED / "tinyshakespeare" / "input.txt"
needs_published = pytest.mark.skipif(
    not SHAKESPEARE.is_file(), reason="no tinyshakespeare/input.txt in $HORIZON_DATA"
)
