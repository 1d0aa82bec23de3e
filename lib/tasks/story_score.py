"""What the simple predictors of `stories` reach, in closed form; its metrics.

Derivations are in the head of lib.tasks.stories. All are shares of examples answered
exactly, over facts whose name and verb are familiar.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.data.question import END, is_exact, share
from lib.loss import mean
from lib.tasks.story_grammar import Grammar, Vocabulary
from lib.types import Batch, Mean, Metric

_ASKED_SLOTS = {"who": ("PERSON",), "what": ("ADJECTIVE", "NOUN"), "where": ("PLACE",)}


class StoryScore(NamedTuple):
    """The simple predictors of one setting of the task."""

    grammar: Grammar
    kinds: tuple[str, ...]
    sizes: Mapping[str, int]
    held_out: Mapping[str, int]
    is_first: bool  # the fact opens the story; else it is anywhere
    deeds: float

    def chance(self, kind: str) -> float:
        """The best guess at an answer without the fact."""
        number = 1
        for slot in _ASKED_SLOTS[kind]:
            number *= self.sizes[slot] - self.held_out.get(slot, 0)
        return 1 / number

    def num_facts(self, familiar: bool) -> int:
        """How many different facts there are, or can be asked about in training.

        Each may be asked about in as many ways as there are kinds of question, and
        stand in a story with any other sentences.
        """
        spared = self.held_out if familiar else {}
        return math.prod(n - spared.get(slot, 0) for slot, n in self.sizes.items())

    def blind(self) -> float:
        """The best answers that ignore the inputs, and know only the time.

        One word for each place after the story: it serves the kinds of question that
        never ask for different words at one place.
        """
        subsets = [
            kinds
            for size in range(1, len(self.kinds) + 1)
            for kinds in itertools.combinations(self.kinds, size)
            if all(self._agree(a, b) for a, b in itertools.combinations(kinds, 2))
        ]
        best = max(sum(map(self.chance, kinds)) for kinds in subsets)
        return best / len(self.kinds)

    def question_only(self) -> float:
        return self._mean(self.chance)

    def last_mention(self, length: int) -> float:
        """Answering with the last deed that is told, whoever's it is."""
        told = self._mean_over_places(length, lambda after: (1 - self.deeds) ** after)

        def reached(kind: str) -> float:
            number = 1
            for slot in _ASKED_SLOTS[kind]:
                number *= self.sizes[slot]
            return told + (1 - told) / number

        return self._mean(reached)

    def window_accuracy(self, length: int, k: int) -> float:
        """The best of any predictor that knows the time and sees the last k inputs.

        The time of the "?" tells the kind of question. Exact where the fact comes
        first. Where it may be anywhere, a fact that the window cuts in two counts as
        known if the answer's words are inside: a bound from above, exact for windows
        of whole sentences.
        """

        def reached(kind: str) -> float:
            seen = self._mean_over_places(
                length, lambda after: float(k >= self.needed(kind, after))
            )
            return seen + (1 - seen) * self.chance(kind)

        return self._mean(reached)

    def needed(self, kind: str, after: int) -> int:
        """The inputs from the fact's first asked word to the "?", both included.

        `after` is the number of sentences between the fact and the question.
        """
        deed = self.grammar.deed
        first = min(deed.index(slot) for slot in _ASKED_SLOTS[kind])
        whole = (after + 1) * len(deed) + len(self.grammar.questions[kind])
        return whole - first

    def window_score(self, length: int, k: int) -> float:
        """`window_accuracy` from the floor to 1."""
        floor = self.blind()
        return (self.window_accuracy(length, k) - floor) / (1 - floor)

    def _agree(self, one: str, other: str) -> bool:
        """Whether two kinds never ask for different words at one place."""
        asked = []
        for kind in (one, other):
            start = len(self.grammar.questions[kind])
            asked.append(dict(enumerate(self.grammar.answers[kind], start)))
        shared = asked[0].keys() & asked[1].keys()
        return all(asked[0][place] == asked[1][place] == END for place in shared)

    def _mean(self, of_kind: Callable[[str], float]) -> float:
        return sum(map(of_kind, self.kinds)) / len(self.kinds)

    def _mean_over_places(self, length: int, of_after: Callable[[int], float]) -> float:
        """The mean over where the fact may be, of a function of what follows it."""
        count = length // len(self.grammar.deed)
        if self.is_first:
            return of_after(count - 1)
        return sum(map(of_after, range(count))) / count


def held_out_metrics(
    grammar: Grammar,
    vocabulary: Vocabulary,
    kinds: tuple[str, ...],
    sizes: Mapping[str, int],
    held_out: Mapping[str, int],
) -> dict[str, Metric]:
    """Exact match over familiar facts, by kind of question, and over held-out words."""
    longest = max(map(len, grammar.questions.values()))

    def among(tokens: Array, slot: str, start: int = 0) -> Bool[Array, "B T"]:
        first = vocabulary.first[slot]
        return (tokens >= first + start) & (tokens < first + sizes[slot])

    def held(batch: Batch, slot: str) -> tuple[Bool[Array, " B"], Bool[Array, " B"]]:
        """Whether a held-out word of a slot is in the question, and in the answer."""
        start = sizes[slot] - held_out[slot]
        position = jnp.arange(batch.mask.shape[1], dtype=jnp.int32)[None, :]
        end = jnp.argmax(batch.mask, axis=1, keepdims=True).astype(jnp.int32)
        inside = (position > end - longest) & (position <= end)
        in_question = jnp.any(among(batch.inputs, slot, start) & inside, axis=1)
        return in_question, jnp.any(among(batch.targets, slot, start), axis=1)

    def over(which) -> Metric:
        def accumulate(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
            right, asked = is_exact(outputs, batch)
            return share(right, asked & which(batch), batch.mask)

        return Metric(accumulate, mean)

    def familiar(batch: Batch) -> Bool[Array, " B"]:
        return ~(_either(held(batch, "PERSON")) | _either(held(batch, "VERB")))

    def of_kind(kind: str):
        slot = _ASKED_SLOTS[kind][0]
        return lambda batch: (
            familiar(batch) & jnp.any(among(batch.targets, slot), axis=1)
        )

    metrics = {"exact_match": over(familiar)}
    if len(kinds) > 1:
        metrics |= {kind: over(of_kind(kind)) for kind in kinds}
    if held_out["PERSON"] and set(kinds) - {"who"}:
        metrics["held_out_names"] = over(lambda batch: held(batch, "PERSON")[0])
    if held_out["PERSON"] and "who" in kinds:
        metrics["held_out_answers"] = over(lambda batch: held(batch, "PERSON")[1])
    if held_out["VERB"]:
        metrics["held_out_verbs"] = over(lambda batch: _either(held(batch, "VERB")))
    return metrics


def _either(pair: tuple[Bool[Array, " B"], Bool[Array, " B"]]) -> Bool[Array, " B"]:
    return pair[0] | pair[1]
