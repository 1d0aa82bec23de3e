"""Training, evaluation and prediction of one run: pure functions, no files, no R axis.

Every random number follows from the run's seed and the step: parameters from
fold_in(key(seed), 0), the step after k others from fold_in(key(seed), k + 1).
Evaluation examples come from keys of their own, the same for every seed and model.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Int, Integer, PyTree

from lib.types import Mean, Model, Params, PRNGKey, Split, Task, Trainer, TrainState

Hparams = Mapping[str, Any]

_EVALUATION_SEED = {"train": 20, "validation": 21, "test": 22}


def make_trainer(
    task: Task,
    eval_task: Task,
    make_model: Callable[[Hparams], Model],
    make_optimizer: Callable[[Hparams], optax.GradientTransformation],
) -> Trainer:
    """Training on `task` and scoring on `eval_task`, for one run.

    The model and the optimizer are built inside the traced functions, from scalars
    that may differ between the runs of one program.
    """

    def init(seed: Integer[Array, ""], hparams: Hparams, data: PyTree) -> TrainState:
        # One example of one step: the program of `init` is the same for all lengths.
        inputs = jax.tree.map(lambda x: x[:1, :1], _input_zeros(task, data))
        key = jax.random.fold_in(jax.random.key(seed), 0)
        params = make_model(hparams).init(key, inputs)
        return TrainState(
            seed=seed,
            step=jnp.int32(0),
            params=params,
            opt_state=make_optimizer(hparams).init(params),
            diverged_step=jnp.int32(-1),
            sums=zero_sums(),
        )

    def step(state: TrainState, hparams: Hparams, data: PyTree) -> TrainState:
        model, tx = make_model(hparams), make_optimizer(hparams)
        step_key = jax.random.fold_in(jax.random.key(state.seed), state.step + 1)
        sample_key, noise_key = jax.random.split(step_key, 2)
        batch = task.sample(sample_key, data, jnp.int32(task.max_length))

        def loss_of(params: Params) -> Array:
            outputs = predict(model, params, batch.inputs, noise_key)
            mean = task.loss.accumulate(outputs, batch)
            return mean.total / mean.count

        loss, grads = jax.value_and_grad(loss_of)(state.params)
        norm = optax.tree.norm(grads)

        def move() -> TrainState:
            updates, opt_state = tx.update(grads, state.opt_state, state.params)
            return state._replace(
                step=state.step + 1,
                params=optax.apply_updates(state.params, updates),
                opt_state=opt_state,
                sums=_add(state.sums, {"loss": loss, "gradient_norm": norm}),
            )

        def freeze() -> TrainState:
            return state._replace(diverged_step=state.step)

        return lax.cond(jnp.isfinite(loss) & jnp.isfinite(norm), move, freeze)

    def train(
        state: TrainState, hparams: Hparams, data: PyTree, num_steps: Int[Array, ""]
    ) -> TrainState:
        last = state.step + num_steps

        def unfinished(state: TrainState) -> Array:
            return (state.step < last) & (state.diverged_step < 0)

        # A loop with a traced count: one program for chunks of any size.
        return lax.while_loop(unfinished, lambda s: step(s, hparams, data), state)

    def evaluate(
        state: TrainState,
        hparams: Hparams,
        data: PyTree,
        key: PRNGKey,
        lengths: Int[Array, " N"],
        num_batches: Int[Array, ""],
    ) -> PyTree:
        model = make_model(hparams)

        def sums_of(index: Int[Array, ""], length: Int[Array, ""]) -> PyTree:
            batch = eval_batch(eval_task, data, key, index, length)
            outputs = predict(model, state.params, batch.inputs, None)
            metrics = {"loss": eval_task.loss, **eval_task.metrics}
            return {n: m.accumulate(outputs, batch) for n, m in metrics.items()}

        def over_batches(length: Int[Array, ""]) -> PyTree:
            shapes = jax.eval_shape(sums_of, jnp.int32(0), length)
            zeros = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)

            def add(index: Int[Array, ""], sums: PyTree) -> PyTree:
                return jax.tree.map(jnp.add, sums, sums_of(index, length))

            return lax.fori_loop(0, num_batches, add, zeros)

        return lax.map(over_batches, lengths)

    return Trainer(init, train, evaluate)


def predict(
    model: Model, params: Params, inputs: PyTree, key: PRNGKey | None
) -> PyTree:
    """The outputs [B, T, V] for inputs read from the initial state."""
    carry = model.initial(params, inputs)
    outputs, _ = model.apply(params, carry, inputs, None, key)
    return outputs


def eval_batch(
    task: Task,
    data: PyTree,
    key: PRNGKey,
    index: Int[Array, ""],
    length: Int[Array, ""],
) -> Any:
    """Evaluation batch `index`: a tile of the split where it has an end, else drawn."""
    if task.batch_at is not None:
        return task.batch_at(data, index, length)
    return task.sample(jax.random.fold_in(key, index), data, length)


def evaluation_key(split: Split) -> PRNGKey:
    """The key of a split's examples: never a run's, so that all answer the same."""
    return jax.random.key(_EVALUATION_SEED[split])


def zero_sums() -> dict[str, Mean]:
    """Sums of what a training step measures, since the last record."""
    zero = Mean(jnp.float32(0), jnp.float32(0))
    return {"loss": zero, "gradient_norm": zero}


def _add(sums: Mapping[str, Mean], values: Mapping[str, Array]) -> dict[str, Mean]:
    return {
        name: Mean(mean.total + values[name], mean.count + 1)
        for name, mean in sums.items()
    }


def _input_zeros(task: Task, data: PyTree) -> PyTree:
    shapes = jax.eval_shape(
        lambda: task.sample(jax.random.key(0), data, jnp.int32(task.max_length)).inputs
    )
    return jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
