"""Writes the stories of `stories`: facts, the sentences around them, the questions.

All on the device, as whole-number arithmetic over N sentences of B stories: a sentence
is the number of a word in each of its slots (lib.tasks.story_grammar).
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from lib.data.question import Record
from lib.tasks.story_grammar import (
    DEED_SLOTS,
    KEYS,
    SCENE_SLOTS,
    Grammar,
    Template,
    Vocabulary,
    render,
)
from lib.types import PRNGKey

Values = dict[str, Int[Array, "..."]]  # the number of the word in each slot

HELD_OUT_SHARE = 8  # one fact in so many has a held-out name, and one a held-out verb


class Writer(NamedTuple):
    """What sampling needs to know of the task."""

    grammar: Grammar
    vocabulary: Vocabulary
    kinds: tuple[str, ...]
    sizes: Mapping[str, int]
    held_out: Mapping[str, int]
    deeds: float
    rivals: float


# For the fact: its slots; kind, held out, place, number of sentences. For each other
# sentence: its slots; then the last two: deed or scene, rival or not.
NUM_DRAWS = len(DEED_SLOTS) + 4


def draw_fact(
    drawn: Int[Array, "K B"], writer: Writer, held_out: bool
) -> tuple[Int[Array, " B"], Values]:
    """The kind of question asked and the words of the fact."""
    values = {}
    turn = below(drawn[-3], HELD_OUT_SHARE)  # 0: a held-out name, 1: a verb
    for i, slot in enumerate(DEED_SLOTS):
        spared = writer.held_out.get(slot, 0)
        familiar = writer.sizes[slot] - spared
        values[slot] = below(drawn[i], familiar)
        if held_out and spared:
            unheard = familiar + below(drawn[i], spared)
            chosen = turn == {"PERSON": 0, "VERB": 1}[slot]
            values[slot] = jnp.where(chosen, unheard, values[slot])
    return below(drawn[-4], len(writer.kinds)), values


def write_sentences(
    bits: Int[Array, "N K B"],
    asked: Int[Array, " B"],
    fact: Values,
    place: Int[Array, " B"],
    writer: Writer,
) -> Int[Array, "N B S"]:
    """All sentences of the stories, the fact at its place among them."""
    grammar, vocabulary = writer.grammar, writer.vocabulary
    draws = [bits[:, i] for i in range(NUM_DRAWS)]  # each [N, B]
    deed = {
        slot: below(bit, writer.sizes[slot])
        for slot, bit in zip(DEED_SLOTS, draws, strict=False)
    }
    is_rival = _chance(draws[-1], writer.rivals)
    deed = _place_rivals(deed, fact, asked, is_rival, writer)
    scene = {
        slot: below(bit, len(grammar.words[slot]))
        for slot, bit in zip(SCENE_SLOTS, draws, strict=False)
    }
    is_deed = _chance(draws[-2], writer.deeds)
    is_fact = jnp.arange(bits.shape[0], dtype=jnp.int32)[:, None] == place[None, :]
    values = {s: jnp.where(is_fact, fact[s][None, :], deed[s]) for s in DEED_SLOTS}
    return jnp.where(
        (is_deed | is_fact)[..., None],
        render(grammar, vocabulary, grammar.deed, values),
        render(grammar, vocabulary, grammar.scene, scene),
    )


def _place_rivals(
    deed: Values,
    fact: Values,
    asked: Int[Array, " B"],
    is_rival: Bool[Array, "N B"],
    writer: Writer,
) -> Values:
    """Deeds made rivals of the fact where told to, and none of them its double.

    A rival takes over what the question states, but for person and place, which stay as
    drawn: somebody else, elsewhere. Then whatever states all of it has one stated word
    changed: the person for "where", the place for other kinds.
    """
    states = {
        slot: np.array([slot in KEYS[kind] for kind in writer.kinds])
        for slot in DEED_SLOTS
    }
    stated = {slot: jnp.asarray(states[slot])[asked][None, :] for slot in DEED_SLOTS}
    told = {slot: fact[slot][None, :] for slot in DEED_SLOTS}
    deed = dict(deed)
    for slot in ("VERB", "ADJECTIVE", "NOUN"):
        deed[slot] = jnp.where(is_rival & stated[slot], told[slot], deed[slot])
    double = jnp.ones_like(is_rival)
    for slot in DEED_SLOTS:
        double &= ~stated[slot] | (deed[slot] == told[slot])
    # "where" alone does not state the place.
    for slot, moves in (("PLACE", stated["PLACE"]), ("PERSON", ~stated["PLACE"])):
        following = (deed[slot] + 1) % writer.sizes[slot]
        deed[slot] = jnp.where(double & moves, following, deed[slot])
    return deed


def write_record(
    story: Int[Array, "B M"],
    story_length: Int[Array, " B"],
    asked: Int[Array, " B"],
    fact: Values,
    writer: Writer,
) -> Record:
    """The stories with the question asked about each, and its answer."""

    def of_kind(templates: Mapping[str, Template]) -> tuple[Array, Array]:
        chosen = [templates[kind] for kind in writer.kinds]
        most = max(map(len, chosen))
        rows = [
            render(writer.grammar, writer.vocabulary, template, fact)
            for template in chosen
        ]  # each [B, its own length]
        padded = [jnp.pad(r, ((0, 0), (0, most - r.shape[1]))) for r in rows]
        lengths = jnp.asarray([len(t) for t in chosen], jnp.int32)
        pick = asked[None, :, None]
        tokens = jnp.take_along_axis(jnp.stack(padded), pick, axis=0)[0]
        return tokens, lengths[asked]

    question, question_length = of_kind(writer.grammar.questions)
    answer, answer_length = of_kind(writer.grammar.answers)
    return Record(story, story_length, question, question_length, answer, answer_length)


def draw_bits(key: PRNGKey, shape: tuple[int, ...]) -> Array:
    return jax.random.bits(key, shape, jnp.uint32)


def below(bits: Array, number: int | Array) -> Int[Array, "..."]:
    """Uniform on 0 .. number - 1, to one in 2^32 / number."""
    if isinstance(number, int):
        return (bits % np.uint32(number)).astype(jnp.int32)
    return (bits % number.astype(jnp.uint32)).astype(jnp.int32)


def _chance(bits: Array, probability: float) -> Bool[Array, "..."]:
    """True with a probability; 24 bits are exact in float32."""
    return (bits >> np.uint32(8)).astype(jnp.float32) < probability * 2.0**24
