"""The sentences of `stories`, in English and in French: words, templates, vocabulary.

A template is a row of words and slots; a slot is written in capitals. Every sentence of
a language has the same number of tokens, and every choice of words gives a sentence
that is right: English adjectives begin with a consonant (always "a"), French ones are
the same in both genders and follow their noun, French names begin with a consonant (no
elision after "que"), and the article follows the gender of its noun.

    deed     Julie found a red lamp in Paris .
             Julie a trouvé une lampe rouge à Paris .
    scene    The road by the mill was calm .
             La route était très calme près du port .
    who      Who found a red lamp in Paris ?
             Qui a trouvé une lampe rouge à Paris ?
    what     What was it that Julie found in Paris ?
             Qu'est-ce que Julie a trouvé à Paris ?
    where    Where was it that Julie found a red lamp ?
             Où est-ce que Julie a trouvé une lampe rouge ?

Questions repeat the verb as the story has it, so that a verb that is never asked about
in training is still a word that training has shown.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from lib.data.question import END, SPECIAL

Template = tuple[str, ...]

QUESTIONS = ("who", "what", "where")
KEYS = {  # the slots that a question states; the others are its answer
    "who": ("VERB", "ADJECTIVE", "NOUN", "PLACE"),
    "what": ("PERSON", "VERB", "PLACE"),
    "where": ("PERSON", "VERB", "ADJECTIVE", "NOUN"),
}
DEED_SLOTS: Template = ("PERSON", "VERB", "ADJECTIVE", "NOUN", "PLACE")
SCENE_SLOTS: Template = ("SUBJECT", "MOOD", "SPOT")


class Grammar(NamedTuple):
    """A language: the words of each slot, and what its sentences look like."""

    words: Mapping[str, tuple[str, ...]]
    articles: Mapping[str, tuple[str, tuple[str, ...]]]  # slot: of which, each its own
    deed: Template
    scene: Template
    questions: Mapping[str, Template]
    answers: Mapping[str, Template]  # each ends with END


class Vocabulary(NamedTuple):
    """The tokens of a grammar: `symbols[token]`; a slot's words lie side by side."""

    symbols: tuple[str, ...]
    first: Mapping[str, int]  # slot -> token of its first word


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ENGLISH = Grammar(
    words={
        "PERSON": _words(
            "Julie Bill Mary Fred Sandra John Daniel Emily Peter Laura George "
            "Alice Martin Helen Oscar Ruth Simon Nora Victor Clara Hugo Irene "
            "Walter Paula"
        ),
        "VERB": _words(
            "found lost bought sold saw hid kept left forgot painted fixed stole"
        ),
        "ADJECTIVE": _words(
            "red blue green small big new round heavy broken wooden rare strange "
            "plain shiny dusty cheap"
        ),
        "NOUN": _words(
            "lamp book box bag key drum map mirror ring vase chair knife cup hat "
            "flute basket"
        ),
        "PLACE": _words(
            "Paris London Rome Berlin Madrid Vienna Lisbon Prague Oslo Athens "
            "Dublin Warsaw Cairo Lima Delhi Tokyo"
        ),
        "SUBJECT": _words("road river garden tower house field path wall"),
        "MOOD": _words("calm dark empty quiet cold wide grey clean"),
        "SPOT": _words("mill bridge castle park harbour lake village theatre"),
    },
    articles={},
    deed=("PERSON", "VERB", "a", "ADJECTIVE", "NOUN", "in", "PLACE", "."),
    scene=("The", "SUBJECT", "by", "the", "SPOT", "was", "MOOD", "."),
    questions={
        "who": ("Who", "VERB", "a", "ADJECTIVE", "NOUN", "in", "PLACE", "?"),
        "what": ("What", "was", "it", "that", "PERSON", "VERB", "in", "PLACE", "?"),
        "where": (
            ("Where", "was", "it", "that", "PERSON", "VERB", "a")
            + ("ADJECTIVE", "NOUN", "?")
        ),
    },
    answers={
        "who": ("PERSON", END),
        "what": ("ADJECTIVE", "NOUN", END),
        "where": ("PLACE", END),
    },
)

