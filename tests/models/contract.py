"""What every registered model of sequences keeps to, whatever it computes.

A test file names a group of models; see test_model_contract.py.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.compile import compiler_options
from lib.long_sequence import stream
from lib.registry import MATRIX_MODELS
from lib.registry import SEQUENCE_MODELS as MODELS
from lib.types import Interface, Model

B, T, D = 2, 10, 3
TOKENS = Interface(vocabulary_size=5, input_size=5, output_size=4)
FLOATS = Interface(vocabulary_size=0, input_size=D, output_size=4)

# Sizes below T, so that receptive fields end inside the sequence.
SMALL = {
    "window_mlp": {"window": 4},
    "text_cnn": {"widths": (2, 3)},
    "transformer": {"num_heads": 3, "context": 4},
    "stack_rnn": {"stack_size": 3, "cell_size": 2},
}
SMALL |= {name: {"num_heads": 2} for name in (*MATRIX_MODELS, "slstm")}
SMALL_TCN = {"num_layers": 2, "kernel_size": 2}
OVER_TOKENS = {"bag": {"ngrams": 3, "num_buckets": 11, "weighted": True}}
# A maximum has a gradient for the largest step alone.
OVER_FLOATS = {"bag": {"embedding_size": 0}, "text_cnn": {"pooling": "last"}}


class Case(NamedTuple):
    """A model with its parameters, inputs, initial carry and compiled forms.

    Compiled once: most of the time of these tests is compilation.
    """

    model: Model
    params: Any
    inputs: Any
    carry: Any
    apply: Any  # (params, carry, inputs) -> (outputs, carry)
    apply_with_reset: Any  # (params, carry, inputs, reset) -> (outputs, carry)
    step: Any  # (params, carry, x) -> (carry, y)


def make_case(name: str, interface: Interface, **given: Any) -> Case:
    """Two layers and an embedding over tokens; one layer over floats as they are.

    `given` are further settings of the model.
    """
    tokens = interface.vocabulary_size > 0
    layers = {"num_layers": 2, "embedding_size": 3} if tokens else {"num_layers": 1}
    settings = {**layers, **SMALL.get(name, {}), **(SMALL_TCN if name == "tcn" else {})}
    settings |= (OVER_TOKENS if tokens else OVER_FLOATS).get(name, {})
    model = MODELS[name](interface, hidden_size=6, **settings, **given)
    random = np.random.default_rng(0)
    if tokens:
        inputs = random.integers(0, 5, (B, T), dtype=np.int32)
    else:
        inputs = random.normal(size=(B, T, D)).astype(np.float32)
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), inputs))
    apply = jax.jit(model.apply)  # one program for `stream` too
    return Case(
        model,
        params,
        inputs,
        model.initial(params, inputs),
        lambda p, c, x: apply(p, c, jnp.asarray(x), None, None),
        jax.jit(lambda p, c, x, reset: model.apply(p, c, x, reset, None)),
        jax.jit(model.step),
    )


def draw_like(shapes: Any) -> Any:
    """Parameters of no special value: zero biases hide mistakes."""
    random = np.random.default_rng(1)

    def draw(leaf: jax.ShapeDtypeStruct) -> jax.Array:
        return jnp.asarray(random.normal(0.05, 0.4, leaf.shape), leaf.dtype)

    return jax.tree.map(draw, shapes)


@functools.cache
def case_of(name: str, kind: str) -> Case:
    return make_case(name, TOKENS if kind == "tokens" else FLOATS)


def assert_close(a: Any, b: Any) -> None:
    # float32 products of another shape: roundings in another order.
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-5)


def jit_as_runs(function: Any) -> Any:
    """Compiled as what trains: without optimizations last bits of some models differ,
    those of a program of several runs from those of a program of one."""
    return jax.jit(function, compiler_options=compiler_options(1))


def check_steps(case: Case) -> None:
    """Step by step is the whole sequence, also from its last carry."""
    whole, last = case.apply(case.params, case.carry, case.inputs)
    again, last = case.apply(case.params, last, case.inputs)
    carry, steps = case.carry, []
    for t in range(2 * T):
        carry, y = case.step(case.params, carry, case.inputs[:, t % T])
        steps.append(y)
    assert_close(np.concatenate([whole, again], axis=1), np.stack(steps, axis=1))
    assert_close(last, carry)


def check_reach(case: Case) -> None:
    """Gradients reach the own past and no further than the receptive field."""

    def sums(inputs: jax.Array) -> jax.Array:
        outputs, _ = case.model.apply(case.params, case.carry, inputs, None, None)
        return jnp.sum(outputs, axis=2)

    jacobian = np.asarray(jax.jit(jax.jacrev(sums))(case.inputs))  # [B, T, B, T, D]
    reached = np.any(jacobian != 0, axis=-1)
    lag = np.arange(T)[:, None] - np.arange(T)[None, :]
    field = case.model.receptive_field or T
    assert field < T or case.model.receptive_field is None
    for b in range(B):
        expected = (lag >= 0) & (lag < field)
        np.testing.assert_array_equal(reached[b, :, b, :], expected)
        assert not reached[b, :, 1 - b, :].any(), "examples mix"


class Contract:
    """The tests; a class of a test file says of which models."""

    @pytest.mark.parametrize("kind", ["tokens", "floats"])
    def test_step_by_step_is_the_whole_sequence_also_from_its_last_carry(
        self, name, kind
    ):
        check_steps(case_of(name, kind))

    @pytest.mark.parametrize("kind", ["tokens", "floats"])
    def test_a_stream_in_chunks_is_the_whole_sequence(self, name, kind):
        case = case_of(name, kind)
        whole, last = case.apply(case.params, case.carry, case.inputs)
        again, _ = case.apply(case.params, last, case.inputs)
        # 17 steps as pieces of 7, 0, 9 and 1: a chunk of 10 and a rest of 7.
        inputs = np.concatenate([case.inputs, case.inputs], axis=1)[:, :17]
        pieces = np.split(inputs, [7, 7, 16], axis=1)
        parts = list(stream(case.model, case.params, iter(pieces), chunk=T))
        assert [part.shape[1] for part in parts] == [10, 7]
        both = np.concatenate([whole, again], axis=1)[:, :17]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), both)

    def test_gradients_reach_the_own_past_and_no_further_than_the_receptive_field(
        self, name
    ):
        check_reach(case_of(name, "floats"))

    def test_outputs_do_not_depend_on_what_follows(self, name):
        case = case_of(name, "tokens")
        outputs, _ = case.apply(case.params, case.carry, case.inputs)
        padded = case.inputs.copy()
        padded[:, 6:] = 0
        changed, _ = case.apply(case.params, case.carry, padded)
        np.testing.assert_array_equal(outputs[:, :6], changed[:, :6])

    def test_resets_isolate_segments(self, name):
        case = case_of(name, "tokens")
        reset = np.zeros((B, T), bool)
        reset[0, 4] = True
        outputs, last = case.apply_with_reset(
            case.params, case.carry, case.inputs, reset
        )
        plain, _ = case.apply(case.params, case.carry, case.inputs)
        inputs, carry, tail = case.inputs[:, 4:], case.carry, []
        for t in range(T - 4):
            carry, y = case.step(case.params, carry, inputs[:, t])
            tail.append(y)
        assert_close(outputs[1], plain[1])
        assert_close(outputs[0, :4], plain[0, :4])
        assert_close(outputs[0, 4:], np.stack(tail, axis=1)[0])
        assert_close(*(jax.tree.map(lambda c: c[0], side) for side in (last, carry)))

    def test_mapped_is_alone_bit_for_bit(self, name):
        case = case_of(name, "floats")

        def train(params, num_steps):
            """Gradient steps in a loop, on inputs that change, as training does."""

            def loss(params, inputs):
                carry = case.model.initial(params, inputs)
                y, _ = case.model.apply(params, carry, inputs, None, None)
                return jnp.mean(jnp.square(y))

            def step(k, params):
                gradient = jax.grad(loss)(params, case.inputs + k.astype(jnp.float32))
                return jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)

            return jax.lax.fori_loop(0, num_steps, step, params)

        def mapped(params, num_steps):
            return jax.lax.map(lambda p: train(p, num_steps), params)

        many = jax.tree.map(lambda p: jnp.stack([p, 0.5 * p]), case.params)
        both, alone = jit_as_runs(mapped)(many, 3), jit_as_runs(train)
        for r in range(2):
            own = alone(jax.tree.map(lambda p, r=r: p[r], many), 3)
            for a, b in zip(jax.tree.leaves(both), jax.tree.leaves(own), strict=True):
                np.testing.assert_array_equal(a[r], b)
