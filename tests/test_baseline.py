"""TF-IDF beside a task: on the same texts, read as far, measured once."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from lib import baseline, store
from lib.data import newsgroups
from lib.data.newsgroups import make_newsgroups
from lib.data.spam import make_sms_spam
from lib.data.token import beginnings
from tests.data.texts import small_texts


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A store, a task of small texts, and its baseline."""
    root = tmp_path_factory.mktemp("store")
    with small_texts():
        task = make_newsgroups("test", 8, 20)
    return root, task, baseline.ensure_baseline(root, task, (5, 12))


def test_the_default_reader_is_scikit_learns_on_the_same_split(measured):
    _, _, content = measured
    with small_texts():
        splits = newsgroups._corpus(("footers", "headers", "quotes")).splits
    vectorizer = TfidfVectorizer()
    features = vectorizer.fit_transform(splits["train"].texts)
    model = LogisticRegression(max_iter=300).fit(features, splits["train"].labels)
    for length, texts in (
        ("whole", splits["test"].texts),
        ("5", [beginnings(text, "word", [5])[0] for text in splits["test"].texts]),
    ):
        answers = model.predict(vectorizer.transform(texts))
        expected = np.mean(answers == splits["test"].labels)
        assert content["readers"]["TF-IDF"]["test"][length] == pytest.approx(expected)


def test_what_is_measured_is_kept_and_not_measured_again(measured, monkeypatch):
    root, task, content = measured
    key = store.baseline_key(task.facts)
    kept = store.read_baseline(root, key)["readers"]
    assert kept["TF-IDF"] == content["readers"]["TF-IDF"]
    monkeypatch.setattr(baseline, "_measure", lambda *_: pytest.fail("again"))
    again = baseline.ensure_baseline(root, task, (5, 12))
    assert again["readers"] == kept


def test_more_lengths_are_measured_beside_those_there_are(measured, monkeypatch):
    root, task, _ = measured
    asked = []
    monkeypatch.setattr(
        baseline, "_measure", lambda corpus, unit, lengths, _: asked.append(lengths)
    )
    baseline.ensure_baseline(root, task, (7,))
    assert asked[0] == [5, 7, 12]


def test_f1_is_measured_where_it_is_the_score(tmp_path):
    with small_texts():
        task = make_sms_spam("test", 8, 20)
    content = baseline.ensure_baseline(tmp_path, task, (20,))
    assert content["metric"] == "f1"
    assert set(content["readers"]) == {"TF-IDF", "TF-IDF, tuned", "TF-IDF, characters"}
    tuned = content["readers"]["TF-IDF, tuned"]
    assert tuned["test"]["whole"] > 0.9 > task.floor(1)  # their words tell them apart


def test_a_damaged_baseline_reads_as_none(tmp_path):
    (tmp_path / "baselines").mkdir()
    (tmp_path / "baselines" / "a-word.json").write_text("{")
    assert store.read_baseline(tmp_path, "a-word") == {}
    assert store.read_baseline(tmp_path, "b-word") == {}
    assert store.baseline_key({}) == "" == store.baseline_key(None)
