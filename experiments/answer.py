"""The answer to a question about a picture, and where in the picture it came from.

    python -m experiments.answer --run=ID picture.png "what shape is the red thing ?"
        [--store=results] [--out=map.png] [--top=5]

Prints the likeliest answers with their probabilities, and the map of where the answer
came from: the model's attention where it has any (of its last look), else by how many
nats the answer's log-probability falls where a part of the picture is covered. The
picture, and beside it each map over it, is written to --out: by default a file named
after the picture, -answered.png, in the current folder.

A picture of another size is stretched to that of the run's pictures. The run is one of
`scene_questions`, `easy_vqa` or `vqa`; words that it does not know are said.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

from experiments.output import output_path, write_output
from experiments.program import plain, run
from lib.error import UserError

RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
OUT = flags.DEFINE_string(
    "out", None, "The picture to write; by default NAME-answered.png in this folder."
)
TOP = flags.DEFINE_integer("top", 5, "Answers that are printed.", lower_bound=1)
MAX_MEGAPIXELS = flags.DEFINE_float(
    "max_megapixels", 100.0, "Larger pictures are refused before they are decoded."
)

_PANEL = 320  # pixels of a side of the picture as it is written, at least


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 3:
        raise UserError('give a picture and a question: picture.png "what is it?"')
    path, text = arguments[1:]
    if not text.strip():
        raise UserError("question: there is no word in it")
    out = output_path("--out", OUT.value or f"{Path(path).stem}-answered.png")
    from lib.picture import read_picture

    given = read_picture(path, max_megapixels=MAX_MEGAPIXELS.value)
    from lib import load_run
    from lib.picture_answer import answer_picture, fit_picture, grid_text, read_question

    loaded = load_run(Path(STORE.value), RUN.value)
    task = loaded.task
    if task.system != "picture_questions":
        name = loaded.config.task["name"]
        raise UserError(
            f"--run: {RUN.value} learned {name}, which asks nothing about pictures"
        )
    question = read_question(text, task.symbols)
    if question.unknown:
        words = ", ".join(repr(plain(word)) for word in question.unknown)
        read = " ".join(task.symbols[token] for token in question.tokens)
        print(f"read as unknown: {words}", file=sys.stderr)
        print(f"that is: {read}", file=sys.stderr)
    picture = fit_picture(given, task.interface)
    if picture.shape != given.shape:
        sizes = [f"{p.shape[1]} x {p.shape[0]}" for p in (given, picture)]
        print(f"read at {sizes[1]} pixels, from {sizes[0]}", file=sys.stderr)
    answer = answer_picture(loaded.model, loaded.params, picture, question)
    spoken = task.interface.output_size == len(task.symbols)
    names = task.symbols if spoken else task.classes
    order = (-answer.probabilities).argsort(kind="stable")[: TOP.value].tolist()
    width = max(len(plain(names[place])) for place in order)
    for place in order:
        said = plain(names[place]).ljust(width)
        print(f"{said}  {answer.probabilities[place]:.4f}")
    print(f"\n{_told(answer)}")
    for line in grid_text(answer.maps[-1]):
        print(f"|{line}|")
    write_output("--out", out, _drawn(picture, answer.maps))
    print(out, file=sys.stderr)
    return 0


def _told(answer: Any) -> str:
    rows, columns = answer.maps.shape[1:]
    if answer.how == "occlusion":
        most = float(answer.maps.max())
        return (
            f"Covered in turn, {rows} x {columns} parts; by how many nats the answer's "
            f"log-probability falls, at most {most:.2f}:"
        )
    looks = len(answer.maps)
    which = f"the last of {looks} looks" if looks > 1 else "as it answered"
    return f"Attention to {rows} x {columns} places, {which}:"


def _drawn(picture: Any, maps: Any) -> bytes:
    """The picture, and beside it lit by each of the maps, as a PNG file."""
    import io

    import numpy as np
    from PIL import Image

    from lib.report.picture_questions_figure import lit

    factor = max(1, -(-_PANEL // max(picture.shape[:2])))
    large = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    gap = np.full((large.shape[0], 8, 3), 255, np.uint8)
    panels = [large]
    for weights in maps:
        panels += [gap, lit(large, weights)]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(panels, axis=1)).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    run(main, num_arguments=2)
