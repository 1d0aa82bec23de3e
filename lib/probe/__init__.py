"""Probes: what a trained run is asked beside its scores, by the system of its task.

A maker reads a program's config once and returns a probe, or None where the config asks
for nothing; the probe examines one run and returns plain data that joins its result.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lib.probe.captions import make_caption_probe
from lib.probe.classification import make_confusion_probe, make_evidence_probe
from lib.probe.forecast import make_forecast_probe
from lib.probe.images import make_picture_probe
from lib.probe.invariance import make_invariance_probe
from lib.probe.language import (
    make_context_probe,
    make_free_running_probe,
    make_passage_probe,
    make_sample_probe,
)
from lib.probe.location import make_location_probe
from lib.probe.picture_questions import (
    make_floor_probe,
    make_picture_answer_probe,
)
from lib.probe.questions import make_answer_probe
from lib.program import Program
from lib.train import Hparams
from lib.types import Params

Probe = Callable[[Hparams, Params], dict[str, Any]]
Maker = Callable[[Program], Probe | None]

PROBES: Mapping[str, tuple[Maker, ...]] = {
    "memory": (),
    "regression": (make_forecast_probe,),
    "classification": (make_confusion_probe, make_evidence_probe),
    "language": (
        make_context_probe,
        make_free_running_probe,
        make_passage_probe,
        make_sample_probe,
    ),
    "questions": (make_answer_probe,),
    "images": (make_picture_probe, make_invariance_probe),
    "location": (make_location_probe,),
    "captions": (make_caption_probe,),
    "picture_questions": (make_floor_probe, make_picture_answer_probe),
}

_MADE: dict[str, list[Probe]] = {}


def examine(program: Program, hparams: Hparams, params: Params) -> dict[str, Any]:
    """All that the probes of a run's system say of it.

    A process makes a program's probes once, so that they compile once for all its runs.
    """
    if program.key not in _MADE:
        made = [make(program) for make in PROBES[program.task.system]]
        _MADE[program.key] = [probe for probe in made if probe is not None]
    found: dict[str, Any] = {}
    for probe in _MADE[program.key]:
        found |= probe(hparams, params)
    return found
