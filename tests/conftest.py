"""Strict mode for every test: no silent promotion of dtypes or ranks.

Warnings are errors (pyproject.toml). Real data are read from $HORIZON_DATA, or from
shared/data beside the project where that is there; tests over them skip otherwise. What
is prepared of them is kept beside pytest's own cache, not in the user's.
"""

import os
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# As short runs are compiled (lib/compile.py): a test takes four fifths of the time.
if version("jax").startswith("0.10."):  # JAX 0.12 no longer has it
    _FLAGS = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{_FLAGS} --xla_cpu_use_fusion_emitters=false".strip()

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
if _BESIDE.is_dir():
    os.environ.setdefault("HORIZON_DATA", str(_BESIDE))
_ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("HORIZON_CACHE", str(_ROOT / ".pytest_cache" / "horizon"))
