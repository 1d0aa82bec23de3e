"""What a trained run says of a picture.

    python -m experiments.caption --run=ID picture.png [--store=results] [--beam=N]
        [--map=caption.png] [--max_megapixels=100]

Prints the caption with its log-probability in nats, the end that closes it counted;
with --beam the N likeliest captions that a beam search finds, best first. The picture
is read as the run's were: its middle square, scaled to their side. Where the model
attends to the picture, a figure of where each word of the first caption came from is
written to --map. The run is one of `scenes` or `coco_captions`.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.output import output_path, write_output
from experiments.program import plain, run
from lib.error import UserError

RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
BEAM = flags.DEFINE_integer("beam", 0, "Captions of a beam search; 0: greedy.")
MAP = flags.DEFINE_string(
    "map", "caption.png", "Where the figure of a model's attention goes."
)
MAX_MEGAPIXELS = flags.DEFINE_float(
    "max_megapixels", 100.0, "Largest picture that is read, in millions of pixels."
)

_MOST_BEAMS = 64


def main(arguments: Sequence[str]) -> int:
    if len(arguments) < 2:
        raise UserError("name the picture: --run=ID picture.png")
    if not 0 <= BEAM.value <= _MOST_BEAMS:
        raise UserError(
            f"--beam must be from 1 to {_MOST_BEAMS}, or 0 for greedy, got {BEAM.value}"
        )
    target = output_path("--map", MAP.value)
    from lib.picture import read_picture

    picture = read_picture(arguments[1], max_megapixels=MAX_MEGAPIXELS.value)
    from lib import load_run

    loaded = load_run(Path(STORE.value), RUN.value)
    if loaded.task.system != "captions":
        name = loaded.config.task["name"]
        raise UserError(f"--run: {RUN.value} learned {name}, which has no captions")
    from lib.caption import describe_picture
    from lib.data.coco_file import shrink

    small = shrink(picture, loaded.task.interface.image[0])
    found = describe_picture(
        loaded.model, loaded.params, loaded.task, small, BEAM.value
    )
    for caption in found.captions:
        print(f"{caption.log_probability:9.3f}  {plain(' '.join(caption.words))}")
    maps = found.maps
    if maps is None:
        print("this model attends to nothing: no map is written")
        return 0
    from lib.report.attention_figure import draw_maps
    from lib.report.figure import png

    words = found.captions[0].words
    content = png(lambda: draw_maps(small, words, maps))
    write_output("--map", target, content)
    print(f"where each word came from: {target}")
    return 0


if __name__ == "__main__":
    run(main, num_arguments=1)
