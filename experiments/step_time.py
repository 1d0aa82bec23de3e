"""The time of a training step of `cnn`, beside the same network in Flax's own layers.

    python -m experiments.step_time [--batch_size=128] [--side=28] [--filters=32,64]
        [--kernel_size=3] [--hidden_size=128] [--rounds=11] [--threads=1]

Both are trained with Adam on drawn pictures, a call a step and several steps in one
call, which is how runs are trained. All of them take turns in every round; the medians
over rounds are printed in milliseconds a step: of the clock, and of the processor,
which other work on the machine disturbs less.
"""

import os
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple

from absl import flags

from experiments.program import run
from lib.error import UserError

BATCH_SIZE = flags.DEFINE_integer("batch_size", 128, "Pictures a step.", 1, 2**16)
SIDE = flags.DEFINE_integer("side", 28, "Side of a picture in pixels.", 4, 1024)
FILTERS = flags.DEFINE_list("filters", ["32", "64"], "Filters of each block.")
KERNEL_SIZE = flags.DEFINE_integer("kernel_size", 3, "Side of a filter.", 1, 32)
HIDDEN_SIZE = flags.DEFINE_integer("hidden_size", 128, "Size of the layer.", 1, 2**16)
ROUNDS = flags.DEFINE_integer("rounds", 11, "Times that each takes its turn.", 1, 1000)
THREADS = flags.DEFINE_integer("threads", 1, "Threads to compute with.", 1, 1024)

_STEPS = 3  # in one call
_CALLS = ("a call a step", f"{_STEPS} steps a call")

Step = Callable[[], Any]


class Time(NamedTuple):
    """Median milliseconds a step."""

    clock: float
    processor: float


def main(_: Sequence[str]) -> int:
    from lib.launch.process import thread_environment

    os.environ.update(thread_environment(THREADS.value))
    sizes = {
        "filters": _filters(),
        "kernel_size": KERNEL_SIZE.value,
        "hidden_size": HIDDEN_SIZE.value,
    }
    if SIDE.value % 2 ** len(sizes["filters"]):
        raise UserError(
            f"--side must be a multiple of {2 ** len(sizes['filters'])}, which "
            f"{len(sizes['filters'])} blocks halve, got {SIDE.value}"
        )
    steps = make_steps(BATCH_SIZE.value, SIDE.value, sizes)
    times = take_turns(steps, ROUNDS.value)
    print(f"milliseconds a step, medians of {ROUNDS.value}: clock, processor")
    for name, found in times.items():
        print(f"{name:32}  {found.clock:8.1f}  {found.processor:8.1f}")
    for calls in _CALLS:
        ours, flax = times[f"horizon, {calls}"], times[f"flax, {calls}"]
        _print_ratio(calls, ours, flax)
    fastest = lambda who: Time(*map(min, *(times[f"{who}, {c}"] for c in _CALLS)))
    _print_ratio("each at its fastest", fastest("horizon"), fastest("flax"))
    return 0


def _print_ratio(how: str, ours: Time, flax: Time) -> None:
    clock, processor = flax.clock / ours.clock, flax.processor / ours.processor
    print(f"ratio, {how}: {clock:.2f}, {processor:.2f}")


def make_steps(
    batch_size: int, side: int, sizes: dict[str, Any]
) -> dict[str, tuple[Step, int]]:
    """What to time by name, compiled, and how many training steps it takes."""
    import jax
    import jax.numpy as jnp
    import optax
    from jax import lax

    from lib.loss import cross_entropy
    from lib.models.cnn import make_cnn
    from lib.models.flax_cnn import make_flax_cnn
    from lib.optimizer import make_optimizer
    from lib.train import predict
    from lib.types import Batch, Interface, Model

    interface = Interface(0, 1, 10, image=(side, side, 1))
    images = jax.random.uniform(jax.random.key(0), (batch_size, *interface.image))
    targets = jnp.arange(batch_size, dtype=jnp.int32)[:, None] % 10
    batch = Batch(images, targets, jnp.ones((batch_size, 1)))
    tx = make_optimizer("adam", 1000, learning_rate=1e-3)
    # A count that is not known when compiled: a loop, and not its steps in a row.
    count = jnp.int32(_STEPS)

    def pair(model: Model) -> tuple[Step, Step]:
        def step(state: Any, batch: Batch) -> Any:
            def loss(params: Any) -> Any:
                outputs = predict(model, params, batch.inputs, None)
                mean = cross_entropy.accumulate(outputs, batch)
                return mean.total / mean.count

            updates, opt_state = tx.update(jax.grad(loss)(state[0]), state[1], state[0])
            return optax.apply_updates(state[0], updates), opt_state

        def many(state: Any, batch: Batch, count: Any) -> Any:
            return lax.fori_loop(0, count, lambda _, s: step(s, batch), state)

        params = jax.jit(model.init)(jax.random.key(1), images)
        state = params, tx.init(params)
        once, loop = jax.jit(step), jax.jit(many)
        return (
            lambda: jax.block_until_ready(once(state, batch)),
            lambda: jax.block_until_ready(loop(state, batch, count)),
        )

    steps: dict[str, tuple[Step, int]] = {}
    for name, make in (("horizon", make_cnn), ("flax", make_flax_cnn)):
        once, loop = pair(make(interface, **sizes))
        steps[f"{name}, {_CALLS[0]}"] = once, 1
        steps[f"{name}, {_CALLS[1]}"] = loop, _STEPS
    return steps


def take_turns(steps: dict[str, tuple[Step, int]], rounds: int) -> dict[str, Time]:
    """Median times a step, each taking its turn once a round; the first compiles."""
    found: dict[str, list[Time]] = {name: [] for name in steps}
    for index in range(1 + rounds):
        for name, (step, count) in steps.items():
            clock, processor = time.perf_counter(), time.process_time()
            step()
            taken = time.perf_counter() - clock, time.process_time() - processor
            if index:
                found[name].append(Time(*(1e3 * seconds / count for seconds in taken)))
    return {
        name: Time(*(median(values) for values in zip(*times, strict=True)))
        for name, times in found.items()
    }


def _filters() -> tuple[int, ...]:
    given = FILTERS.value
    if not given or not all(n.isdecimal() and int(n) for n in given):
        raise UserError(f"--filters must be whole numbers, as 32,64, got {given}")
    return tuple(map(int, given))


if __name__ == "__main__":
    run(main)
