"""A small recall in plain functions, and one of it broken for each property."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from lib.loss import accuracy, cross_entropy
from lib.setting import Size
from lib.types import Batch, Interface, Mean, Metric, Task


def sound(split, batch_size, max_length, *, num_symbols: Size = 4) -> Task:
    """The first token of `length`, asked for at the last position."""
    if max_length < 2:
        raise ValueError(f"sound: length must be at least 2, got {max_length}")

    def sample(key, data, length):
        bits = jax.random.bits(key, (max_length, batch_size), jnp.uint32).T
        tokens = (bits % np.uint32(num_symbols)).astype(jnp.int32)
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        inputs = jnp.where(place < length, tokens, 0)
        asked = jnp.broadcast_to(place == length - 1, inputs.shape)
        targets = jnp.where(asked, inputs[:, :1], 0)
        return Batch(inputs, targets, asked.astype(jnp.float32))

    return Task(
        sample=sample,
        interface=Interface(num_symbols, num_symbols, num_symbols),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"accuracy": accuracy},
        score_metric="accuracy",
        floor=lambda length: 1 / num_symbols,
        optimum=lambda length: 1.0,
        window_score=lambda length, k: float(k >= length),
        version=1,
    )


def change_batch(task: Task, change) -> Task:
    """The task with `change(batch, length)` as its batches."""
    drawn = lambda key, data, n: change(task.sample(key, data, n), n)
    return task._replace(sample=drawn)


def floor_too_low(split, batch_size, max_length) -> Task:
    """One symbol in two is the first: who says it always is right that often."""
    task = sound(split, batch_size, max_length)

    def skew(batch, length):
        first = batch.inputs[:, :1]
        first = jnp.where(jnp.arange(batch_size)[:, None] % 2 == 0, 0, first)
        inputs = batch.inputs.at[:, :1].set(first)
        asked = batch.mask.astype(jnp.int32)
        return batch._replace(inputs=inputs, targets=asked * first)

    return change_batch(task, skew)


def floor_too_high(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(floor=lambda length: 0.5)


def floor_a_fifth_low(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length, num_symbols=8)
    return task._replace(floor=lambda length: 0.1)


def floor_a_sixth_high(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length, num_symbols=8)
    return task._replace(floor=lambda length: 0.145)


def floor_of_many_zero(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length, num_symbols=64)
    return task._replace(floor=lambda length: 0.0)


def floor_of_many_double(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length, num_symbols=64)
    return task._replace(floor=lambda length: 2 / 64)


def floor_wrong_when_long(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(floor=lambda length: 0.25 if length < 40 else 0.5)


def floor_missing(split, batch_size, max_length) -> Task:
    return sound(split, batch_size, max_length)._replace(floor=None)  # type: ignore


def optimum_a_number(split, batch_size, max_length) -> Task:
    return sound(split, batch_size, max_length)._replace(optimum=1.0)  # type: ignore


def optimum_wrong_when_long(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(optimum=lambda length: 1.0 if length < 40 else 0.9)


def window_twice_too_wide(split, batch_size, max_length) -> Task:
    """A score that would prove a memory of any model."""
    task = sound(split, batch_size, max_length)
    return task._replace(window_score=lambda length, k: float(k >= 2 * length))


def window_of_two_is_enough(split, batch_size, max_length) -> Task:
    """Asks for the token before the last, and says that only the whole tells it."""
    task = sound(split, batch_size, max_length)

    def ask(batch, length):
        asked = jnp.take(batch.inputs, length - 2, axis=1)[:, None]
        return batch._replace(targets=batch.mask.astype(jnp.int32) * asked)

    return change_batch(task, ask)


def optimum_wrong(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(optimum=lambda length: 2.0)


def window_falls(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(window_score=lambda length, k: float(k >= length or k == 2))


def window_above_one(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(window_score=lambda length, k: k / length)


def window_never_whole(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(window_score=lambda length, k: 0.0)


def padding_shows(split, batch_size, max_length) -> Task:
    """Drawn batch first: other bits where the arrays are longer."""

    def redraw(batch, length):
        shape = (batch_size, max_length)
        bits = jax.random.bits(jax.random.key(7), shape, jnp.uint32)
        inside = (jnp.arange(max_length)[None, :] < length).astype(jnp.int32)
        noise = jnp.where(inside, (bits % np.uint32(4)).astype(jnp.int32), 0)
        return batch._replace(inputs=(batch.inputs + noise) % 4 * inside)

    return change_batch(sound(split, batch_size, max_length), redraw)


def unscored_target(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    told = lambda batch, n: batch._replace(targets=batch.targets.at[:, 0].set(1))
    return change_batch(task, told)


def beyond_the_length(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    fill = lambda batch, n: batch._replace(inputs=jnp.maximum(batch.inputs, 1))
    return change_batch(task, fill)


def nothing_scored(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    blank = lambda batch, n: batch._replace(mask=batch.mask.at[1].set(0))
    return change_batch(task, blank)


def wrong_type(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    floats = lambda batch, n: batch._replace(targets=batch.targets.astype(jnp.float32))
    return change_batch(task, floats)


def out_of_range(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(interface=Interface(3, 3, 4))


def repeats(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    same = lambda key, data, n: task.sample(jax.random.key(0), data, n)
    return task._replace(sample=same)


def impure(split, batch_size, max_length) -> Task:
    """Every call of `sample` is one further."""
    calls = itertools.count()

    def shift(batch, n):
        inside = jnp.arange(max_length)[None, :] < n
        shifted = (batch.inputs + next(calls)) % 4
        return batch._replace(inputs=jnp.where(inside, shifted, 0))

    return change_batch(sound(split, batch_size, max_length), shift)


def unknown_metric(split, batch_size, max_length) -> Task:
    return sound(split, batch_size, max_length)._replace(score_metric="exactness")


def sums_do_not_add(split, batch_size, max_length) -> Task:
    def mean_of_means(outputs, batch):
        sums = accuracy.accumulate(outputs, batch)
        return Mean(sums.total / sums.count + 0.1, jnp.ones_like(sums.count))

    task = sound(split, batch_size, max_length)
    metric = Metric(mean_of_means, lambda sums: float(sums.total))
    return task._replace(metrics={"accuracy": metric})


def bits_negative(split, batch_size, max_length) -> Task:
    task = sound(split, batch_size, max_length)
    return task._replace(information=lambda length: -2.0)


def fails(split, batch_size, max_length) -> Task:
    return sound(split, batch_size, max_length)._replace(sample=None)  # type: ignore
