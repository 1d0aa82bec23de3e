"""Stories: their grammar, their answers by re-reading, what is held out."""

import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks import stories
from lib.tasks.stories import make_stories
from lib.tasks.story_grammar import GRAMMARS, cut, make_vocabulary, render
from tests.tasks.story_reader import (
    BATCH,
    SMALL,
    answers_to,
    asked_of,
    deeds_of,
    read,
)


def test_the_example_of_the_docstring_is_the_first_of_key_zero():
    task = make_stories("train", 1, 16)
    batch = jax.jit(task.sample)(jax.random.key(0), (), jnp.int32(16))
    words = [task.symbols[t] for t in np.asarray(batch.inputs[0]) if t]
    text = inspect.getdoc(stories)
    printed = re.search(r"inputs +(.+?)\n +targets", text, re.S)[1].split()
    answer = re.search(r"targets .+?\)  +(.+)", text)[1].split()
    assert words == printed
    assert [task.symbols[t] for t in batch.targets[0][batch.mask[0] > 0]] == answer


GOLDEN = {
    "english": (
        "Nora forgot a big box in Paris .",
        "Who forgot a big box in Paris ?",
        "What was it that Nora forgot in Paris ?",
        "Where was it that Nora forgot a big box ?",
    ),
    "french": (
        "Nora a vu un livre rouge à Lille .",
        "Qui a vu un livre rouge à Lille ?",
        "Qu'est-ce que Nora a vu à Lille ?",
        "Où est-ce que Nora a vu un livre rouge ?",
    ),
}


@pytest.mark.parametrize("language", list(GRAMMARS))
def test_sentences_and_questions_are_those_of_the_grammar(language):
    """Written by hand, and found letter by letter among what is rendered."""
    grammar = GRAMMARS[language]
    vocabulary = make_vocabulary(grammar)
    golden = GOLDEN[language]
    values = {}
    for slot, words in grammar.words.items():
        here = [w for w in words if w in golden[0].split()]
        values[slot] = jnp.array([words.index(here[0]) if here else 0])
    templates = (grammar.deed, *grammar.questions.values())
    for template, text in zip(templates, golden, strict=True):
        tokens = np.asarray(render(grammar, vocabulary, template, values))[0]
        assert " ".join(vocabulary.symbols[t] for t in tokens) == text


@pytest.mark.parametrize("language", list(GRAMMARS))
def test_words_are_distinct_and_need_no_agreement(language):
    grammar = GRAMMARS[language]
    symbols = make_vocabulary(grammar).symbols
    assert len(set(symbols)) == len(symbols)
    vowels = "aeiouyhéèêâîôû"
    if language == "english":  # "a", never "an"
        assert not any(w[0] in "aeiou" for w in grammar.words["ADJECTIVE"])
    else:  # no elision, and adjectives that are the same in both genders
        assert not any(w[0].lower() in vowels for w in grammar.words["PERSON"])
        assert all(w[-1] == "e" for w in grammar.words["ADJECTIVE"])
        feminine = "lampe boîte clé carte bague chaise tasse flûte".split()
        of, articles = grammar.articles["ARTICLE"]
        pairs = zip(grammar.words[of], articles, strict=True)
        assert {n for n, a in pairs if a == "une"} == set(feminine)


@pytest.mark.parametrize("language", list(GRAMMARS))
@pytest.mark.parametrize("fact", ["first", "anywhere"])
def test_the_answer_is_what_the_one_fitting_sentence_says(language, fact):
    _, _, told = read(language=language, fact=fact)
    places = set()
    for sentences, question, answer in told:
        deeds = deeds_of(sentences, language)
        fitting = answers_to(question, deeds, language)
        assert [say for _, say in fitting] == [" ".join(answer)], (sentences, question)
        places.add(fitting[0][0])
    assert places == ({0} if fact == "first" else set(range(len(told[0][0]))))


