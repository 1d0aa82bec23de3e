"""Text from a trained language model: each prediction is fed back as the next input.

    python -m experiments.generate --run=ID [--prompt=TEXT] [--length=N] [--seed=S]
        [--temperature=T] [--top_k=K] [--top_p=P] [--greedy] [--beam=W]
    python -m experiments.generate --run=ID --prompt=TEXT --explain
    python -m experiments.generate --run=ID --benchmark

The text goes to standard output as it is written, prompt first. One compiled loop; the
same seed gives the same text. --explain prints what the model predicts at each symbol
of the prompt instead; --benchmark measures the compiled loop beside a Python loop.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from absl import flags

from experiments.own import define_own_flags, load_own
from experiments.program import run
from lib.error import UserError

OWN = define_own_flags()
RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
PROMPT = flags.DEFINE_string(
    "prompt", None, "Text the model reads first; not given: an end of line."
)
LENGTH = flags.DEFINE_integer("length", 500, "Characters or words to write.")
TEMPERATURE = flags.DEFINE_float("temperature", 0.8, "Above 0; low is cautious.")
TOP_K = flags.DEFINE_integer("top_k", None, "Only the K likeliest symbols.")
TOP_P = flags.DEFINE_float(
    "top_p", 1.0, "Only the fewest likeliest symbols of this probability."
)
GREEDY = flags.DEFINE_boolean("greedy", False, "Always the likeliest symbol.")
BEAM = flags.DEFINE_integer(
    "beam", None, "Beams of a search for the likeliest text; shown at its end."
)
SEED = flags.DEFINE_integer("seed", 0, "From 0 to 2^32 - 1.")
EXPLAIN = flags.DEFINE_boolean(
    "explain", False, "Print input, target and prediction at each symbol of the prompt."
)
BENCHMARK = flags.DEFINE_boolean(
    "benchmark", False, "Measure symbols a second against a Python loop."
)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")


def main(_: Sequence[str]) -> int:
    from lib.launch.process import thread_environment

    _check_flags()
    # One symbol at a time is too little for two threads to share.
    os.environ.update(thread_environment(1))
    load_own(OWN)
    from lib import load_run
    from lib.writer import Manner, check_manner

    manner = Manner(
        LENGTH.value,
        TEMPERATURE.value,
        TOP_K.value or 0,
        TOP_P.value,
        GREEDY.value,
        BEAM.value or 0,
        SEED.value,
    )
    check_manner(manner, "--")
    loaded = load_run(Path(STORE.value), RUN.value)
    if loaded.task.system != "language":
        name = loaded.config.task["name"]
        raise UserError(f"--run: {RUN.value} learned {name}, which is not text")
    prompt = _read_prompt(loaded.task)
    if EXPLAIN.value:
        _explain(loaded, prompt)
    elif BENCHMARK.value:
        from experiments.speed import measure

        for line in measure(loaded.model, loaded.params, prompt).lines():
            print(line)
    else:
        _write(loaded, prompt, manner)
    return 0


def _check_flags() -> None:
    if PROMPT.value == "":
        raise UserError("--prompt must have at least one character, got ''")
    for flag in (TOP_K, BEAM):
        if flag.value is not None and flag.value < 1:
            raise UserError(f"--{flag.name} must be at least 1, got {flag.value}")
    ways = [flag.name for flag in (GREEDY, BEAM, EXPLAIN, BENCHMARK) if flag.value]
    if len(ways) > 1:
        raise UserError(
            " and ".join(f"--{way}" for way in ways) + " exclude each other"
        )


def _read_prompt(task) -> list[int]:
    """The prompt's tokens; says which of it is unknown and how it was read."""
    from lib.data import symbol

    symbols = task.symbols
    if PROMPT.value is None:
        end = symbol.END if task.separator else "\n"
        return [symbols.index(end) if end in symbols else 0]
    given = symbol.read_prompt(PROMPT.value, symbols, task.separator)
    if not given:
        raise UserError(f"--prompt must have at least one word, got {PROMPT.value!r}")
    tokens = symbol.encode(given, symbols).tolist()
    unknown = sorted(set(given) - set(symbols))
    if unknown:
        shown = " ".join(map(repr, unknown))
        read = symbol.decode(tokens, symbols, task.separator)
        print(f"--prompt: unknown: {shown}; read as: {read}", file=sys.stderr)
    return tokens


def _write(loaded, prompt: list[int], manner) -> None:
    from lib.data.symbol import spell
    from lib.writer import make_writer

    symbols = loaded.task.symbols

    def chunks() -> Iterator[Sequence[int]]:
        yield prompt
        for tokens in make_writer(loaded.model, loaded.params)(prompt, manner):
            yield tokens.tolist()

    before = "\n"
    for tokens in chunks():
        shown = [symbols[token] for token in tokens]
        text = "".join(spell(shown, loaded.task.separator, before))
        print(_harmless(text), end="", flush=True)
        before = shown[-1]
    print()


def _harmless(text: str) -> str:
    """The text without what would move a terminal's cursor or change its colours."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def _explain(loaded, prompt: list[int]) -> None:
    from lib.explain import explain, explain_lines

    rows = explain(loaded.model, loaded.params, prompt, loaded.task.symbols)
    width = shutil.get_terminal_size().columns
    for line in explain_lines(rows, width):
        print(line)


if __name__ == "__main__":
    run(main)
