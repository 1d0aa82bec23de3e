"""A recurrence in plain functions, and one of it broken for each property.

h_t = tanh(x_t U + h_{t-1} W), y_t = h_t V, over floats or one-hot tokens.
"""

import jax
import jax.numpy as jnp
import numpy as np

from lib.ops.chunk import scan_with_resets
from lib.setting import Size, TracedFloat
from lib.types import Interface, Model


def sound(interface: Interface, *, hidden_size: Size = 4) -> Model:
    def init(key, inputs):
        sizes = {"U": interface.input_size, "W": hidden_size, "V": hidden_size}
        draw = lambda size: jax.random.normal(key, (size, hidden_size)) / size**0.5
        params = {name: draw(size) for name, size in sizes.items()}
        return {**params, "V": params["V"][:, : interface.output_size]}

    def initial(params, inputs):
        return jnp.zeros((inputs.shape[0], hidden_size))

    def cell(params, h, x):
        if interface.vocabulary_size:
            x = jax.nn.one_hot(x, interface.vocabulary_size)
        h = jnp.tanh(x @ params["U"] + h @ params["W"])
        return h, h @ params["V"]

    def apply(params, carry, inputs, reset, key):
        step = lambda h, x: cell(params, h, x)
        xs = jnp.moveaxis(inputs, 1, 0)
        mask = None if reset is None else reset.T
        h, ys = scan_with_resets(step, initial(params, inputs), carry, xs, mask)
        return jnp.moveaxis(ys, 0, 1), h

    return Model(init, initial, apply, cell)


def change_outputs(model: Model, change) -> Model:
    """The model with `change(outputs [B, T, V], inputs)` as its outputs."""

    def apply(params, carry, inputs, reset, key):
        outputs, carry = model.apply(params, carry, inputs, reset, key)
        return change(outputs, inputs), carry

    return model._replace(apply=apply)


def returns_a_class(interface: Interface) -> Model:
    return sound  # type: ignore[return-value]


def wrong_shape(interface: Interface) -> Model:
    return change_outputs(sound(interface), lambda y, x: y[:, -1])


def not_finite(interface: Interface) -> Model:
    late = lambda y, x: jnp.where(jnp.arange(y.shape[1]) > 4, jnp.nan, 1.0)
    return change_outputs(sound(interface), lambda y, x: y * late(y, x)[None, :, None])


def sometimes_not_finite(interface: Interface) -> Model:
    """A root of numbers of which the inputs drawn first have none below 0."""
    root = lambda y, x: y + jnp.sqrt(2.3 + x[:, :, :1])
    return change_outputs(sound(interface), root)


def overflows(interface: Interface) -> Model:
    """Twenty times as much at every step, which overflows at step 30."""
    model = sound(interface)

    def cell(params, h, x):
        h = 20.0 * h + jnp.sum(jnp.abs(x), axis=1, keepdims=True)
        return h, h[:, : interface.output_size]

    def apply(params, carry, inputs, reset, key):
        step, xs = lambda h, x: cell(params, h, x), jnp.moveaxis(inputs, 1, 0)
        mask = None if reset is None else reset.T
        start = model.initial(params, inputs)
        h, ys = scan_with_resets(step, start, carry, xs, mask)
        return jnp.moveaxis(ys, 0, 1), h

    return model._replace(apply=apply, step=cell)


def gradient_not_finite(interface: Interface) -> Model:
    root = lambda y, x: y + jnp.sqrt(jnp.maximum(y, 0) * 0)
    return change_outputs(sound(interface), root)


def looks_ahead(interface: Interface) -> Model:
    """The last step but two sees the one after it, and so do all before."""
    shift = lambda y, x: y + jnp.roll(y, -1, axis=1).at[:, -1].set(0)
    return change_outputs(sound(interface), shift)


def looks_two_ahead(interface: Interface) -> Model:
    shift = lambda y, x: y.at[:, :-2].add(y[:, 2:]) if y.shape[1] > 2 else y
    return change_outputs(sound(interface), shift)


def looks_ahead_without_gradient(interface: Interface) -> Model:
    longest = lambda y, x: y + jnp.max(jnp.abs(jnp.sign(x)) * x, axis=(1, 2))[0]
    return change_outputs(
        sound(interface), lambda y, x: y + jax.lax.stop_gradient(longest(y, x))
    )


