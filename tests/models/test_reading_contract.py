"""What every registered model that reads a picture and then word by word keeps to."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import READING_MODELS
from lib.types import Interface, Model
from tests.models.contract import assert_close, draw_like, jit_as_runs

B, T, SIDE = 2, 5, 8
INTERFACE = Interface(7, 7, 4, padding=True, image=(SIDE, SIDE, 3))
SMALL = {"filters": (3, 4), "hidden_size": 5, "embedding_size": 3}
# Every form of each model: the defaults, and what changes how it is computed.
FORMS: dict[str, list[dict[str, Any]]] = {
    "picture_reader": [
        {"image": "first", "decoder": "lstm"},
        {"image": "every", "decoder": "rnn", "encoder": "resnet"},
        {"image": "attended", "decoder": "gru"},
    ]
}
CAUSAL = [
    name for name, make in READING_MODELS.items() if make(INTERFACE, **SMALL).causal
]
CASES = [
    pytest.param(name, place, id="-".join([name, *map(str, form.values())]))
    for name in CAUSAL
    for place, form in enumerate(FORMS.get(name, [{}]))
]
every_form = pytest.mark.parametrize(("name", "form"), CASES)


class Case(NamedTuple):
    """A model with its parameters, inputs, initial carry and compiled forms."""

    model: Model
    params: Any
    inputs: Any
    carry: Any
    apply: Any  # (params, carry, inputs, reset) -> (outputs, carry)
    step: Any  # (params, carry, x) -> (carry, y)


@functools.cache
def case_of(name: str, form: int) -> Case:
    model = READING_MODELS[name](INTERFACE, **SMALL, **FORMS.get(name, [{}])[form])
    random = np.random.default_rng(0)
    image = random.uniform(size=(B, *INTERFACE.image)).astype(np.float32)
    tokens = random.integers(1, 7, (B, T), dtype=np.int32)
    inputs = {"image": jnp.asarray(image), "tokens": jnp.asarray(tokens)}
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), inputs))
    return Case(
        model,
        params,
        inputs,
        jax.jit(model.initial)(params, inputs),
        jax.jit(lambda p, c, x, reset: model.apply(p, c, x, reset, None)),
        jax.jit(model.step),
    )


@every_form
def test_step_by_step_is_the_whole_sequence_also_from_its_last_carry(name, form):
    case = case_of(name, form)
    whole, last = case.apply(case.params, case.carry, case.inputs, None)
    again, last = case.apply(case.params, last, case.inputs, None)
    carry, steps = case.carry, []
    for t in range(2 * T):
        carry, y = case.step(case.params, carry, case.inputs["tokens"][:, t % T])
        steps.append(y)
    assert whole.shape == (B, T, INTERFACE.output_size)
    assert_close(np.concatenate([whole, again], axis=1), np.stack(steps, axis=1))
    assert_close(last, carry)


@every_form
def test_answers_depend_on_the_own_picture_and_on_no_other(name, form):
    case = case_of(name, form)

    def answer(image):
        inputs = {**case.inputs, "image": image}
        carry = case.model.initial(case.params, inputs)
        outputs, _ = case.model.apply(case.params, carry, inputs, None, None)
        return jnp.sum(outputs, axis=2)  # [B, T]

    jacobian = jax.jit(jax.jacrev(answer))(case.inputs["image"])  # [B, T, B, H, W, C]
    reached = np.any(np.asarray(jacobian) != 0, axis=(3, 4, 5))
    for b in range(B):
        assert reached[b, :, b].all()
        assert not reached[b, :, 1 - b].any()


@every_form
def test_an_output_depends_on_no_later_word_and_on_no_other_example(name, form):
    case = case_of(name, form)
    outputs, _ = case.apply(case.params, case.carry, case.inputs, None)
    tokens = case.inputs["tokens"].at[0, 3].set(0)
    changed, _ = case.apply(
        case.params, case.carry, {**case.inputs, "tokens": tokens}, None
    )
    np.testing.assert_array_equal(outputs[:, :3], changed[:, :3])
    np.testing.assert_array_equal(outputs[1], changed[1])
    assert (np.abs(outputs[0, 3:] - changed[0, 3:]).max(axis=-1) > 0).all()


@every_form
def test_a_reset_begins_again_before_the_same_picture(name, form):
    case = case_of(name, form)
    reset = np.zeros((B, T), bool)
    reset[0, 2] = True
    outputs, last = case.apply(case.params, case.carry, case.inputs, reset)
    plain, _ = case.apply(case.params, case.carry, case.inputs, None)
    carry, tail = case.carry, []
    for t in range(2, T):
        carry, y = case.step(case.params, carry, case.inputs["tokens"][:, t])
        tail.append(y)
    assert_close(outputs[1], plain[1])
    assert_close(outputs[0, :2], plain[0, :2])
    assert_close(outputs[0, 2:], np.stack(tail, axis=1)[0])
    assert_close(*(jax.tree.map(lambda c: c[0], side) for side in (last, carry)))


@pytest.mark.parametrize("name", CAUSAL)
def test_mapped_is_alone_bit_for_bit(name):
    case = case_of(name, len(FORMS.get(name, [{}])) - 1)  # compiles for seconds

    def train(params):
        def loss(params):
            carry = case.model.initial(params, case.inputs)
            y, _ = case.model.apply(params, carry, case.inputs, None, None)
            return jnp.mean(jnp.square(y))

        step = lambda _, p: jax.tree.map(lambda a, g: a - 0.1 * g, p, jax.grad(loss)(p))
        return jax.lax.fori_loop(0, 2, step, params)

    many = jax.tree.map(lambda p: jnp.stack([p, 0.5 * p]), case.params)
    mapped = jit_as_runs(lambda many: jax.lax.map(train, many))
    both, alone = mapped(many), jit_as_runs(train)
    for r in range(2):
        own = alone(jax.tree.map(lambda p, r=r: p[r], many))
        for a, b in zip(jax.tree.leaves(both), jax.tree.leaves(own), strict=True):
            np.testing.assert_array_equal(a[r], b)


@every_form
def test_attention_is_a_weighing_of_the_places_of_the_picture(name, form):
    case = case_of(name, form)
    if case.model.attention is None:
        pytest.skip("attends to nothing")
    token = case.inputs["tokens"][:, 0]
    weights = np.asarray(case.model.attention(case.params, case.carry, token))
    assert weights.ndim == 3 and len(weights) == B
    np.testing.assert_allclose(weights.sum((1, 2)), 1, rtol=1e-5)
    assert (weights > 0).all()
