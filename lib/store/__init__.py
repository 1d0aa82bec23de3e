"""The store: the folder that results are written to and read from.

Readers need no JAX; Orbax is imported when the first state is written or read. A store
is data: nothing in it is imported, unpickled or evaluated.
"""

from lib.store.baseline import baseline_key, read_baseline, write_baseline
from lib.store.document import NewerFormatError, digest
from lib.store.files import CorruptError, WriteError
from lib.store.group import Group, ModeChangedError, open_group
from lib.store.lock import Held
from lib.store.place import check_writable, run_folder
from lib.store.run import (
    append_metrics,
    read_params,
    remove_run,
    write_config,
    write_failure,
    write_params,
    write_result,
)
from lib.store.seconds import KINDS, append_seconds, read_seconds
from lib.store.source import write_source
from lib.store.state import STATES, RunRecord, look, read_run, should_run
from lib.store.step import Codec
from lib.store.sweep import list_sweeps, read_sweep, write_sweep
from lib.store.verify import (
    Report,
    list_groups,
    list_runs,
    verify_group,
    verify_run,
    verify_sweep,
)

__all__ = [
    "KINDS",
    "STATES",
    "Codec",
    "CorruptError",
    "Group",
    "Held",
    "ModeChangedError",
    "NewerFormatError",
    "Report",
    "RunRecord",
    "WriteError",
    "append_metrics",
    "append_seconds",
    "baseline_key",
    "check_writable",
    "digest",
    "list_groups",
    "list_runs",
    "list_sweeps",
    "look",
    "open_group",
    "read_baseline",
    "read_params",
    "read_run",
    "read_seconds",
    "read_sweep",
    "remove_run",
    "run_folder",
    "should_run",
    "verify_group",
    "verify_run",
    "verify_sweep",
    "write_baseline",
    "write_config",
    "write_failure",
    "write_params",
    "write_result",
    "write_source",
    "write_sweep",
]