def counts_padding(interface: Interface) -> Model:
    """A look ahead that sees nothing but zeros."""
    zeros = lambda y, x: jnp.mean(x == 0, axis=1, keepdims=True)[:, :, :1]
    return change_outputs(sound(interface), lambda y, x: y + zeros(y, x))


def looks_ahead_in_chunks(interface: Interface) -> Model:
    """Only a sequence that is longer than a chunk is centred, chunk by chunk."""

    def centre(y, x):
        if y.shape[1] <= 16:
            return y
        cut = y[:, :64].reshape(len(y), -1, 16, y.shape[2])
        cut = cut - jnp.mean(cut, axis=2, keepdims=True)
        return y.at[:, :64].set(cut.reshape(y[:, :64].shape))

    return change_outputs(sound(interface), centre)


def looks_ahead_far(interface: Interface) -> Model:
    """Only a sequence of more than 80 steps is centred."""
    centre = lambda y, x: y - jnp.mean(y, axis=1, keepdims=True)
    return change_outputs(
        sound(interface), lambda y, x: centre(y, x) if y.shape[1] > 80 else y
    )


def sees_too_far(interface: Interface) -> Model:
    return sound(interface)._replace(receptive_field=3)


def mixes_examples(interface: Interface) -> Model:
    centred = lambda y, x: y - jnp.mean(y, axis=0, keepdims=True)
    return change_outputs(sound(interface), centred)


def step_drifts(interface: Interface) -> Model:
    """From its fourth step on the step form forgets."""
    model = sound(interface)

    def initial(params, inputs):
        return model.initial(params, inputs), jnp.zeros((inputs.shape[0],))

    def apply(params, carry, inputs, reset, key):
        y, h = model.apply(params, carry[0], inputs, reset, key)
        return y, (h, carry[1] + inputs.shape[1])

    def step(params, carry, x):
        h, y = model.step(params, carry[0], x)
        keep = jnp.where(carry[1] < 3, 1.0, 0.5)[:, None]
        return (h * keep, carry[1] + 1), y * keep

    return model._replace(initial=initial, apply=apply, step=step)


def chunks_start_anew(interface: Interface) -> Model:
    """After 32 steps the whole form begins from zeros."""
    model = sound(interface)

    def apply(params, carry, inputs, reset, key):
        first, h = model.apply(params, carry, inputs[:, :32], None, key)
        if inputs.shape[1] <= 32:
            return model.apply(params, carry, inputs, reset, key)
        rest, h = model.apply(params, jnp.zeros_like(h), inputs[:, 32:], None, key)
        return jnp.concatenate([first, rest], axis=1), h

    return model._replace(apply=apply)


def no_step(interface: Interface) -> Model:
    def step(params, carry, x):
        raise NotImplementedError("no step form")

    return sound(interface)._replace(step=step)


def step_is_missing(interface: Interface) -> Model:
    return sound(interface)._replace(step=None)  # type: ignore[arg-type]


def forgets_its_carry(interface: Interface) -> Model:
    model = sound(interface)

    def apply(params, carry, inputs, reset, key):
        return model.apply(params, jnp.zeros_like(carry), inputs, reset, key)

    return model._replace(apply=apply)


def carry_grows(interface: Interface) -> Model:
    model = sound(interface)

    def apply(params, carry, inputs, reset, key):
        y, h = model.apply(params, carry, inputs, reset, key)
        return y, jnp.concatenate([h, h], axis=1)

    return model._replace(apply=apply)


def ignores_resets(interface: Interface) -> Model:
    model = sound(interface)
    plain = lambda p, c, x, reset, key: model.apply(p, c, x, None, key)
    return model._replace(apply=plain)


def impure(interface: Interface) -> Model:
    noise = lambda y, x: y + np.random.default_rng().normal()
    return change_outputs(sound(interface), noise)


def branches_on_a_tracer(interface: Interface, *, rate: TracedFloat = 0.5) -> Model:
    def scaled(y, x):
        return y * rate if rate > 0 else y

    return change_outputs(sound(interface), scaled)
