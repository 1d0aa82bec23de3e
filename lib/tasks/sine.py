"""Sine: see the first part of a wave, then go on with it.

The series is x_n = sin(2 pi P n / N), N points of P periods. The first `train_share` of
the points is the training part; at every step the network reads x_n and predicts
x_{n+1}:

    inputs   x_0 x_1 ... x_{T-1}
    targets  x_1 x_2 ... x_T

Training and validation score the targets inside the training part, test the ones after
it, each predicted from the true value before it. There is one series only: all examples
of a batch are equal, and evaluation scores it once. A network that is to run free on
its own predictions must have seen at least a period.

Loss: E = sum_t (y_t - yhat_t)^2 over the scored steps, mean over sequences; beside it
the mean over steps, whose floor is the mean of the training part as a constant. With
two values before it every point is known exactly: the optimum is 0.

The `length` of this task is its number of inputs, N - 1 for the whole series.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.loss import squared_error, squared_error_sum
from lib.setting import Positive, Probability, Size
from lib.types import Batch, Interface, PRNGKey, Split, Task


def sine_points(num_points: int, num_periods: float) -> Float[np.ndarray, " N"]:
    """The series in float64."""
    return np.sin(2 * np.pi * num_periods * np.arange(num_points) / num_points)


def make_sine(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_points: Size = 200,
    num_periods: Positive = 4.0,
    train_share: Probability = 0.3,
) -> Task:
    """Next-value prediction along a sine of `num_periods` periods."""
    if not 1 <= max_length < num_points:
        raise ValueError(
            f"sine: length must be at least 1 and at most {num_points - 1}, one less "
            f"than the number of points, got {max_length}."
        )
    num_train = round(train_share * num_points)
    if not 2 <= num_train < num_points:
        raise ValueError(
            "sine: train_share must leave at least 2 points to train on and 1 to test "
            f"on, got {train_share} of {num_points} points."
        )
    points = sine_points(num_points, num_periods)
    first, stop = (num_train, num_points) if split == "test" else (1, num_train)
    # Nothing behind the training part is scored in training: it is not read either.
    size = min(max_length, num_train - 1) if split == "train" else max_length

    def batch_of(data: PyTree, length: Int[Array, ""], num_scored: int) -> Batch:
        place = jnp.arange(1, size + 1, dtype=jnp.int32)[None, :]  # of the target
        inside = jnp.broadcast_to(place <= length, (batch_size, size))
        scored = inside & (place >= data["first"]) & (place < data["stop"])
        scored &= jnp.arange(batch_size, dtype=jnp.int32)[:, None] < num_scored
        series = data["points"][None, :]
        return Batch(
            inputs=jnp.where(inside, series[:, :size], 0)[..., None],
            targets=jnp.where(scored, series[:, 1 : size + 1], 0)[..., None],
            mask=scored.astype(jnp.float32),
        )

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        return batch_of(data, length, batch_size)

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        return batch_of(data, length, 1)

    def floor(length: int) -> float:
        scored = points[first : min(stop, length + 1)]
        return _mse(scored, points[:num_train].mean())

    return Task(
        sample=sample,
        interface=Interface(0, 1, 1),
        max_length=size,
        loss=squared_error_sum,
        metrics={"mse": squared_error},
        score_metric="mse",
        floor=floor,
        optimum=lambda length: 0.0,
        window_score=None,
        version=1,
        data={
            "points": jnp.asarray(points, jnp.float32),
            "first": jnp.int32(first),
            "stop": jnp.int32(stop),
        },
        eval_batches=1,
        batch_at=batch_at,
        system="regression",
        facts={
            "metric": "mse",
            "train_points": num_train,
            "num_points": num_points,
            "period": num_points / num_periods,
            "trivial": {
                "mean of the training part": floor(max_length),
                "last value": _mse(
                    points[first : min(stop, max_length + 1)],
                    points[first - 1 : min(stop, max_length + 1) - 1],
                ),
            },
        },
    )


def _mse(truth: Float[np.ndarray, " N"], forecast: Float[np.ndarray, " N"] | float):
    """Mean squared error; nan over nothing."""
    return float(np.mean((truth - forecast) ** 2)) if len(truth) else float("nan")
