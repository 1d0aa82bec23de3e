"""What the simple predictors of stories reach, against simulation."""

import numpy as np
import pytest

from lib.tasks.story_grammar import GRAMMARS, cut
from lib.tasks.story_score import StoryScore
from tests.tasks.story_reader import BATCH, LENGTH, answers_to, asked_of, deeds_of, read


def score_of(language, fact="first", deeds=0.6, kinds=("who", "what", "where")):
    sizes = {"PERSON": 6, "VERB": 4, "ADJECTIVE": 2, "NOUN": 3, "PLACE": 4}
    grammar = cut(GRAMMARS[language], sizes)
    held = {"PERSON": 2, "VERB": 1}
    return StoryScore(grammar, kinds, sizes, held, fact == "first", deeds)


def familiar_examples(told, language):
    """(kind, deeds, answer) of training's examples."""
    return [
        (asked_of(question, language)[0], deeds_of(sentences, language), " ".join(said))
        for sentences, question, said in told
    ]


SLOT = {"who": 0, "what": 2, "where": 3}


@pytest.mark.parametrize("fact", ["first", "anywhere"])
def test_the_last_mention_reaches_its_closed_form(fact):
    _, _, told = read("train", fact=fact)
    right = []
    for kind, deeds, answer in familiar_examples(told, "english"):
        last = [deed for deed in deeds if deed][-1]
        right.append(last[SLOT[kind]] == answer)
    expected = score_of("english", fact).last_mention(LENGTH)
    assert np.mean(right) == pytest.approx(expected, abs=4 * 0.5 / BATCH**0.5)


@pytest.mark.parametrize("fact", ["first", "anywhere"])
def test_other_sentences_tell_nothing_about_the_answer(fact):
    """The asked slot of deeds that are not the fact equals the answer by chance."""
    _, _, told = read("train", fact=fact)
    number = {"who": 6, "what": 6, "where": 4}  # of words, held-out ones included
    same = {kind: [] for kind in SLOT}
    for sentences, question, answer in told:
        deeds = deeds_of(sentences, "english")
        kind = asked_of(question, "english")[0]
        fitting = answers_to(question, deeds, "english")[0][0]
        others = [d for i, d in enumerate(deeds) if d and i != fitting]
        same[kind] += [d[SLOT[kind]] == " ".join(answer) for d in others]
    for kind, hits in same.items():
        p = 1 / number[kind]
        assert np.mean(hits) == pytest.approx(p, abs=4 * (p / len(hits)) ** 0.5)


@pytest.mark.parametrize("language", list(GRAMMARS))
def test_the_question_alone_reaches_its_closed_form(language):
    """Always the most frequent answer of each kind, counted on half the examples."""
    _, _, told = read("train", language=language)
    cases = [(kind, answer) for kind, _, answer in familiar_examples(told, language)]
    half = len(cases) // 2
    best = {}
    for kind in SLOT:
        answers = [a for k, a in cases[:half] if k == kind]
        best[kind] = max(set(answers), key=answers.count)
    right = [best[kind] == answer for kind, answer in cases[half:]]
    expected = score_of(language).question_only()
    assert np.mean(right) == pytest.approx(expected, abs=4 * 0.4 / half**0.5)


@pytest.mark.parametrize("language", list(GRAMMARS))
def test_a_window_knows_what_it_holds_and_no_more(language):
    """Re-reading the last k inputs before each word of the answer."""
    task, batch, told = read("train", language=language)
    size = len(GRAMMARS[language].deed)
    score = score_of(language)
    length = LENGTH // size * size
    for k in range(1, length + 12):
        seen = []
        for row in range(512):
            scored = np.flatnonzero(batch.mask[row])[:-1]  # END needs no memory
            words = batch.targets[row, scored]
            # The first sentence is the fact: where in it each word of the answer is.
            where = [batch.inputs[row, :size].tolist().index(w) for w in words]
            held = [p - k + 1 <= w for p, w in zip(scored, where, strict=True)]
            assert len(set(held)) == 1  # all words of an answer at once
            seen.append(held[0])
        kinds = [asked_of(question, language)[0] for _, question, _ in told[:512]]
        for kind in SLOT:
            mine = [s for s, k2 in zip(seen, kinds, strict=True) if k2 == kind]
            assert set(mine) == {k >= score.needed(kind, length // size - 1)}


def test_a_window_over_facts_anywhere_scores_the_share_it_reaches():
    score = score_of("english", "anywhere", kinds=("who",))
    # Of 4 sentences the last 8 j + 8 inputs hold j whole ones and the question.
    for j in range(5):
        expected = j / 4 + (1 - j / 4) / 4
        assert score.window_accuracy(32, 8 * j + 8) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("language", "expected"),
    # English: "who" and "where" are asked for at different times, 4 names and 4
    # places; French: they meet at one word, so only the best kind counts.
    [("english", (1 / 4 + 1 / 4) / 3), ("french", (1 / 4) / 3)],
)
def test_the_floor_is_the_best_row_of_words(language, expected):
    assert score_of(language).blind() == pytest.approx(expected)
    _, batch, _ = read("train", language=language)
    rows = {}
    for targets, mask in zip(batch.targets, batch.mask, strict=True):
        said = tuple((int(i), int(targets[i])) for i in np.flatnonzero(mask))
        rows[said] = rows.get(said, 0) + 1
    # The best row by search: the most frequent answer, and whatever agrees with it.
    best = 0
    for first in rows:
        row, total = dict(first), 0
        for said in sorted(rows, key=rows.__getitem__, reverse=True):
            if all(row.get(i, word) == word for i, word in said):
                row |= dict(said)
                total += rows[said]
        best = max(best, total)
    # The largest of several counts lies above their mean, each of about 28 of 1,024 by
    # one or two deviations of 5: two kinds make 0.02.
    assert best / BATCH == pytest.approx(expected, abs=0.03)