_FRENCH = Grammar(
    words={
        "PERSON": _words(
            "Julie Paul Marie Luc Sandrine Jean Daniel Claire Pierre Laure Georges "
            "Sophie Martin Nadia Bruno Ruth Simon Nora Victor Clara David Manon "
            "Thomas Juliette"
        ),
        "VERB": _words(
            "trouvé perdu acheté vendu vu caché gardé laissé oublié peint réparé volé"
        ),
        "ADJECTIVE": _words(
            "rouge jaune rose rare fragile solide magnifique bizarre utile propre "
            "sale immense étrange moderne rustique minuscule"
        ),
        "NOUN": _words(
            "lampe livre boîte sac clé tambour carte miroir bague vase chaise "
            "couteau tasse chapeau flûte panier"
        ),
        "PLACE": _words(
            "Paris Lyon Lille Nantes Nice Rennes Reims Toulouse Bordeaux Dijon "
            "Brest Metz Tours Nancy Grenoble Strasbourg"
        ),
        "SUBJECT": _words("route rivière maison tour rue jardin chemin champ"),
        "MOOD": _words("calme sombre vide triste large humide tranquille pâle"),
        "SPOT": _words("moulin pont château parc port lac village théâtre"),
    },
    articles={
        "ARTICLE": ("NOUN", ("une", "un") * 8),
        "OPENING": ("SUBJECT", ("La",) * 5 + ("Le",) * 3),
    },
    deed=("PERSON", "a", "VERB", "ARTICLE", "NOUN", "ADJECTIVE", "à", "PLACE", "."),
    scene=("OPENING", "SUBJECT", "était", "très", "MOOD", "près", "du", "SPOT", "."),
    questions={
        "who": (
            ("Qui", "a", "VERB", "ARTICLE", "NOUN", "ADJECTIVE", "à", "PLACE", "?")
        ),
        "what": ("Qu'est-ce", "que", "PERSON", "a", "VERB", "à", "PLACE", "?"),
        "where": (
            ("Où", "est-ce", "que", "PERSON", "a", "VERB", "ARTICLE")
            + ("NOUN", "ADJECTIVE", "?")
        ),
    },
    answers={
        "who": ("PERSON", END),
        "what": ("NOUN", "ADJECTIVE", END),
        "where": ("PLACE", END),
    },
)

GRAMMARS = {"english": _ENGLISH, "french": _FRENCH}


def cut(grammar: Grammar, sizes: Mapping[str, int]) -> Grammar:
    """The grammar with only the first so many words of some slots."""
    words = {s: w[: sizes.get(s, len(w))] for s, w in grammar.words.items()}
    return grammar._replace(words=words)


def make_vocabulary(grammar: Grammar) -> Vocabulary:
    """Special symbols, then the words of each slot, then those of the templates."""
    symbols, first = list(SPECIAL), {}
    for slot, words in grammar.words.items():
        first[slot] = len(symbols)
        symbols += words
    templates = (grammar.deed, grammar.scene, *grammar.questions.values())
    fixed = [w for t in templates for w in t if not _is_slot(grammar, w)]
    fixed += [word for _, words in grammar.articles.values() for word in words]
    symbols += [w for w in dict.fromkeys(fixed) if w not in symbols]
    return Vocabulary(tuple(symbols), first)


def render(
    grammar: Grammar,
    vocabulary: Vocabulary,
    template: Template,
    values: Mapping[str, Int[Array, "*N"]],
) -> Int[Array, "*N S"]:
    """The tokens of a template, from the number of the word in each of its slots."""
    like = next(iter(values.values()))
    columns = []
    for word in template:
        if word in vocabulary.first:
            columns.append(vocabulary.first[word] + values[word])
        elif word in grammar.articles:
            of, words = grammar.articles[word]
            tokens = np.array([vocabulary.symbols.index(w) for w in words], np.int32)
            columns.append(jnp.asarray(tokens)[values[of]])
        else:
            token = np.int32(vocabulary.symbols.index(word))
            columns.append(jnp.full_like(like, token))
    return jnp.stack(columns, axis=-1)


def _is_slot(grammar: Grammar, word: str) -> bool:
    return word in grammar.words or word in grammar.articles
