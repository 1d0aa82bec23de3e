"""Pictures with one class each: what is in the picture?

A picture of side 2 and one channel, of class 3, alone in a batch (in [0, 1]):

    inputs    [[[[0.0], [0.5]], [[1.0], [0.2]]]]      [B, H, W, C]
    targets   [[3]]                                   [B, 1]
    mask      [[1]]

`length` is the side in pixels: that of the data set, or one that divides it, in which
case each pixel is the mean over a square of the original, rounded to 8 bits. `sample`
draws training pictures at random and may shift, turn and scale them
(`lib.data.augment`); `batch_at` tiles the split as it is, every picture once.

The score is accuracy. The floor is the share of the split's most frequent class; what
the best possible reader would reach is unknown.
"""

import functools
import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree, UInt8

from lib.data.album import Album, check_side, shrink
from lib.data.augment import Augmentation, augment
from lib.loss import accuracy, cross_entropy
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task

NO_CHANGE = Augmentation()

# (pictures in bytes, a key where they may be changed) -> inputs
Read = Callable[[UInt8[Array, "B *S"], PRNGKey | None], Float[Array, "B *S"]]


def make_pictures(
    album: Album,
    split: Split,
    batch_size: int,
    max_length: int,
    augmentation: Augmentation = NO_CHANGE,
) -> Task:
    """The class of each picture of an album, at the side `max_length`."""
    check_side(album, album.name, "length", max_length)

    def read(pictures: UInt8[Array, "B H W C"], key: PRNGKey | None) -> Array:
        images = to_unit(pictures)
        if key is None or augmentation == NO_CHANGE:
            return images
        return augment(key, images, augmentation)

    channels = album.splits["train"].pictures.shape[-1]
    interface = Interface(
        vocabulary_size=0,
        input_size=channels,
        output_size=len(album.classes),
        image=(max_length, max_length, channels),
    )
    data = _arrays(album, split, max_length)
    facts = {"kind": "pictures", "side": max_length, "channels": channels}
    return tiled(album, split, batch_size, data, read, interface, facts)


def tiled(
    album: Album,
    split: Split,
    batch_size: int,
    data: PyTree,
    read: Read,
    interface: Interface,
    facts: Mapping[str, object],
    num_steps: int = 1,
) -> Task:
    """The task over data["pictures"] and data["labels"] of one split.

    `read(pictures, key)` makes the inputs of pictures in bytes, changed at random where
    there is a key. A sequence of `num_steps` is answered at its last step.
    """

    def batch_of(
        data: PyTree, place: Int[Array, " B"], key: PRNGKey | None, length: Array
    ) -> Batch:
        num_pictures = data["labels"].shape[0]
        inside = (place >= 0) & (place < num_pictures)
        own = lambda name: data[name].at[place].get(mode="clip")
        inputs = read(own("pictures"), key)
        step = jnp.arange(num_steps, dtype=jnp.int32)[None, :]
        last = jnp.minimum(length, num_steps) - 1 if num_steps > 1 else 0
        scored = (step == last) & inside[:, None]
        if num_steps > 1:
            inputs = jnp.where((step <= last)[..., None], inputs, 0)
        targets = jnp.where(scored, own("labels")[:, None], 0)
        return Batch(inputs, targets, scored.astype(jnp.float32))

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        place_key, change_key = jax.random.split(key)
        num_pictures = data["labels"].shape[0]
        shape = (batch_size,)
        place = jax.random.randint(place_key, shape, 0, num_pictures, jnp.int32)
        return batch_of(data, place, change_key, length)

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        place = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        return batch_of(data, place, None, length)

    labels = album.splits[split].labels
    counts = np.bincount(labels, minlength=len(album.classes))
    floor = float(counts.max() / len(labels))
    return Task(
        sample=sample,
        interface=interface,
        max_length=interface.image[0] if interface.image else num_steps,
        loss=cross_entropy,
        metrics={"accuracy": accuracy},
        score_metric="accuracy",
        floor=lambda length: floor,
        optimum=None,
        window_score=None,
        version=1,
        data=data,
        fingerprint=album.fingerprint,
        system="images",
        classes=album.classes,
        facts={
            "album": album.name,
            "num_pictures": {s: len(album.splits[s].labels) for s in SPLITS},
            **facts,
        },
        eval_batches=math.ceil(len(labels) / batch_size),
        batch_at=batch_at,
    )


def to_unit(pictures: UInt8[Array, "*S"]) -> Float[Array, "*S"]:
    """Bytes as numbers in [0, 1]."""
    return pictures.astype(jnp.float32) / 255


@functools.lru_cache(maxsize=16)
def _arrays(album: Album, split: Split, side: int) -> dict[str, Array]:
    data = album.splits[split]
    return {
        "pictures": jnp.asarray(shrink(data.pictures, side)),
        "labels": jnp.asarray(data.labels, jnp.int32),
    }
