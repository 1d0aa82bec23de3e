"""What every registered model of pictures keeps to, whatever it computes."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import PICTURE_MODELS, check_fit
from lib.types import Interface
from tests.models.contract import draw_like, jit_as_runs

B, SIDE = 3, 9
INTERFACE = Interface(0, 2, 4, image=(SIDE, SIDE, 2))
SMALL = {
    "mlp": {"hidden_size": 6},
    "cnn": {"filters": (4, 6), "hidden_size": 6},
    "resnet": {"filters": (4, 6)},
}
every_model = pytest.mark.parametrize("name", PICTURE_MODELS)


@functools.cache
def case_of(name):
    """The model, parameters of no special value, pictures, and the compiled form."""
    model = PICTURE_MODELS[name](INTERFACE, **SMALL.get(name, {}))
    random = np.random.default_rng(0)
    images = jnp.asarray(random.uniform(size=(B, *INTERFACE.image)), jnp.float32)
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), images))

    def answer(params, images):
        carry = model.initial(params, images)
        return model.apply(params, carry, images, None, None)[0]

    return model, params, images, answer, jax.jit(answer)


@every_model
def test_compiled_is_eager(name):
    _, params, images, answer, compiled = case_of(name)
    with jax.disable_jit():
        eager = answer(params, images)
    np.testing.assert_allclose(compiled(params, images), eager, rtol=1e-5, atol=1e-5)


@every_model
def test_every_answer_depends_on_every_pixel_of_its_own_picture_alone(name):
    _, params, images, _, answer = case_of(name)
    outputs = answer(params, images)
    assert outputs.shape == (B, 1, INTERFACE.output_size)
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(answer(params, x)[1])))(images)
    reached = np.asarray(gradient != 0)
    assert not reached[0].any() and not reached[2].any()
    # A maximum hides what is smaller; another picture would show it.
    assert reached[1].mean() > 0.3


@every_model
def test_training_with_a_key_leaves_no_trace_without_dropout(name):
    model, params, images, answer, _ = case_of(name)
    outputs, carry = model.apply(params, (), images, None, jax.random.key(0))
    np.testing.assert_array_equal(outputs, answer(params, images))
    assert carry == ()


@every_model
def test_a_model_of_pictures_has_no_step_form(name):
    model, params, images, _, _ = case_of(name)
    assert not model.causal
    with pytest.raises(ValueError, match="no step form"):
        model.step(params, (), images[:, 0])


@every_model
def test_mapped_is_alone_bit_for_bit(name):
    _, params, images, answer, _ = case_of(name)

    def train(params):
        loss = lambda params: jnp.mean(jnp.square(answer(params, images)))
        step = lambda _, p: jax.tree.map(lambda a, g: a - 0.1 * g, p, jax.grad(loss)(p))
        return jax.lax.fori_loop(0, 3, step, params)

    many = jax.tree.map(lambda p: jnp.stack([p, 0.5 * p]), params)
    both = jit_as_runs(lambda many: jax.lax.map(train, many))(many)
    alone = jit_as_runs(train)
    for r in range(2):
        own = alone(jax.tree.map(lambda p, r=r: p[r], many))
        for a, b in zip(jax.tree.leaves(both), jax.tree.leaves(own), strict=True):
            np.testing.assert_array_equal(a[r], b)


def test_a_model_that_cannot_read_the_task_is_refused_by_name():
    with pytest.raises(ValueError, match="gru: the task gives pictures.*cnn, mlp"):
        check_fit("gru", INTERFACE)
    with pytest.raises(ValueError, match="cnn: the task gives sequences.*gru"):
        check_fit("cnn", Interface(0, 2, 4))
