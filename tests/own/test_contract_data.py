"""A task over a small data set: what comes again, ends where it ends, and is fair."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.contract.task import check_task
from lib.types import Batch
from tests.own.broken_tasks import sound

# 40 texts of 3 to 8 tokens. The label is 1 in those of 4, which are one in four, and 0
# else: who knows where a text ends says more than the share of the commonest label.
RANDOM = np.random.default_rng(0)
SIZES = np.repeat([3, 4, 5, 8], 10)
TOKENS = RANDOM.integers(1, 4, (40, 8)) * (np.arange(8) < SIZES[:, None])
LABELS = np.where(SIZES == 4, 1, 0)
STARTS = {"tokens": TOKENS, "sizes": SIZES, "labels": LABELS}


def texts(split, batch_size, max_length, *, floor=0.75, keyed=True):
    """The class of a text, at its last token."""
    task = sound(split, batch_size, max(max_length, 8))
    if max_length < 8:
        raise ValueError(f"texts: length must be at least 8, got {max_length}")

    def sample(key, data, length):
        # Drawn over the padded length: another `max_length` takes other texts.
        bits = jax.random.bits(key, (batch_size, max_length), jnp.uint32)[:, -1]
        row = bits % np.uint32(40) if keyed else jnp.arange(batch_size) % 40
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        asked = place == data["sizes"][row][:, None] - 1
        inputs = jnp.pad(data["tokens"][row], ((0, 0), (0, max_length - 8)))
        targets = jnp.where(asked, data["labels"][row][:, None], 0)
        inputs = inputs.astype(jnp.int32)
        return Batch(inputs, targets, asked.astype(jnp.float32))

    return task._replace(
        sample=sample,
        data=jax.tree.map(lambda leaf: np.asarray(leaf, np.int32), STARTS),
        floor=lambda length: floor,
        window_score=None,
    )


def failures(**settings):
    return [str(found) for found in check_task(texts, settings, None, ())]


def test_texts_may_come_again_and_have_the_share_of_a_class_as_floor():
    assert failures() == []


def test_who_knows_where_texts_end_may_be_the_floor_too():
    assert failures(floor=1.0 - 1e-3) == []


@pytest.mark.parametrize("floor", [0.6, 0.5])
def test_a_floor_below_the_commonest_class_is_wrong(floor):
    (found,) = failures(floor=floor)
    assert found.startswith("the floor is wrong")


def test_a_data_set_that_is_drawn_without_the_key_is_named():
    (found,) = failures(keyed=False)
    assert "examples repeat: with length" in found
    assert "of key 0 and of key 1 are the same in the same order" in found