@pytest.mark.parametrize("length", [8, 15, 16, 54])
def test_a_story_of_T_tokens_has_T_over_8_english_sentences(length):
    _, _, told = read(length=length)
    assert {len(sentences) for sentences, _, _ in told} == {length // 8}


def test_rivals_do_the_same_elsewhere_or_are_other_people():
    _, _, told = read(rivals=1.0, deeds=1.0)
    for sentences, question, _ in told:
        kind, stated = asked_of(question, "english")
        for deed in deeds_of(sentences, "english")[1:]:
            assert deed[1] == stated[1]
            if kind != "what":
                assert deed[2] == stated[2]
            changed = {"who": 3, "where": 0}.get(kind)
            assert changed is None or deed[changed] != stated[changed]


def test_no_deed_is_told_where_deeds_are_none():
    _, _, told = read(deeds=0.0)
    assert all(deeds_of(s, "english")[1:] == [None] * 5 for s, _, _ in told)


def test_training_never_asks_about_held_out_names_and_verbs():
    _, _, told = read("train")
    grammar = cut(GRAMMARS["english"], {"PERSON": 6, "VERB": 4})
    names, verbs = grammar.words["PERSON"][4:], grammar.words["VERB"][3:]
    asked = {deeds_of(sentences, "english")[0] for sentences, _, _ in told}
    told_else = [
        deed for s, _, _ in told for deed in deeds_of(s, "english")[1:] if deed
    ]
    assert not {d[0] for d in asked} & set(names)
    assert not {d[1] for d in asked} & set(verbs)
    assert {d[0] for d in told_else} >= set(names)
    assert {d[1] for d in told_else} >= set(verbs)


def test_evaluation_asks_about_each_of_them_in_one_of_eight():
    _, _, told = read()
    grammar = cut(GRAMMARS["english"], {"PERSON": 6, "VERB": 4})
    facts = [deeds_of(sentences, "english")[0] for sentences, _, _ in told]
    for slot, place, kept in (("PERSON", 0, 4), ("VERB", 1, 3)):
        held = set(grammar.words[slot][kept:])
        rate = np.mean([fact[place] in held for fact in facts])
        assert rate == pytest.approx(1 / 8, abs=4 * (7 / 64 / BATCH) ** 0.5)


@pytest.mark.parametrize("language", list(GRAMMARS))
def test_metrics_of_held_out_words_count_those_facts_only(language):
    """Right exactly on one group of examples: that metric is 1, all others are 0."""
    task, batch, told = read(language=language, fact="anywhere")
    grammar = cut(GRAMMARS[language], {"PERSON": 6, "VERB": 4})
    names, verbs = set(grammar.words["PERSON"][4:]), set(grammar.words["VERB"][3:])
    groups = []
    for sentences, question, _ in told:
        deeds = deeds_of(sentences, language)
        kind = asked_of(question, language)[0]
        person, verb, _, _ = deeds[answers_to(question, deeds, language)[0][0]]
        held = "held_out_answers" if kind == "who" else "held_out_names"
        special = "held_out_verbs" if verb in verbs else kind
        groups.append(held if person in names else special)
    groups = np.array(groups)
    familiar = ("who", "what", "where")
    accumulate = compiled(task)
    for name in (*familiar, "held_out_names", "held_out_answers", "held_out_verbs"):
        outputs = perfect(task, batch, groups == name)
        found = measure(task, accumulate, outputs, batch)
        share = np.mean(groups[np.isin(groups, familiar)] == name)
        assert found.pop("exact_match") == pytest.approx(share, abs=1e-6)
        assert found == {key: float(key == name) for key in found}


def perfect(task, batch, right):
    """Outputs that answer the chosen examples right, and all others wrong."""
    targets = np.where(right[:, None], batch.targets, (batch.targets + 1))
    return np.eye(len(task.symbols) + 1, dtype=np.float32)[targets][..., :-1]


def compiled(task):
    return jax.jit(
        lambda outputs, batch: {
            name: metric.accumulate(outputs, batch)
            for name, metric in task.metrics.items()
        }
    )


def measure(task, accumulate, outputs, batch):
    sums = accumulate(outputs, batch)
    return {name: task.metrics[name].finalize(sum) for name, sum in sums.items()}


def test_there_are_several_hundred_thousand_facts():
    task = make_stories("train", 1, 16)
    assert task.facts["num_facts"] == 24 * 12 * 16 * 16 * 16 == 1_179_648
    assert task.facts["num_training_facts"] == 20 * 10 * 16 * 16 * 16 == 819_200
    _, batch, _ = read("train", 8, batch=20_000, **UNCUT)
    distinct = len(np.unique(batch.inputs[:, :8], axis=0))
    # Of 20,000 draws from N, about 20,000^2 / 2N repeat; three standard deviations.
    expected = 20_000**2 / 2 / 819_200
    assert 20_000 - distinct == pytest.approx(expected, abs=3 * expected**0.5)


UNCUT = {
    "num_names": 24,
    "num_verbs": 12,
    "num_adjectives": 16,
    "num_nouns": 16,
    "num_places": 16,
    "held_out_names": 4,
    "held_out_verbs": 2,
}


def test_mixed_lengths_are_drawn_in_training_only():
    _, _, told = read("train", curriculum="mixed")
    assert {len(sentences) for sentences, _, _ in told} == set(range(1, 7))
    _, _, told = read("test")  # the same setting
    assert {len(sentences) for sentences, _, _ in told} == {6}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_names": 30}, "num_names must be at most 24 in english, got 30"),
        ({"held_out_verbs": 3}, "held_out_verbs must leave at least 2 .* = 4, got 3"),
    ],
)
def test_sizes_beyond_the_words_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make_stories("train", 1, 16, **{**SMALL, **options})
