"""The window scores, against predictors fitted to samples of the tasks."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.adding import make_adding
from lib.tasks.adding_any import make_adding_any
from lib.tasks.copy_memory import make_copy_memory
from lib.tasks.recall import make_recall

RECALL = make_recall("train", 40_000, 5, num_symbols=4, num_distractors=3)
COPIES = {
    (10, 8): make_copy_memory("train", 20_000, 4),
    (3, 5): make_copy_memory("train", 20_000, 4, num_copied=3, num_symbols=5),
}
ADDINGS = [make("train", 50_000, 20) for make in (make_adding, make_adding_any)]


@functools.cache
def compiled(sample):
    return jax.jit(sample)


def draw(task, length):
    batch = compiled(task.sample)(jax.random.key(0), task.data, jnp.int32(length))
    return jax.tree.map(np.asarray, batch)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_recall_is_known_to_a_window_that_holds_the_cue_and_to_no_other(k):
    """The majority answer to each content of the window, counted on other examples."""
    length, num_symbols = 5, 4
    batch = draw(RECALL, length)
    window = batch.inputs[:, length - k :] @ 10 ** np.arange(k)  # one number a content
    cue = batch.targets[:, -1]
    contents, content = np.unique(window, return_inverse=True)
    counts = np.zeros((len(contents), num_symbols))
    fitted = slice(0, 20_000)
    np.add.at(counts, (content[fitted], cue[fitted]), 1)
    reached = (counts.argmax(1)[content] == cue)[20_000:].mean()
    floor = RECALL.floor(length)
    expected = floor + (1 - floor) * RECALL.window_score(length, k)
    # Four standard errors of 20,000 examples.
    assert reached == pytest.approx(expected, abs=0.0125)


@pytest.mark.parametrize("length", [2, 7, 20])
@pytest.mark.parametrize("task", ADDINGS, ids=["halves", "any"])
def test_adding_is_known_to_the_share_of_markers_in_the_window(task, length):
    """Least squares on what a window knows: how many markers it holds, their sum."""
    batch = draw(task, length)
    target = batch.targets[:, length - 1, 0].astype(np.float64)
    for k in range(1, length + 1):
        seen = batch.inputs[:, length - k : length]
        values, markers = np.moveaxis(seen, 2, 0)
        held = np.eye(3)[markers.sum(1).astype(int)]
        total = (values * markers).sum(1, keepdims=True)
        features = np.concatenate([held, held * total], axis=1)  # [N, 6]
        weights, *_ = np.linalg.lstsq(features[::2], target[::2], rcond=None)
        error = np.mean((features[1::2] @ weights - target[1::2]) ** 2)
        expected = (1 / 6) * (1 - task.window_score(length, k))
        # Four standard errors of 25,000 squares with a standard deviation of 0.18.
        assert error == pytest.approx(expected, abs=0.0046)


@pytest.mark.parametrize(("length", "k"), [(4, 1), (4, 2), (10, 5), (10, 10)])
def test_adding_at_even_lengths_scores_k_over_length(length, k):
    assert make_adding("train", 1, length).window_score(length, k) == k / length


@pytest.mark.parametrize(("length", "load"), [(1, (10, 8)), (4, (10, 8)), (4, (3, 5))])
def test_copying_is_known_to_a_window_from_symbol_to_answer_and_to_no_shorter(
    length, load
):
    """Entropy of each target given the one input of the window that tells most.

    Symbols are independent, so no other input of a window adds to that one.
    """
    task, size = COPIES[load], length + 2 * load[0]
    batch = draw(task, length)
    given = np.array(
        [
            [
                conditional_entropy(batch.targets[:, t], batch.inputs[:, s])
                for s in range(t + 1)
            ]
            + [np.inf] * (size - t - 1)
            for t in range(size)
        ]
    )
    for k in range(1, size + 1):
        loss = np.mean([given[t, max(0, t - k + 1) : t + 1].min() for t in range(size)])
        expected = task.floor(length) * (1 - task.window_score(length, k))
        # The entropy of 8 classes counted on 20,000 examples is (7^2)/40,000 too low.
        assert loss == pytest.approx(expected, abs=0.003)


def conditional_entropy(target, given):
    """H(target | given) in nats, of counts."""
    joint = np.zeros((10, 10))
    np.add.at(joint, (given, target), 1)
    joint /= joint.sum()
    of_given = np.broadcast_to(joint.sum(1, keepdims=True), joint.shape)
    seen = joint > 0
    return -np.sum(joint[seen] * np.log(joint[seen] / of_given[seen]))
