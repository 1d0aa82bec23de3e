"""Tasks of labelled texts: what is read, what is scored, how they are split."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import f1_score

from lib.data import classification, newsgroups, spam
from lib.data.dataset import load
from lib.data.labelled import Labelled, cut, fold_of
from lib.data.newsgroups import make_newsgroups, strip
from lib.data.spam import make_sms_spam
from lib.data.token import UNKNOWN
from lib.loss import Answers, f1
from lib.types import SPLITS, Batch
from tests.data.place import PUBLISHED
from tests.data.texts import small_texts

LENGTH = 30
needs_spam = pytest.mark.skipif(
    not (PUBLISHED / "sms_spam").is_dir(), reason="no sms_spam in $HORIZON_DATA"
)


def make(split, **settings):
    with small_texts():
        return make_newsgroups(split, 8, LENGTH, **settings)


@functools.cache
def corpus():
    with small_texts():
        return newsgroups._corpus(("footers", "headers", "quotes"))


def batches(task, length=LENGTH):
    at = jax.jit(task.batch_at)
    for index in range(task.eval_batches):
        yield at(task.data, jnp.int32(index), jnp.int32(length))


def test_every_text_of_a_split_is_scored_once_with_its_class():
    task = make("test")
    found = list(batches(task))
    scored = np.concatenate([np.asarray(b.mask).sum(1) for b in found])
    answers = np.concatenate([np.asarray(b.targets).max(1) for b in found])
    labels = corpus().splits["test"].labels
    np.testing.assert_array_equal(scored, [1] * 90 + [0] * (len(scored) - 90))
    np.testing.assert_array_equal(answers[:90], labels)


def test_one_task_reads_every_split_by_its_data():
    train, test = make("train"), make("test")
    for index in range(test.eval_batches):
        own = test.batch_at(test.data, jnp.int32(index), jnp.int32(LENGTH))
        through = train.batch_at(test.data, jnp.int32(index), jnp.int32(LENGTH))
        jax.tree.map(np.testing.assert_array_equal, own, through)


def test_reading_fewer_words_is_reading_a_shorter_text():
    task = make("test")
    whole, cut_short = next(batches(task)), next(batches(task, 5))
    np.testing.assert_array_equal(cut_short.inputs[:, :5], whole.inputs[:, :5])
    assert not np.asarray(cut_short.inputs)[:, 5:].any()
    np.testing.assert_array_equal(np.asarray(cut_short.mask).argmax(1), 4)
    np.testing.assert_array_equal(cut_short.targets[:, 4], whole.targets.max(1))


def test_the_vocabulary_is_of_the_training_texts_alone():
    task = make("validation", min_count=1, vocabulary_size=10_000)
    trained = " ".join(corpus().splits["train"].texts).lower()
    assert all(symbol in trained for symbol in task.symbols[2:])
    assert make("train", min_count=1, vocabulary_size=10_000).symbols == task.symbols
    assert "user0" not in task.symbols and "org" in task.symbols


def test_word_dropout_hides_its_share_of_words_in_training_alone():
    plain, hidden = make("train"), make("train", word_dropout=0.3)
    draw = lambda task: task.sample(jax.random.key(0), task.data, jnp.int32(LENGTH))
    before, after = (np.asarray(draw(task).inputs) for task in (plain, hidden))
    real = before > UNKNOWN
    share = (after[real] == UNKNOWN).mean()
    assert share == pytest.approx(0.3, abs=4 * (0.21 / real.sum()) ** 0.5)
    np.testing.assert_array_equal(after[~real], before[~real])
    tested = make("test", word_dropout=0.3)
    unread = next(batches(tested)).inputs, next(batches(make("test"))).inputs
    np.testing.assert_array_equal(*unread)


@pytest.mark.parametrize(
    ("balance", "expected"), [(0.0, 0.2), (0.5, 1 / 3), (1.0, 0.5)]
)
def test_balance_draws_the_rarer_class_more_often(balance, expected):
    with small_texts():
        task = make_sms_spam("train", 4096, 4, balance=balance)
    batch = jax.jit(task.sample)(jax.random.key(0), task.data, jnp.int32(4))
    share = float(np.asarray(batch.targets).max(1).mean())
    # One text in five is spam: 0.2, with weights of the root 0.2 / (0.2 + 0.8 / 2).
    assert share == pytest.approx(expected, abs=4 * (0.25 / 4096) ** 0.5)


def test_every_text_is_drawn_as_often_as_any_other_without_balance():
    task = make("train")
    size = len(task.data["labels"])
    shares = np.diff(np.asarray(task.data["shares"])[:-1], prepend=0)
    np.testing.assert_allclose(shares, 1 / size, rtol=1e-3)


def test_the_floor_is_the_share_of_the_most_frequent_class():
    task = make("test")
    most = np.bincount(corpus().splits["test"].labels).argmax()
    outputs = np.eye(3, dtype=np.float32)[np.full((8, LENGTH), most)]
    sums = [task.metrics["accuracy"].accumulate(outputs, b) for b in batches(task)]
    total = jax.tree.map(lambda *leaves: sum(leaves), *sums)
    assert task.metrics["accuracy"].finalize(total) == pytest.approx(task.floor(1))


def test_the_floor_of_f1_is_that_of_always_answering_spam():
    with small_texts():
        task = make_sms_spam("test", 64, LENGTH)
        labels = spam._sms_spam(0).splits["test"].labels
    assert task.score_metric == "f1"
    assert task.floor(1) == pytest.approx(f1_score(labels, np.ones_like(labels)))
    for rate in (0.25, 0.5, 0.75):
        flips = np.random.default_rng(0).random((300, len(labels))) < rate
        blind = np.mean([f1_score(labels, flip) for flip in flips])
        assert blind < task.floor(1)


def test_f1_over_two_batches_is_that_of_scikit_learn_over_all():
    random = np.random.default_rng(0)
    labels, answers = random.integers(0, 3, (2, 2, 40))
    metric = f1(2)
    sums = []
    for truth, answer in zip(labels, answers, strict=True):
        mask = np.zeros((40, 2), np.float32)
        mask[:, 1] = 1
        targets = np.stack([answer, truth], 1).astype(np.int32)
        outputs = np.eye(3, dtype=np.float32)[np.stack([truth, answer], 1)]
        batch = Batch(np.zeros_like(targets), jnp.asarray(targets), jnp.asarray(mask))
        sums.append(metric.accumulate(jnp.asarray(outputs), batch))
    reached = metric.finalize(jax.tree.map(lambda a, b: a + b, *sums))
    expected = f1_score(labels.ravel() == 2, answers.ravel() == 2)
    assert reached == pytest.approx(expected, rel=1e-6)


def test_f1_of_a_class_that_is_not_there_is_not_a_number():
    zero = jnp.float32(0)
    assert np.isnan(f1(0).finalize(Answers(zero, zero, zero)))


def test_empty_texts_are_one_unknown_word_and_counted():
    texts = Labelled(("", "-- ...", "moon orbit moon orbit"), np.array([0, 1, 0]))
    splits = dict.fromkeys(SPLITS, texts)
    tiny = classification.Corpus("tiny", ("a", "b"), splits, "0")
    task = classification.make_classification(
        tiny, "test", 3, 4, classification.Vocabulary()
    )
    batch = next(batches(task, 4))
    np.testing.assert_array_equal(np.asarray(batch.inputs)[:2], [[1, 0, 0, 0]] * 2)
    np.testing.assert_array_equal(np.asarray(batch.mask)[:2, 0], [1, 1])
    assert task.facts["num_empty"] == 6 and task.facts["num_unknown_texts"] == 2
    assert task.facts["unknown_rate"] == pytest.approx(2 / 6)


def test_every_class_gives_its_share_to_a_cut():
    labels = np.array([0] * 40 + [1] * 10)
    data = Labelled(tuple(map(str, range(50))), labels)
    first, second = cut(data, 0.1, "salt")
    assert np.bincount(first.labels).tolist() == [4, 1]
    assert not set(first.texts) & set(second.texts)
    assert set(first.texts) | set(second.texts) == set(data.texts)


def test_folds_deal_every_class_evenly():
    labels = np.array([0] * 41 + [1] * 9)
    data = Labelled(tuple(map(str, range(50))), labels)
    folds = fold_of(data, 5, "salt")
    for label in (0, 1):
        counts = np.bincount(folds[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1


@needs_spam
@pytest.mark.parametrize(
    ("name", "num_texts", "num_spam"),
    [
        # Counted in a shell: of 5,574 messages 403 repeat one, of 2,893 mails 17.
        ("sms_spam", 5_171, 653),
        ("ling_spam", 2_876, 468),
    ],
)
def test_five_folds_share_no_text_and_hold_them_all(name, num_texts, num_spam):
    texts = {record["text"] for record in load(name)["all"]}
    assert len(texts) == num_texts
    corpora = [getattr(spam, f"_{name}")(fold) for fold in range(spam.NUM_FOLDS)]
    raw = [text for own in corpora for text in own.splits["test"].texts]
    assert len(raw) == num_texts
    assert sum(int(c.splits["test"].labels.sum()) for c in corpora) == num_spam
    for own in corpora:
        assert sum(len(d.texts) for d in own.splits.values()) == num_texts


MESSAGE = """From: @host.org (A B)
Subject: wheels

@host.org writes:
> Which wheel?
This one.

--
A B, Somewhere"""


@pytest.mark.parametrize("keep", [("headers", "quotes"), ("footers",), ()])
def test_stripping_is_that_of_scikit_learn(keep):
    from sklearn.datasets import _twenty_newsgroups as published

    removers = {
        "headers": published.strip_newsgroup_header,
        "footers": published.strip_newsgroup_footer,
        "quotes": published.strip_newsgroup_quoting,
    }
    expected = MESSAGE
    for section in ("headers", "footers", "quotes"):
        if section not in keep:
            expected = removers[section](expected)
    assert strip(MESSAGE, keep).strip() == expected.strip()
