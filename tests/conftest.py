"""Strict mode for every test: no silent promotion of dtypes or ranks.

Warnings are errors (pyproject.toml). Real data are read from $HORIZON_DATA, or from
shared/data beside the project where that is there; tests over them skip otherwise. What
is prepared of them is kept beside pytest's own cache, not in the user's. Compiled
programs are dropped where a worker has grown large.
"""

import ctypes
import gc
import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the time of a test is compilation, which takes half as long without LLVM's
# optimizations. What trains is compiled with options of its own (lib/compile.py).
_FLAGS = ["--xla_backend_optimization_level=0"]
if version("jax").startswith("0.10."):  # JAX 0.12 no longer has it
    _FLAGS.append("--xla_cpu_use_fusion_emitters=false")
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *_FLAGS]).strip()

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
if _BESIDE.is_dir():
    os.environ.setdefault("HORIZON_DATA", str(_BESIDE))
_ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("HORIZON_CACHE", str(_ROOT / ".pytest_cache" / "horizon"))

MOST_MEMORY = 2 * 2**30  # bytes that a worker holds when it drops its programs


@pytest.fixture(scope="module", autouse=True)
def _small_workers():
    """Thousands of compiled programs are several gigabytes in every worker."""
    yield
    if sys.platform == "linux" and _resident() > MOST_MEMORY:
        import jax

        jax.clear_caches()
        gc.collect()
        # Back to the system, where the libc can.
        getattr(ctypes.CDLL(None), "malloc_trim", lambda pad: None)(0)


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
