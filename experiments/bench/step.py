"""One training step with Adam: of our trainer, and as users of optax write it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from experiments.bench.subject import Work, compile_program

if TYPE_CHECKING:
    from lib.types import Batch, Interface, Metric, Model

LEARNING_RATE = 1e-3


def our_step(
    model: "Model", interface: "Interface", batch: "Batch", loss: "Metric"
) -> Work:
    """A step of `lib.train` on one batch, compiled as sweeps compile it."""
    import jax
    import jax.numpy as jnp

    from lib.compile import compiler_options
    from lib.optimizer import make_optimizer
    from lib.train import make_trainer
    from lib.types import Task

    task = Task(
        sample=lambda key, data, length: data,
        interface=interface,
        max_length=batch.mask.shape[1],
        loss=loss,
        metrics={},
        score_metric="loss",
        floor=lambda length: 1.0,
        optimum=None,
        window_score=None,
        version=1,
    )
    make_tx = lambda _: make_optimizer("adam", 1000, learning_rate=LEARNING_RATE)
    trainer = make_trainer(task, task, lambda _: model, make_tx)
    state = jax.jit(trainer.init)(jnp.uint32(0), {}, batch)
    train = jax.jit(trainer.train, donate_argnums=0)
    step, seconds, temporary = compile_program(
        train, state, {}, batch, jnp.int32(1), options=compiler_options()
    )
    # Where the program wants them: with two threads, half of the batch on each device.
    arguments = state, {}, batch, jnp.int32(1)
    state, *rest = jax.device_put(arguments, step.input_shardings[0])
    return _stepping(lambda state: step(state, *rest), state, seconds, temporary)


def optax_step(loss: Callable[..., Any], params: Any, *data: Any) -> Work:
    """A step on `loss(params, *data)`: jitted, the state donated, one call a step."""
    import jax
    import jax.numpy as jnp
    import optax

    data = tuple(jnp.asarray(array) for array in data)
    adam = optax.adam(LEARNING_RATE)

    def train(state: Any, *data: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(state[0], *data)
        updates, opt_state = adam.update(grads, state[1], state[0])
        return optax.apply_updates(state[0], updates), opt_state, value

    state = params, adam.init(params), jnp.float32(0)
    step, seconds, temporary = compile_program(
        jax.jit(train, donate_argnums=0), state, *data
    )
    return _stepping(lambda state: step(state, *data), state, seconds, temporary)


def _stepping(
    step: Callable[[Any], Any], state: Any, seconds: float, temporary: int
) -> Work:
    """Work that goes on from the state it has reached, whose buffers are donated."""
    import jax

    now = [state]

    def call() -> None:
        now[0] = jax.block_until_ready(step(now[0]))

    return Work(call, compile_seconds=seconds, temporary_bytes=temporary)
