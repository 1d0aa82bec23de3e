"""Training, evaluation and prediction of one run: pure functions, no files, no R axis.

Every random number follows from the run's seed and the step: parameters from
fold_in(key(seed), 0), the step after k others from fold_in(key(seed), k + 1), which
also draws the length of its examples where a curriculum varies it.
Evaluation examples come from keys of their own, the same for every seed and model.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Int, Integer, PyTree

from lib.curriculum import Lengths, draw_length, step_key
from lib.long_sequence import is_long, score_in_chunks
from lib.ops.chunk import restart
from lib.shard import Shard, share_out
from lib.types import (
    Batch,
    Carry,
    Mean,
    Metric,
    Model,
    Params,
    PRNGKey,
    Split,
    Task,
    Trainer,
    TrainState,
)

Hparams = Mapping[str, Any]
State = Literal["initial", "carried"]  # what a batch is read from

_EVALUATION_SEED = {"train": 20, "validation": 21, "test": 22}


def make_trainer(
    task: Task,
    eval_task: Task,
    make_model: Callable[[Hparams], Model],
    make_optimizer: Callable[[Hparams], optax.GradientTransformation],
    train_state: State = "initial",
    eval_state: State = "initial",
    lengths: Lengths | None = None,
    eval_chunk: int = 0,
) -> Trainer:
    """Training on `task` and scoring on `eval_task`, for one run.

    `lengths` says how long the examples of each step are; None: all have the task's
    `max_length`. With `eval_chunk` an example is scored that many steps at a time, and
    no further than its length, whatever the longest one.

    The model and the optimizer are built inside the traced functions, from scalars
    that may differ between the runs of one program.

    With the state "initial" every batch is drawn anew and read from the initial state:
    backpropagation reaches all that was read. With "carried" the batches are the
    consecutive windows of the task's streams, each read from the state that the last
    one ended in, which counts as a constant: backpropagation truncated at the window
    (Williams & Peng 1990, Neural Computation 2(4)), of memory as long as the stream.
    """

    drawn = lengths or Lengths("none", 1, task.max_length)

    def init(seed: Integer[Array, ""], hparams: Hparams, data: PyTree) -> TrainState:
        # One example of one step: the program of `init` is the same for all lengths.
        inputs = jax.tree.map(lambda x: x[:1], _first_step(task, data))
        key = jax.random.fold_in(jax.random.key(seed), 0)
        params = make_model(hparams).init(key, inputs)
        return TrainState(
            seed=seed,
            step=jnp.int32(0),
            params=params,
            opt_state=make_optimizer(hparams).init(params),
            diverged_step=jnp.int32(-1),
            sums=zero_sums(),
            carry=_first_carry(train_state, task, make_model(hparams), params, data),
        )

    def step(state: TrainState, hparams: Hparams, data: PyTree) -> TrainState:
        model, tx = make_model(hparams), make_optimizer(hparams)
        key = step_key(state.seed, state.step)
        sample_key, noise_key = jax.random.split(key, 2)
        length = draw_length(drawn, key, state.step)
        if train_state == "carried":
            # After their last window the streams begin again.
            batch = _stream(task, data, state.step % task.stream_batches, length)
        else:
            batch = task.sample(sample_key, data, length)

        def work(whole: PyTree, part: PyTree, shard: Shard) -> tuple[PyTree, Carry]:
            (params, key), (batch, carry) = whole, part

            def loss_of(params: Params) -> tuple[Array, Carry]:
                outputs, after = read(model, params, carry, batch, shard.own(key))
                mean = task.loss.accumulate(outputs, batch)
                # The end of streams of unequal length may score nothing.
                return mean.total / jnp.maximum(shard.total(mean.count), 1), after

            found, grads = jax.value_and_grad(loss_of, has_aux=True)(params)
            return shard.total((found[0], grads)), found[1]

        (loss, grads), carry = share_out(
            work, (state.params, noise_key), (batch, state.carry)
        )
        norm = optax.tree.norm(grads)

        def move() -> TrainState:
            updates, opt_state = tx.update(grads, state.opt_state, state.params)
            return state._replace(
                step=state.step + 1,
                params=optax.apply_updates(state.params, updates),
                opt_state=opt_state,
                sums=_add(state.sums, {"loss": loss, "gradient_norm": norm}),
                carry=carry,
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
        metrics = {"loss": eval_task.loss, **eval_task.metrics}

        def sums_of(
            index: Int[Array, ""], length: Int[Array, ""], carry: Carry
        ) -> tuple[PyTree, Carry]:
            if eval_state == "carried":
                batch = _stream(eval_task, data, index, length)
            else:
                batch = eval_batch(eval_task, data, key, index, length)

            def work(params: Params, part: PyTree, shard: Shard) -> tuple:
                sums, carry = score(
                    model, params, part[1], part[0], metrics, eval_chunk
                )
                return shard.total(sums), carry

            return share_out(work, state.params, (batch, carry))

        def over_batches(length: Int[Array, ""]) -> PyTree:
            first = _first_carry(eval_state, eval_task, model, state.params, data)
            shapes, _ = jax.eval_shape(sums_of, jnp.int32(0), length, first)
            zeros = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)

            def add(index: Int[Array, ""], total: PyTree) -> PyTree:
                more, carry = sums_of(index, length, total[1])
                return jax.tree.map(jnp.add, total[0], more), carry

            return lax.fori_loop(0, num_batches, add, (zeros, first))[0]

        def over_lengths(index: Int[Array, ""]) -> PyTree:
            batch_of = functools.partial(eval_batch, eval_task, data, key, index)
            whole = batch_of(jnp.max(lengths)).inputs
            outputs = predict(model, state.params, whole, None)

            def at(length: Int[Array, ""]) -> PyTree:
                batch = batch_of(length)
                return {n: m.accumulate(outputs, batch) for n, m in metrics.items()}

            return lax.map(at, lengths)

        # A padded text that is cut short begins as the whole one does, so that one
        # reading of it answers for every length.
        padded = eval_task.interface.padding and model.causal and not eval_chunk
        if padded and eval_state == "initial":
            return _add_up(over_lengths, num_batches)
        return lax.map(over_batches, lengths)

    return Trainer(init, train, evaluate)


def _add_up(
    sums_of: Callable[[Int[Array, ""]], PyTree], num_batches: Int[Array, ""]
) -> PyTree:
    shapes = jax.eval_shape(sums_of, jnp.int32(0))
    zeros = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
    add = lambda index, total: jax.tree.map(jnp.add, total, sums_of(index))
    return lax.fori_loop(0, num_batches, add, zeros)


def read(
    model: Model, params: Params, carry: Carry, batch: Batch, key: PRNGKey | None
) -> tuple[PyTree, Carry]:
    """The outputs [B, T, V] for a batch, and the state it ends in.

    The carry () stands for the initial state, and comes back as it is. Any other is
    where a stream stands, and starts again where the batch has a reset.
    """
    if not jax.tree.leaves(carry):
        first = model.initial(params, batch.inputs)
        return model.apply(params, first, batch.inputs, batch.reset, key)[0], carry
    assert batch.reset is not None, "a batch of a stream says where it begins"
    # Once for the window, not at each of its steps: a stream begins at its first.
    carry = restart(batch.reset[:, 0], model.initial(params, batch.inputs), carry)
    return model.apply(params, carry, batch.inputs, None, key)


def score(
    model: Model,
    params: Params,
    carry: Carry,
    batch: Batch,
    metrics: Mapping[str, Metric],
    chunk: int = 0,
) -> tuple[dict[str, PyTree], Carry]:
    """The sums of metrics over a batch, and the state it ends in, as `read` has it.

    A long sequence from the initial state is read in chunks, whatever its length; any
    is, where `chunk` gives their size.
    """
    if not jax.tree.leaves(carry):
        if chunk:
            return score_in_chunks(model, params, batch, metrics, chunk), carry
        if is_long(model, batch):
            return score_in_chunks(model, params, batch, metrics), carry
    outputs, carry = read(model, params, carry, batch, None)
    return {n: m.accumulate(outputs, batch) for n, m in metrics.items()}, carry


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


def _stream(
    task: Task, data: PyTree, index: Int[Array, ""], length: Int[Array, ""]
) -> Batch:
    """Window `index` of the task's streams.

    How many there are depends on the split: `data` may be another's than the task's.
    """
    assert task.stream_at is not None, "checked with the config"
    return task.stream_at(data, index, length)


def _first_carry(
    state: State, task: Task, model: Model, params: Params, data: PyTree
) -> Carry:
    """The state before a task's streams begin; () where none is carried."""
    if state == "initial":
        return ()
    return model.initial(params, _first_step(task, data))


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


def _first_step(task: Task, data: PyTree) -> PyTree:
    """Zeros as a batch's inputs of one step; a picture is whole from the first."""
    inputs = _input_zeros(task, data)
    if not task.interface.image:
        return jax.tree.map(lambda x: x[:, :1], inputs)
    if not task.interface.vocabulary_size:
        return inputs
    return {**inputs, "tokens": inputs["tokens"][:, :1]}


def _input_zeros(task: Task, data: PyTree) -> PyTree:
    shapes = jax.eval_shape(
        lambda: task.sample(jax.random.key(0), data, jnp.int32(task.max_length)).inputs
    )
    return jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
