"""Backpropagation through time: whole, truncated, and by hand."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.library import make_model
from lib.loss import squared_error_sum
from lib.optimizer import make_optimizer
from lib.train import make_trainer, read, zero_sums
from lib.types import Batch, Interface, Task, TrainState

STEPS, STREAMS = 12, 3
MODELS = ("lstm", "lru")  # a state of two parts, and a complex one
RATE = 0.5


def stream_task(inputs, targets, window):
    """Streams that begin together, read in windows; `sample` is all of them whole."""
    batch_size, size, _ = inputs.shape
    data = {"inputs": jnp.asarray(inputs), "targets": jnp.asarray(targets)}

    def stream_at(data, index, length):
        cut = lambda x: jax.lax.dynamic_slice_in_dim(x, index * window, window, 1)
        first = jnp.arange(window)[None, :] + index * window == 0
        return Batch(
            cut(data["inputs"]),
            cut(data["targets"]),
            jnp.ones((batch_size, window)),
            jnp.broadcast_to(first, (batch_size, window)),
        )

    def sample(key, data, length):
        return Batch(data["inputs"], data["targets"], jnp.ones((batch_size, size)))

    interface = Interface(0, inputs.shape[2], targets.shape[2])
    return Task(
        sample=sample, interface=interface, max_length=window, loss=squared_error_sum,
        metrics={}, score_metric="loss", floor=lambda length: 1.0, optimum=None,
        window_score=None, version=1, data=data, eval_batches=1,
        batch_at=lambda data, index, length: sample(None, data, length),
        stream_batches=size // window, stream_at=stream_at,
    )  # fmt: skip


SGD = make_optimizer("sgd", 10, learning_rate=RATE)


def trainer_of(task, model, state):
    return make_trainer(task, task, lambda _: model, lambda _: SGD, state, state)


def start_of(task, model, params, state):
    """A run before its first step, from given parameters."""
    carried = state == "carried"
    return TrainState(
        seed=np.uint32(0),
        step=jnp.int32(0),
        params=params,
        opt_state=SGD.init(params),
        diverged_step=jnp.int32(-1),
        sums=zero_sums(),
        carry=model.initial(params, task.data["inputs"]) if carried else (),
    )


@functools.cache
def setting(name):
    random = np.random.default_rng(3)
    inputs = random.normal(size=(STREAMS, STEPS, 2)).astype(np.float32)
    targets = random.normal(size=(STREAMS, STEPS, 1)).astype(np.float32)
    model = make_model(name, Interface(0, 2, 1), hidden_size=4)
    shapes = jax.eval_shape(model.init, jax.random.key(0), inputs)
    draw = lambda s: jnp.asarray(0.5 * random.normal(size=s.shape), s.dtype)
    return model, inputs, targets, jax.tree.map(draw, shapes)


@functools.cache
def stepped(name, state, window):
    """The run before its first step and after it."""
    model, inputs, targets, params = setting(name)
    task = stream_task(inputs, targets, window)
    trainer = trainer_of(task, model, state)
    first = start_of(task, model, params, state)
    return first, jax.jit(trainer.train)(first, {}, task.data, jnp.int32(1))


@pytest.mark.parametrize("name", MODELS)
def test_truncation_that_covers_the_sequence_is_full_backpropagation(name):
    start, full = stepped(name, "initial", STEPS)
    _, truncated = stepped(name, "carried", STEPS)
    for metric in ("loss", "gradient_norm"):
        assert float(full.sums[metric].total) == pytest.approx(
            float(truncated.sums[metric].total), rel=1e-6
        )
    # Plain descent moves by the gradient alone: equal moves are equal gradients.
    for before, a, b in zip(
        *map(jax.tree.leaves, (start.params, full.params, truncated.params)),
        strict=True,
    ):
        np.testing.assert_allclose(a - before, b - before, rtol=1e-5, atol=1e-7)
        assert np.abs(a - before).max() > 0


def test_a_shorter_truncation_has_another_gradient():
    _, full = stepped("lstm", "initial", STEPS)
    _, truncated = stepped("lstm", "carried", 4)
    norms = [float(s.sums["gradient_norm"].total) for s in (full, truncated)]
    assert abs(norms[0] - norms[1]) > 0.01 * norms[0]


@pytest.mark.parametrize("name", MODELS)
def test_windows_read_from_carried_states_answer_as_the_whole_does(name):
    model, inputs, targets, params = setting(name)
    task = stream_task(inputs, targets, 4)

    @jax.jit
    def answers(params):
        whole, end = model.apply(
            params, model.initial(params, task.data["inputs"]),
            task.data["inputs"], None, None,
        )  # fmt: skip
        # Where the streams begin, what is carried does not matter.
        carry = jax.tree.map(lambda x: x + 7, model.initial(params, whole))
        parts = []
        for index in range(3):
            batch = task.stream_at(task.data, jnp.int32(index), jnp.int32(4))
            part, carry = read(model, params, carry, batch, None)
            parts.append(part)
        return whole, jnp.concatenate(parts, axis=1), end, carry

    whole, chunked, end, carry = answers(params)
    np.testing.assert_allclose(chunked, whole, rtol=1e-5, atol=1e-6)
    for a, b in zip(jax.tree.leaves(carry), jax.tree.leaves(end), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_evaluation_carries_the_state_from_window_to_window():
    model, inputs, targets, params = setting("lstm")
    losses = []
    for state, window, batches in (("initial", STEPS, 1), ("carried", 4, 3)):
        task = stream_task(inputs, targets, window)
        trainer = trainer_of(task, model, state)
        start = start_of(task, model, params, state)
        sums = jax.jit(trainer.evaluate)(
            start, {}, task.data, jax.random.key(0), jnp.array([window]),
            jnp.int32(batches),
        )  # fmt: skip
        losses.append(float(sums["loss"].total[0]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


# A network of one input, one state and one output over three steps:
#
#   h_t = tanh(u x_t + w h_{t-1} + b),  y_t = v h_t + c,  h_0 = 0
#   E = (d_1 - y_1)^2 + (d_2 - y_2)^2 + (d_3 - y_3)^2
#
# With e_t = y_t - d_t and p_t = dE/d(u x_t + w h_{t-1} + b), by the chain rule:
#
#   p_3 = 2 e_3 v (1 - h_3^2)
#   p_2 = (2 e_2 v + p_3 w) (1 - h_2^2)
#   p_1 = (2 e_1 v + p_2 w) (1 - h_1^2)
#   dE/dv = 2 (e_1 h_1 + e_2 h_2 + e_3 h_3)     dE/dc = 2 (e_1 + e_2 + e_3)
#   dE/du = p_1 x_1 + p_2 x_2 + p_3 x_3         dE/db = p_1 + p_2 + p_3
#   dE/dw = p_2 h_1 + p_3 h_2

u, w, b, v, c = 0.7, -1.3, 0.1, 1.5, -0.2
x_1, x_2, x_3 = 0.5, -1.1, 0.9
d_1, d_2, d_3 = 0.3, -0.8, 0.6
PARAMS = {
    "layer_0": {"U": [[u]], "W": [[w]], "b": [b]},
    "V": [[v]],
    "c": [c],
}


def by_hand():
    """E, its gradient, and the states."""
    h_1 = np.tanh(u * x_1 + b)
    h_2 = np.tanh(u * x_2 + w * h_1 + b)
    h_3 = np.tanh(u * x_3 + w * h_2 + b)
    e_1, e_2, e_3 = v * h_1 + c - d_1, v * h_2 + c - d_2, v * h_3 + c - d_3
    p_3 = 2 * e_3 * v * (1 - h_3**2)
    p_2 = (2 * e_2 * v + p_3 * w) * (1 - h_2**2)
    p_1 = (2 * e_1 * v + p_2 * w) * (1 - h_1**2)
    gradient = {
        "U": p_1 * x_1 + p_2 * x_2 + p_3 * x_3,
        "W": p_2 * h_1 + p_3 * h_2,
        "b": p_1 + p_2 + p_3,
        "V": 2 * (e_1 * h_1 + e_2 * h_2 + e_3 * h_3),
        "c": 2 * (e_1 + e_2 + e_3),
    }
    return e_1**2 + e_2**2 + e_3**2, gradient, (h_1, h_2, h_3), (e_1, e_2, e_3)


@functools.cache
def scalar_network(state, window):
    """A run of it before its first step, and a training step."""
    row = lambda *values: np.array(values, np.float32).reshape(1, 3, 1)
    task = stream_task(row(x_1, x_2, x_3), row(d_1, d_2, d_3), window)
    model = make_model("rnn", Interface(0, 1, 1), hidden_size=1)
    is_leaf = lambda leaf: isinstance(leaf, list)
    params = jax.tree.map(jnp.float32, PARAMS, is_leaf=is_leaf)
    train = jax.jit(trainer_of(task, model, state).train)
    step = lambda start: train(start, {}, task.data, jnp.int32(1))
    return start_of(task, model, params, state), step


def gradient_of(start, after):
    """Loss and gradient, from how far plain descent moved each parameter."""
    moved = jax.tree.map(
        lambda a, b: float((a - b).item()) / RATE, start.params, after.params
    )
    return float(after.sums["loss"].total), {**moved.pop("layer_0"), **moved}


@pytest.mark.parametrize("state", ["initial", "carried"])
def test_a_scalar_network_has_the_loss_and_gradient_derived_by_hand(state):
    error, gradient, *_ = by_hand()
    start, step = scalar_network(state, 3)
    loss, found = gradient_of(start, step(start))
    assert loss == pytest.approx(error, rel=1e-6)
    assert found == pytest.approx(gradient, rel=1e-5)


def test_truncation_at_every_step_leaves_the_past_a_constant():
    _, _, states, errors = by_hand()
    h_0 = 0.0
    start, step = scalar_network("carried", 1)
    for index, (x, h, e) in enumerate(
        zip((x_1, x_2, x_3), states, errors, strict=True)
    ):
        carry = jax.tree.map(lambda x, h=h_0: jnp.full_like(x, h), start.carry)
        here = start._replace(step=jnp.int32(index), carry=carry)
        after = step(here)
        loss, found = gradient_of(here, after)
        p = 2 * e * v * (1 - h**2)
        assert loss == pytest.approx(e**2, rel=1e-5)
        expected = {"U": p * x, "W": p * h_0, "b": p, "V": 2 * e * h, "c": 2 * e}
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)
        assert jax.tree.leaves(after.carry)[0].item() == pytest.approx(h, rel=1e-6)
        h_0 = h
