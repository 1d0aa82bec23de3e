"""The contract of every model of sequences whose family has no file of its own."""

import jax
import jax.numpy as jnp
import pytest

from lib.registry import MATRIX_MODELS, RECURRENT_MODELS, SEQUENCE_MODELS
from tests.models.contract import Contract, assert_close, case_of

# Files of their own, since the tests of a file run one after another.
ELSEWHERE = (*RECURRENT_MODELS, *MATRIX_MODELS)


@pytest.mark.parametrize("name", [n for n in SEQUENCE_MODELS if n not in ELSEWHERE])
class TestContract(Contract):
    """What every model keeps to."""


# One for each way to read a sequence: in turn, as a scan, as a convolution, at once.
# Of all models the compiled forms agree: whole, step by step, with resets, in chunks.
@pytest.mark.parametrize("name", ["gru", "lru", "tcn", "text_cnn"])
def test_compiled_is_eager(name):
    case = case_of(name, "floats")
    compiled, _ = case.apply(case.params, case.carry, case.inputs)
    inputs = jnp.asarray(case.inputs[:, :3])
    with jax.disable_jit():
        eager, _ = case.model.apply(case.params, case.carry, inputs, None, None)
    assert_close(compiled[:, :3], eager)
