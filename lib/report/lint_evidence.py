"""What the rules of the linter look at, and what they say."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from lib.report.collect import Run, dig
from lib.report.score import ModelScores, model_scores


class Evidence(NamedTuple):
    """What the rules look at: one part of a sweep."""

    reported: Sequence[Run]
    tuning: Sequence[Run]
    choices: Sequence[dict[str, Any]]

    @property
    def is_memory(self) -> bool:
        systems = {dig(run.result, "task", "system") for run in self.reported} - {None}
        # Results of before systems had names are memory's where they have scores.
        return "memory" in systems or (
            not systems and any(model.scores for model in self.models)
        )

    @property
    def models(self) -> list[ModelScores]:
        return model_scores(self.reported)


Rule = Callable[[Evidence], Iterator[tuple[str, str]]]  # (what, advice)


def range_text(counts: Collection[int]) -> str:
    """The smallest and the largest, or the one that all are."""
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
