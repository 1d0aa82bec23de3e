"""Reads stories again, by patterns over their text that share nothing with lib."""

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np

from lib.tasks.stories import make_stories

SMALL = {
    "num_names": 6,
    "num_verbs": 4,
    "num_adjectives": 2,
    "num_nouns": 3,
    "num_places": 4,
    "held_out_names": 2,
    "held_out_verbs": 1,
    "deeds": 0.6,
    "rivals": 0.8,
}
BATCH, LENGTH = 1024, 54  # 6 sentences in either language


@functools.cache
def made(split, longest, batch, options):
    """A task and its compiled sampler."""
    curriculum = "none" if split == "train" else "mixed"  # which evaluation ignores
    settings = {**SMALL, "curriculum": curriculum, **dict(options)}
    task = make_stories(split, batch, longest, **settings)
    return task, jax.jit(task.sample)


def read(split="test", length=LENGTH, batch=BATCH, **options):
    """A task, a batch of it, and its stories as text."""
    usual = {"language": "english", "fact": "first"}
    return read_once(split, length, batch, **{**usual, **options})


@functools.cache
def read_once(split, length, batch, **options):
    longest = max(length, LENGTH)
    task, sample = made(split, longest, batch, tuple(sorted(options.items())))
    drawn = jax.tree.map(np.asarray, sample(jax.random.key(0), (), jnp.int32(length)))
    return task, drawn, [retell(task, *row) for row in zip(*drawn[:3], strict=True)]


def retell(task, inputs, targets, mask):
    """(sentences, question, answer) in words, from one example's arrays."""
    words = [task.symbols[token] for token in inputs if token]
    answer = [task.symbols[token] for token in targets[mask > 0]]
    assert answer[-1] == "."
    told = words[: len(words) - len(answer) + 1]
    asked = max(i for i, word in enumerate(told[:-1]) if word == ".") + 1
    text = " ".join(told[:asked])
    sentences = re.findall(r"[^.]+(?= \.)", text)
    return [s.strip() for s in sentences], " ".join(told[asked:]), answer[:-1]


# An independent reading of the two grammars, as patterns over text.
DEEDS = {
    "english": re.compile(r"(\w+) (\w+) a (\w+) (\w+) in (\w+)"),
    "french": re.compile(r"(\w+) a (\w+) (une|un) (\w+) (\w+) à (\w+)"),
}
ASKED = {
    "english": {
        "who": re.compile(r"Who (\w+) a (\w+ \w+) in (\w+) \?"),
        "what": re.compile(r"What was it that (\w+) (\w+) in (\w+) \?"),
        "where": re.compile(r"Where was it that (\w+) (\w+) a (\w+ \w+) \?"),
    },
    "french": {
        "who": re.compile(r"Qui a (\w+) (?:une|un) (\w+ \w+) à (\w+) \?"),
        "what": re.compile(r"Qu'est-ce que (\w+) a (\w+) à (\w+) \?"),
        "where": re.compile(r"Où est-ce que (\w+) a (\w+) (?:une|un) (\w+ \w+) \?"),
    },
}


def deeds_of(sentences, language):
    """(person, verb, thing, place) of each sentence that tells a deed, else None."""
    found = []
    for sentence in sentences:
        match = DEEDS[language].fullmatch(sentence)
        if not match:
            found.append(None)
        elif language == "english":
            person, verb, adjective, noun, place = match.groups()
            found.append((person, verb, f"{adjective} {noun}", place))
        else:
            person, verb, _, noun, adjective, place = match.groups()
            found.append((person, verb, f"{noun} {adjective}", place))
    return found


def asked_of(question, language):
    """The kind of a question, and what it states: None where it asks."""
    for kind, pattern in ASKED[language].items():
        if match := pattern.fullmatch(question):
            a, b, c = match.groups()
            return kind, {
                "who": (None, a, b, c),
                "what": (a, b, None, c),
                "where": (a, b, c, None),
            }[kind]
    raise AssertionError(question)


def answers_to(question, deeds, language):
    """What every deed that fits the question says, and which deeds these are."""
    _, stated = asked_of(question, language)
    gap = stated.index(None)
    return [
        (i, deed[gap])
        for i, deed in enumerate(deeds)
        if deed and all(s is None or s == d for s, d in zip(stated, deed, strict=True))
    ]
