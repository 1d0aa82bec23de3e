"""Text from a trained character model: each prediction is fed back as the next input.

    python -m experiments.generate --run=ID --prompt=TEXT [--length=N]
        [--temperature=T] [--seed=S] [--store=results]

The text goes to standard output, prompt first. One compiled loop; the same seed gives
the same text.
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.program import run
from lib.error import UserError

RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
PROMPT = flags.DEFINE_string("prompt", "\n", "Text the model reads first.")
LENGTH = flags.DEFINE_integer("length", 500, "Characters to write.")
TEMPERATURE = flags.DEFINE_float("temperature", 0.8, "Above 0; low is cautious.")
SEED = flags.DEFINE_integer("seed", 0, "From 0 to 2^32 - 1.")
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")

_MOST = 2**20


def main(_: Sequence[str]) -> int:
    _check_flags()
    from lib import load_run

    loaded = load_run(Path(STORE.value), RUN.value)
    symbols = loaded.task.symbols
    if not symbols:
        name = loaded.config.task["name"]
        raise UserError(f"--run: {RUN.value} learned {name}, which is not text")
    unknown = sorted(set(PROMPT.value) - set(symbols))
    if unknown:
        shown = " ".join(map(repr, unknown))
        print(f"--prompt: read as unknown characters: {shown}", file=sys.stderr)
    text = loaded.write(PROMPT.value, LENGTH.value, TEMPERATURE.value, SEED.value)
    print(PROMPT.value + text)
    return 0


def _check_flags() -> None:
    if not PROMPT.value:
        raise UserError("--prompt must have at least one character, got ''")
    if not 1 <= LENGTH.value <= _MOST:
        raise UserError(f"--length must be from 1 to {_MOST}, got {LENGTH.value}")
    if not (TEMPERATURE.value > 0 and math.isfinite(TEMPERATURE.value)):
        raise UserError(f"--temperature must be above 0, got {TEMPERATURE.value}")
    if not 0 <= SEED.value < 2**32:
        raise UserError(f"--seed must be from 0 to 2^32 - 1, got {SEED.value}")


if __name__ == "__main__":
    run(main)
