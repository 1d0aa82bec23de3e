"""Character-level data: the text, its vocabulary, its splits and their windows."""

import collections
import hashlib
import math
import pydoc_data.topics

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.data.language import make_corpus, make_language
from lib.data.python_docs import make_python_docs, read_corpus, read_text
from lib.data.symbol import UNKNOWN, decode, encode
from lib.types import SPLITS

# 200 characters: 180 train, 10 validate (with two that training has not), 10 test.
TEXT = "to be or not to be; " * 9 + "to ZEBRA b" + "be or not "
CORPUS = make_corpus("words", TEXT)
PARTS = {"train": TEXT[:180], "validation": TEXT[180:190], "test": TEXT[190:]}


def tiles(task, length=None):
    """The inputs, targets and mask of all tiles of a split."""
    length = jnp.int32(task.max_length if length is None else length)
    batch_at = jax.jit(task.batch_at)
    batches = [
        batch_at(task.data, jnp.int32(i), length) for i in range(task.eval_batches)
    ]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *batches)


def test_text_survives_encoding_and_decoding():
    assert decode(encode("not to be", CORPUS.symbols), CORPUS.symbols) == "not to be"


@pytest.mark.parametrize("character", ["Z", "\n", "\udc80", UNKNOWN["character"]])
def test_a_character_that_training_has_not_is_the_unknown_symbol(character):
    tokens = encode(f"b{character}b", CORPUS.symbols)
    assert decode(tokens, CORPUS.symbols) == f"b{UNKNOWN['character']}b"


def test_the_vocabulary_is_that_of_the_training_split():
    assert CORPUS.symbols == (*sorted(set(" ;benort")), UNKNOWN["character"])


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(("batch_size", "max_length"), [(2, 3), (4, 9), (64, 1)])
def test_tiles_score_every_target_of_a_split_once(split, batch_size, max_length):
    task = make_language(CORPUS, split, batch_size, max_length)
    batch = tiles(task)
    scored = batch.mask == 1
    expected = encode(PARTS[split], CORPUS.symbols)
    np.testing.assert_array_equal(batch.targets[scored], expected[1:])
    np.testing.assert_array_equal(batch.inputs[scored], expected[:-1])


def windows(task):
    """All windows of the streams of a split, one below the other in time."""
    length = jnp.int32(task.max_length)
    stream_at = jax.jit(task.stream_at)
    batches = [
        stream_at(task.data, jnp.int32(i), length) for i in range(task.stream_batches)
    ]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves, 1), *batches)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    ("batch_size", "max_length"), [(2, 3), (4, 9), (3, 5), (1, 4), (64, 1)]
)
def test_streams_score_every_target_of_a_split_once(split, batch_size, max_length):
    task = make_language(CORPUS, split, batch_size, max_length)
    batch = windows(task)
    scored = batch.mask == 1
    expected = encode(PARTS[split], CORPUS.symbols)
    # Streams are rows, each consecutive, and together they are the split.
    np.testing.assert_array_equal(batch.targets[scored], expected[1:])
    np.testing.assert_array_equal(batch.inputs[scored], expected[:-1])
    assert not batch.targets[~scored].any()


def test_a_stream_begins_at_the_first_step_of_its_first_window():
    batch = windows(make_language(CORPUS, "train", 4, 9))
    expected = np.zeros(batch.mask.shape, bool)
    expected[:, 0] = True
    np.testing.assert_array_equal(batch.reset, expected)


def test_streams_are_equally_long_but_for_the_last():
    batch = windows(make_language(CORPUS, "train", 4, 9))  # 179 targets
    assert batch.mask.sum(1).tolist() == [45, 45, 45, 44]


def test_one_compiled_stream_serves_every_split():
    train, test = (make_language(CORPUS, s, 3, 4) for s in ("train", "test"))
    program = jax.jit(train.stream_at)
    batch = program(test.data, jnp.int32(0), jnp.int32(4))
    expected = test.stream_at(test.data, jnp.int32(0), jnp.int32(4))
    jax.tree.map(np.testing.assert_array_equal, batch, expected)


def test_the_vocabulary_report_counts_tokens_and_unknown_ones():
    facts = CORPUS.facts
    assert facts["tokens"] == {"train": 180, "validation": 10, "test": 10}
    # "to ZEBRA b" has five characters that training has not.
    assert facts["unknown"] == {"train": 0.0, "validation": 0.5, "test": 0.0}
    assert facts["symbols"] == len(CORPUS.symbols) == 9
    counts = collections.Counter(PARTS["train"])
    assert {s: pytest.approx(n / 180) for s, n in counts.items()} == dict(
        facts["frequent"]
    )
    assert facts["frequent"][0][0] == " "


