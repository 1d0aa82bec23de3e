"""All subjects, in the order of the table: a module of more is one line here."""

import functools

from experiments.bench.subject import Subject


@functools.cache
def subjects() -> dict[str, Subject]:
    """Every subject by its label."""
    from experiments.bench import (
        convolution,
        diagonal,
        generation,
        latency,
        matrix_state,
        sweep,
        training,
    )

    modules = (
        training,
        diagonal,
        matrix_state,
        convolution,
        generation,
        sweep,
        latency,
    )
    found = [subject for module in modules for subject in module.SUBJECTS]
    by_label = {subject.label: subject for subject in found}
    assert len(by_label) == len(found), "two subjects have the same name and sizes"
    return by_label
