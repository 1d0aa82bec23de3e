"""An answer to a question about a story, from a run that learned to answer some.

    python -m experiments.ask --run=ID --story=TEXT --question=TEXT [--store=results]
    python -m experiments.ask --run=ID --story_file=PATH [--encoding=utf-8] ...

Prints the answer with its probability, and for each sentence how far the answer moves
where that sentence is left out: by how many nats its log-probability falls, and what
would be answered instead. A star marks the one that moved it most, in either direction:
below 0 the sentence spoke against the answer. The run is one of `stories` or `babi`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.program import run
from lib.error import UserError

RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
STORY = flags.DEFINE_string("story", None, "The story: sentences that end with a dot.")
STORY_FILE = flags.DEFINE_string("story_file", None, "A file with the story in it.")
QUESTION = flags.DEFINE_string(
    "question", None, "The question about it.", required=True
)
ENCODING = flags.DEFINE_string("encoding", "utf-8", "Of --story_file.")
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")

_TOP = 12  # sentences shown of a longer story: those that move the answer most


def main(_: Sequence[str]) -> int:
    story = _story()
    from lib import load_run
    from lib.answer import ask, read_texts, shown

    loaded = load_run(Path(STORE.value), RUN.value)
    task = loaded.task
    if task.system != "questions":
        name = loaded.config.task["name"]
        raise UserError(f"--run: {RUN.value} learned {name}, which asks no questions")
    reading = read_texts(story, QUESTION.value, task.symbols)
    if reading.unknown:
        words = ", ".join(map(repr, reading.unknown))
        print(f"read as unknown: {words}", file=sys.stderr)
        print(f"that is: {shown(reading, task.symbols)}", file=sys.stderr)
    order = loaded.config.task.get("order", "story")
    reply = ask(loaded.model, loaded.params, task.symbols, reading, order)
    print(f"{reply.answer or '(nothing)'}   probability {reply.probability:.3f}\n")
    ranked = sorted(
        range(len(reply.weights)), key=lambda i: -abs(reply.weights[i].shift)
    )
    kept = sorted(ranked[:_TOP])
    print(
        "Left out, each in turn; by how many nats the answer's log-probability falls:"
    )
    for i in kept:
        weight, mark = reply.weights[i], "*" if i == ranked[0] else " "
        text = " ".join(task.symbols[token] for token in reading.sentences[i])
        then = f"{weight.instead or '(nothing)'} {weight.alone:.3f}"
        print(f"{mark}{weight.shift:+8.3f}  then {then:24}  {i + 1:4}  {text}")
    if len(kept) < len(ranked):
        print(f" the other {len(ranked) - len(kept)} sentences move it less")
    return 0


def _story() -> str:
    text, path = STORY.value, STORY_FILE.value
    if text is not None and path is None:
        return text
    if path is None or text is not None:
        raise UserError("give the story as either --story or --story_file")
    from lib.data.encoding import read_text

    return read_text(Path(path).expanduser(), ENCODING.value)


if __name__ == "__main__":
    run(main)
