"""Strict mode for every test: no silent promotion of dtypes or ranks.

Warnings are errors (pyproject.toml). Real data are read from $HORIZON_DATA, or from
shared/data beside the project where that is there; tests over them skip otherwise.
"""

import os
from pathlib import Path

os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
if _BESIDE.is_dir():
    os.environ.setdefault("HORIZON_DATA", str(_BESIDE))
