"""The fully convolutional network: what it sees, and what it says where."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.locator import make_locator, receptive_field
from lib.registry import MAP_MODELS, MAP_TASKS, check_fit
from lib.types import Interface
from tests.models.contract import draw_like

INTERFACE = Interface(0, 3, 2, image=(24, 24, 3), stride=4)
MODEL = make_locator(INTERFACE, filters=(4, 5), context=(6, 6))
ANSWER = jax.jit(lambda params, x: MODEL.apply(params, (), x, None, None)[0])


def _params():
    images = jnp.zeros((1, 24, 24, 3))
    return draw_like(jax.eval_shape(MODEL.init, jax.random.key(0), images))


def test_there_is_an_answer_for_each_place_row_by_row():
    params = _params()
    images = jax.random.uniform(jax.random.key(0), (2, 22, 37, 3))
    outputs = ANSWER(params, images)
    assert outputs.shape == (2, 6 * 10, 2)
    moved = images.at[:, :, 33:].add(0.3)
    changed = np.any(np.asarray(ANSWER(params, moved) != outputs), axis=-1)
    columns = np.flatnonzero(changed.reshape(2, 6, 10).any(axis=(0, 1)))
    assert columns[-1] == 9 and columns[0] > 1


def test_an_answer_depends_on_its_receptive_field_and_on_all_of_it():
    # By hand: 3, pooled 4; + 2 * 2 = 8, pooled 10; + 2 * 4 = 18; + 2 * 8 = 34.
    assert MODEL.receptive_field == receptive_field(2, 2, 3, 1) == 34
    params = jax.tree.map(np.abs, _params())  # no path is cut by a dead unit
    place = 6 * 12 + 6  # row 6, column 6 of 12
    # A maximum passes on one pixel of four: many pictures together show the field.
    images = np.random.default_rng(0).uniform(size=(16, 48, 48, 3)).astype(np.float32)
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(ANSWER(params, x)[:, place])))
    seen = np.abs(gradient(images)).sum(axis=0)
    rows = np.flatnonzero(seen.sum(axis=(1, 2)))
    columns = np.flatnonzero(seen.sum(axis=(0, 2)))
    for found in (rows, columns):
        assert found[-1] - found[0] + 1 == 34
        assert (found[0] + found[-1]) / 2 == 25.5  # the middle of pixels 24 to 27


def test_at_first_nearly_no_place_is_taken_for_the_figure():
    grey = jnp.full((1, 24, 24, 3), 0.5)
    outputs = ANSWER(jax.jit(MODEL.init)(jax.random.key(0), grey), grey)
    np.testing.assert_allclose(outputs, -3.0, atol=1e-6)


def test_the_number_of_blocks_must_give_the_tasks_stride():
    with pytest.raises(ValueError, match="stride 4 blocks, got 3.*every 8th"):
        make_locator(INTERFACE, filters=(4, 5, 6))


def test_it_has_no_step_form():
    with pytest.raises(ValueError, match="no step form"):
        MODEL.step(_params(), (), jnp.zeros((1, 3)))


def test_maps_are_for_models_of_maps_alone():
    assert set(MAP_MODELS) == {"locator"} and set(MAP_TASKS) == {"crowd"}
    check_fit("locator", INTERFACE)
    with pytest.raises(ValueError, match="cnn: .*answered at every place.*locator"):
        check_fit("cnn", INTERFACE)
    with pytest.raises(ValueError, match="locator: the task gives pictures; .*cnn"):
        check_fit("locator", INTERFACE._replace(stride=0))
