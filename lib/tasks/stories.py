"""Stories: a question about one sentence, with n other sentences in between.

A story of T tokens is T // S sentences of S tokens each (8 in English, 9 in French; see
lib.tasks.story_grammar), then come a question of 8 to 10 tokens and its answer, one to
three tokens with the END that closes it (lib.data.question). One sentence is the fact:
somebody did something to some thing somewhere. An example (T = 16):

    inputs   Emily bought a broken drum in Prague . The path by the mill was empty .
             Where was it that Emily bought a broken drum ? Prague
    targets  (at the "?" and at the answer's word)           Prague .

T counts the story alone, max_length is its longest, and the arrays are 11 longer. A
fact that comes first has (T // S) - 1 sentences between it and the question: T = 512 is
64 English sentences, 4096 is 512. What T // S sentences leave over is padding.

The other sentences: with probability 1 - `deeds` a scene, whose words no deed has; else
somebody's deed with all its words drawn anew, but with probability `rivals` one about
the same: for "who" somebody doing the same to the same thing elsewhere, for "where"
somebody else doing the same to the same thing, for "what" somebody doing the same to
whatever it be, wherever. A deed that repeats all that the question states would make
the answer ambiguous: it moves to the next place ("where": goes to the next person).
Only words that the question states are fixed so; the word that is asked for is uniform
in every other sentence and tells nothing about the answer.

Hence, exactly (c = chance of an answer: who 1/names, what 1/(adjectives * nouns), where
1/places; means are over the kinds of question asked, equally often):

    blind          sum of c over kinds / number of kinds, over the kinds that one row of
                   words can serve (questions differ in length): the floor
    question only  mean of c
    last mention   the answer's slot in the last deed that is told: right if that is the
                   fact, else by the chance of its slot, held-out names included
    last k inputs  1 for the kinds whose words the window still holds at the "?", c for
                   the others; the answer's words are in the order of the story, so a
                   later word of the answer needs no longer a window than the first

Held-out names and verbs are the last ones of their slot. In training no fact has them;
other sentences do. In validation and test a quarter of the facts has one of the two;
they are left out of the score (exact_match) and have metrics of their own:
held_out_names (what and where: a name of the question), held_out_answers (who: a name
that never was an answer) and held_out_verbs.

`curriculum` "mixed" draws, in training only, each story's number of sentences uniformly
up to that of its length, so that short memories are asked for too.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.data.question import arrange, exact_match
from lib.loss import cross_entropy
from lib.setting import Bound, Count, Probability
from lib.tasks.story_grammar import (
    DEED_SLOTS,
    GRAMMARS,
    QUESTIONS,
    cut,
    make_vocabulary,
)
from lib.tasks.story_score import StoryScore, held_out_metrics
from lib.tasks.story_writer import (
    NUM_DRAWS,
    Writer,
    below,
    draw_bits,
    draw_fact,
    write_record,
    write_sentences,
)
from lib.types import Batch, Interface, PRNGKey, Split, Task

Words = Annotated[int, Bound(2, 64)]


def make_stories(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    language: Literal["english", "french"] = "english",
    questions: Literal["all", "who", "what", "where"] = "all",
    fact: Literal["first", "anywhere"] = "first",
    deeds: Probability = 0.5,
    rivals: Probability = 0.5,
    num_names: Words = 24,
    num_verbs: Words = 12,
    num_adjectives: Words = 16,
    num_nouns: Words = 16,
    num_places: Words = 16,
    held_out_names: Count = 4,
    held_out_verbs: Count = 2,
    curriculum: Literal["none", "mixed"] = "none",
) -> Task:
    """Questions about one of the sentences of a story of `length` tokens."""
    sizes: dict[str, int] = dict(
        zip(
            DEED_SLOTS,
            (num_names, num_verbs, num_adjectives, num_nouns, num_places),
            strict=True,
        )
    )
    held_out = {"PERSON": held_out_names, "VERB": held_out_verbs}
    _check(language, max_length, sizes, held_out)
    grammar = cut(GRAMMARS[language], sizes)
    kinds = QUESTIONS if questions == "all" else (questions,)
    writer = Writer(
        grammar, make_vocabulary(grammar), kinds, sizes, held_out, deeds, rivals
    )
    size = len(grammar.deed)
    most = max_length // size  # sentences
    extra = max(len(grammar.questions[k]) + len(grammar.answers[k]) for k in kinds) - 1
    training = split == "train"

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw for the fact and all sentences compiles in half the time of two; the
        # sentence comes first, so an example does not depend on how far it is padded.
        bits = draw_bits(key, (1 + most, NUM_DRAWS, batch_size))
        asked, fact_values = draw_fact(bits[0], writer, held_out=not training)
        available = length // size
        if training and curriculum == "mixed":
            available = 1 + below(bits[0, -1], available)
        count = jnp.broadcast_to(available, (batch_size,))
        first = jnp.zeros_like(count)
        place = below(bits[0, -2], count) if fact == "anywhere" else first
        # [N, B, S]
        sentences = write_sentences(bits[1:], asked, fact_values, place, writer)
        story = jnp.swapaxes(sentences, 0, 1).reshape(batch_size, most * size)
        record = write_record(story, count * size, asked, fact_values, writer)
        return arrange(record, "story", max_length + extra)

    score = StoryScore(grammar, kinds, sizes, held_out, fact == "first", deeds)
    metrics = {"exact_match": exact_match}
    if not training:
        metrics = held_out_metrics(grammar, writer.vocabulary, kinds, sizes, held_out)
    symbols = writer.vocabulary.symbols
    return Task(
        sample=sample,
        interface=Interface(*(len(symbols),) * 3, padding=True),
        max_length=max_length,
        loss=cross_entropy,
        metrics=metrics,
        score_metric="exact_match",
        floor=lambda length: score.blind(),
        optimum=lambda length: 1.0,
        window_score=score.window_score,
        version=1,
        system="questions",
        symbols=symbols,
        separator=" ",
        facts={
            "sentence_tokens": size,
            "num_facts": score.num_facts(familiar=False),
            "num_training_facts": score.num_facts(familiar=True),
            "blind": score.blind(),
            "question_only": score.question_only(),
            "last_mention": score.last_mention(max_length),
        },
    )


def _check(
    language: str,
    max_length: int,
    sizes: Mapping[str, int],
    held_out: Mapping[str, int],
) -> None:
    grammar = GRAMMARS[language]
    size = len(grammar.deed)
    if max_length < size:
        raise ValueError(
            f"stories: length must be at least {size}, one sentence, got {max_length}."
        )
    for slot, asked in sizes.items():
        name = _SETTINGS[slot]
        known = len(grammar.words[slot])
        if asked > known:
            raise ValueError(
                f"stories: {name} must be at most {known} in {language}, got {asked}."
            )
        if held_out.get(slot, 0) > asked - 2:
            raise ValueError(
                f"stories: held_out_{name.removeprefix('num_')} must leave at least 2 "
                f"of {name} = {asked}, got {held_out[slot]}."
            )


_SETTINGS = dict(
    zip(
        DEED_SLOTS,
        ("num_names", "num_verbs", "num_adjectives", "num_nouns", "num_places"),
        strict=True,
    )
)
