"""What is measured of a network's filters with pictures of its task."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from lib.receptive_field import (
    Field,
    effective_field,
    furthest_back,
    middle_pixel,
    positions_back,
)
from lib.types import Layers, Params, Task


def first_pictures(task: Task, count: int) -> Float[np.ndarray, "N H W C"]:
    """The first pictures of a task that tiles its split; all where it has fewer."""
    at, side = task.batch_at, jnp.int32(task.max_length)
    assert at is not None, "pictures are tiled"
    batch_at = jax.jit(lambda data, index: at(data, index, side))
    found: list[Any] = []
    for index in range(task.eval_batches):
        batch = batch_at(task.data, jnp.int32(index))
        found.append(np.asarray(batch.inputs)[np.asarray(batch.mask[:, 0]) > 0])
        if sum(map(len, found)) >= count:
            break
    return np.concatenate(found)[:count]


def measure_field(
    layers: Layers, place: int, params: Params, images: Float[np.ndarray, "N H W C"]
) -> Field:
    """The field of the middle unit of a layer of maps, mean over the pictures."""
    x = jnp.asarray(images)
    measure = jax.jit(lambda params, x: effective_field(layers, place, params, x))
    values = np.asarray(measure(params, x))
    maps = jax.eval_shape(layers.apply, params, x)[place].shape
    places, windows = (maps[1], maps[2]), layers.windows[place]
    rows, columns = (w.span(n // 2) for w, n in zip(windows, places, strict=True))
    return Field(
        layers.names[place],
        values,
        rows,
        columns,
        positions_back(values, middle_pixel(windows, places)),
        furthest_back(windows, places, values.shape[1]),
    )
