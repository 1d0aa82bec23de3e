"""Every way to run recurrences on one NVIDIA GPU, checked and timed in one run.

    python -m experiments.bench.gpu [--minutes=8] [--only=PART ...] [--store=results]

Layers of rnn, gru and lstm by XLA's loop with and without command buffers, by cuDNN, by
our kernels, by flax and by torch where it is installed; diagonal recurrences as a share
of the bandwidth of a copy; mapped runs of a sweep against one after another. Each way
is compared with float64 loops in numpy. Prints a table and writes gpu.json into
<store>/report/bench. Exits with 1 where something failed or is not right to its
tolerance, with 2 where there is no GPU.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.bench import gpu_course as course
from experiments.program import plain, report_folder, run
from lib.error import UserError

MINUTES = flags.DEFINE_float("minutes", 8.0, "After which no part is begun.", 0.1)
ONLY = flags.DEFINE_multi_string("only", [], "Only these parts, by name.")
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")


def main(_: Sequence[str]) -> int:
    names = [part.name for part in course.PARTS]
    for name in ONLY.value:
        if name not in names:
            raise UserError(f"--only: {name!r} is no part; the parts are: {names}")
    chosen = [
        part for part in course.PARTS if not ONLY.value or part.name in ONLY.value
    ]
    found = course.check_machine(course.ask_part)
    print(plain(f"{found['device']}, jax {found['jax']}, torch {found['torch']}"))
    folder = report_folder(Path(STORE.value), "bench")
    folder.mkdir(parents=True, exist_ok=True)
    entries = course.measure(chosen, 60 * MINUTES.value, course.ask_part)
    course.write(folder / "gpu.json", {"machine": found, "entries": entries})
    print("\n".join([*course.lines(entries), "", *course.headlines(entries)]))
    return 1 if any(course.is_wrong(entry) for entry in entries) else 0


if __name__ == "__main__":
    run(main)