def test_tiles_of_a_shorter_length_score_the_start_of_each_window():
    batch = tiles(make_language(CORPUS, "train", 4, 9), length=5)
    starts = [TEXT[i : i + 5] for i in range(0, 179, 9)]
    shown = [decode(row[:5], CORPUS.symbols) for row in batch.inputs[: len(starts)]]
    assert [s[: len(x)] for s, x in zip(shown, starts, strict=True)] == starts
    assert batch.mask[:, 5:].sum() == 0


@pytest.mark.parametrize("split", SPLITS)
def test_windows_lie_in_their_split_and_reach_both_its_ends(split):
    task = make_language(CORPUS, split, 4000, 8)
    batch = jax.jit(task.sample)(jax.random.key(0), task.data, jnp.int32(8))
    windows = np.concatenate([batch.inputs, batch.targets[:, -1:]], axis=1)
    part = encode(PARTS[split], CORPUS.symbols).tolist()
    possible = {tuple(part[i : i + 9]) for i in range(len(part) - 8)}
    assert set(map(tuple, windows.tolist())) == possible


def test_targets_are_the_inputs_one_place_later():
    task = make_python_docs("train", 16, 24)
    batch = jax.jit(task.sample)(jax.random.key(0), task.data, jnp.int32(24))
    np.testing.assert_array_equal(batch.targets[:, :-1], batch.inputs[:, 1:])


@pytest.mark.parametrize("split", ["validation", "test"])
def test_one_compiled_program_serves_every_split(split):
    train, other = (make_python_docs(s, 8, 16) for s in ("train", split))
    traces = []
    program = jax.jit(lambda *given: traces.append(1) or train.batch_at(*given))
    program(train.data, jnp.int32(0), jnp.int32(16))
    batch = program(other.data, jnp.int32(0), jnp.int32(16))
    expected = other.batch_at(other.data, jnp.int32(0), jnp.int32(16))
    assert len(traces) == 1
    jax.tree.map(np.testing.assert_array_equal, batch, expected)


@pytest.mark.parametrize("split", SPLITS)
def test_the_floor_is_the_loss_of_training_frequencies(split):
    counts = collections.Counter(c for c in PARTS["train"])
    total = len(PARTS["train"]) + len(counts) + 1
    nats = [-math.log((counts[c] + 1) / total) for c in PARTS[split][1:]]
    task = make_language(CORPUS, split, 4, 9)
    assert task.floor(9) == pytest.approx(np.mean(nats), rel=1e-12)


def test_answering_training_frequencies_reaches_the_floor():
    task = make_python_docs("validation", 32, 128)
    train = make_python_docs("train", 32, 128).data
    tokens = np.asarray(train["tokens"])[: int(train["stop"])]
    counts = np.bincount(tokens, minlength=len(task.symbols)) + 1
    batch = tiles(task)
    shape = (*batch.mask.shape, len(counts))
    outputs = np.broadcast_to(np.log(counts / counts.sum()).astype(np.float32), shape)
    loss = task.metrics["loss"]
    reached = loss.finalize(loss.accumulate(jnp.asarray(outputs), batch))
    assert reached == pytest.approx(task.floor(128), rel=1e-5)  # float32 sums


@pytest.mark.parametrize("max_length", [0, 10])
def test_a_window_must_fit_the_shortest_split(max_length):
    message = f"words: length must be at least 1 and at most 9, got {max_length}"
    with pytest.raises(ValueError, match=message):
        make_language(CORPUS, "train", 4, max_length)


def test_python_docs_are_the_topics_in_the_order_of_their_names():
    topics = sorted(pydoc_data.topics.topics.items())
    text = "\n".join(text for _, text in topics)
    task = make_python_docs("train", 2, 16)
    assert task.fingerprint == hashlib.sha256(text.encode()).hexdigest()
    assert decode(np.asarray(task.data["tokens"]), task.symbols) == text


def test_python_docs_do_not_depend_on_the_order_of_the_dictionary(monkeypatch):
    monkeypatch.setattr(pydoc_data.topics, "topics", {"b": "second", "a": "first"})
    assert read_text() == "first\nsecond"


def test_python_docs_are_cut_at_ninety_and_ninety_five_percent():
    tasks = [make_python_docs(split, 2, 16) for split in SPLITS]
    size = len(read_corpus().tokens)
    stops = [int(task.data["stop"]) / size for task in tasks]
    assert stops == pytest.approx([0.9, 0.95, 1], abs=1 / size)
    starts = [int(task.data["start"]) for task in tasks]
    assert starts == [0, *(int(task.data["stop"]) for task in tasks[:2])]


def test_a_text_is_read_once_per_process():
    assert make_python_docs("train", 2, 16).data["tokens"] is read_corpus().tokens
