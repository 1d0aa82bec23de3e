"""CIDEr-D: how much a caption is like what people said of the picture (Vedantam,
Zitnick & Parikh 2015, arXiv:1411.5726, sections 4 and 5).

For n = 1 to 4 each sentence is a vector g with a number for each n-gram w: how often it
is there, times its weight log(I / d_w), where I is the number of pictures and d_w that
of pictures with w in any reference (1 if none). A candidate c and a reference s have

    sim_n(c, s) = exp(-(l_c - l_s)^2 / (2 * 6^2)) min(g(c), g(s)) . g(s)
                  / (|g(c)| |g(s)|)

with lengths l in words, and CIDEr-D = 10 mean_n mean_s sim_n, averaged over pictures.
It is from 0 to 10.

As in the authors' own program counts are not divided by the sentence's length. Unlike
it, words are taken as they are given: no Penn Treebank tokenizer, and no stemming,
which the paper describes and the customary implementation leaves out too.
"""

import math
from collections import Counter
from collections.abc import Sequence

_ORDERS = (1, 2, 3, 4)
_SIGMA = 6.0  # of the difference of lengths, in words
Words = Sequence[str]


def cider(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """CIDEr-D of one candidate a picture, from 0 to 10; nan without pictures.

    One picture alone gives 0: all its n-grams have no weight.
    """
    if len(candidates) != len(references):
        raise ValueError(
            f"cider: {len(candidates)} candidates for {len(references)} pictures"
        )
    if not candidates:
        return float("nan")
    scores = [
        sum(_similarity(n, candidates, references)) / len(candidates) for n in _ORDERS
    ]
    return 10 * sum(scores) / len(_ORDERS)


def _similarity(
    n: int, candidates: Sequence[Words], references: Sequence[Sequence[Words]]
) -> list[float]:
    """Of each candidate with its references, over n-grams."""
    seen = Counter()
    for sentences in references:
        seen.update({gram for sentence in sentences for gram in _grams(sentence, n)})
    weights = {gram: math.log(len(references) / d) for gram, d in seen.items()}
    unseen = math.log(len(references))
    vector = lambda words: {
        gram: count * weights.get(gram, unseen)
        for gram, count in _grams(words, n).items()
    }
    found = []
    for words, sentences in zip(candidates, references, strict=True):
        own = vector(words)
        each = [
            _cosine(own, vector(sentence), len(words) - len(sentence))
            for sentence in sentences
        ]
        found.append(sum(each) / len(each))
    return found


def _cosine(c: dict, s: dict, difference: int) -> float:
    product = sum(
        min(value, s[gram]) * s[gram] for gram, value in c.items() if gram in s
    )
    norms = math.sqrt(sum(v * v for v in c.values()) * sum(v * v for v in s.values()))
    penalty = math.exp(-(difference**2) / (2 * _SIGMA**2))
    return product / norms * penalty if norms else 0.0


def _grams(words: Words, n: int) -> Counter:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
