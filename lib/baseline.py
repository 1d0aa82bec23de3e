"""What scikit-learn's TF-IDF and logistic regression reach on the texts of a task.

They learn from the same masked training texts, and read the same first n symbols of
each test text, as the models they stand beside. "TF-IDF" is scikit-learn's default;
"TF-IDF, tuned" takes the logarithm of counts and chooses by validation among words and
pairs of words and strengths of regularisation. Where the training texts are few,
"TF-IDF, characters" reads groups of 2 to 5 characters within words, tuned likewise.

The numbers are kept in the store, under a key of the texts, so that they are measured
once.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lib import store
from lib.data.classification import corpus_of
from lib.data.labelled import Corpus
from lib.data.token import Unit, beginnings
from lib.types import Split, Task

VERSION = 1  # raise it when the same texts give other numbers
WHOLE = "whole"  # the length of a text that is read to its end
_FEW = 4_000_000  # characters of training text
_MOST_PAIRS = 100_000  # features, so that newsgroups take a minute and not five
_STRENGTHS = (10.0, 100.0)  # C: the inverse of the regularisation

# vectorizer settings and strengths to choose from, by the reader's name
Choice = tuple[dict[str, Any], float]


def ensure_baseline(root: Path, task: Task, lengths: Sequence[int]) -> dict[str, Any]:
    """The baseline of a classification task in a store, measured where it lacks.

    Returns {"metric", "unit", "readers": {name: {"settings", "seconds", "validation",
    "test": {length: value}}}}.
    """
    key, unit = store.baseline_key(task.facts), task.facts["unit"]
    known = store.read_baseline(root, key)
    wanted = sorted({*lengths, *map(int, known.get("lengths", ()))})
    if known.get("version") == VERSION and known.get("lengths") == wanted:
        return known
    corpus = corpus_of(task.facts["texts"])
    print(f"tf-idf beside {corpus.name}: training ...", file=sys.stderr)
    content = {
        "version": VERSION,
        "lengths": wanted,
        "metric": task.score_metric,
        "unit": unit,
        "readers": {
            name: _measure(corpus, unit, wanted, choices)
            for name, choices in _readers(corpus).items()
        },
    }
    store.write_baseline(root, key, content)
    return content


def _readers(corpus: Corpus) -> dict[str, list[Choice]]:
    words = {"sublinear_tf": True}
    pairs = {**words, "ngram_range": (1, 2), "max_features": _MOST_PAIRS}
    readers: dict[str, list[Choice]] = {
        "TF-IDF": [({}, 1.0)],
        "TF-IDF, tuned": [(kind, C) for kind in (words, pairs) for C in _STRENGTHS],
    }
    if sum(map(len, corpus.splits["train"].texts)) < _FEW:
        kind = {**words, "analyzer": "char_wb", "ngram_range": (2, 5)}
        readers["TF-IDF, characters"] = [(kind, C) for C in _STRENGTHS]
    return readers


def _measure(
    corpus: Corpus, unit: Unit, lengths: Sequence[int], choices: Sequence[Choice]
) -> dict[str, Any]:
    """The best of the choices by validation, and what it reaches on test."""
    started = time.monotonic()
    fitted = [(choice, _fit(corpus, *choice)) for choice in choices]
    scores = [_score(corpus, read, "validation") for _, read in fitted]
    best = int(np.argmax(scores))
    (settings, strength), read = fitted[best]
    texts = corpus.splits["test"].texts
    cuts = zip(*(beginnings(text, unit, lengths) for text in texts), strict=True)
    test = {
        str(length): _score(corpus, read, "test", cut)
        for length, cut in zip(lengths, cuts, strict=True)
    }
    test[WHOLE] = _score(corpus, read, "test")
    return {
        "settings": {**settings, "C": strength},
        "seconds": time.monotonic() - started,
        "validation": scores[best],
        "test": test,
    }


def _fit(
    corpus: Corpus, settings: Mapping[str, Any], strength: float
) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from texts to labels, learned from the training split."""
    # Here, not at the top: they take seconds, and only this function needs them.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(**settings)
    texts, labels = corpus.splits["train"]
    features = vectorizer.fit_transform(texts)
    model = LogisticRegression(C=strength, max_iter=300).fit(features, labels)
    return lambda texts: model.predict(vectorizer.transform(texts))


def _score(
    corpus: Corpus,
    read: Callable[[Sequence[str]], np.ndarray],
    split: Split,
    texts: Sequence[str] | None = None,
) -> float:
    """Accuracy, or the F1 of the positive class, as the task's own score."""
    labels = corpus.splits[split].labels
    answers = read(corpus.splits[split].texts if texts is None else texts)
    if corpus.positive is None:
        return float(np.mean(answers == labels))
    answered, true = answers == corpus.positive, labels == corpus.positive
    return float(2 * np.sum(answered & true) / max(1, np.sum(answered) + np.sum(true)))
