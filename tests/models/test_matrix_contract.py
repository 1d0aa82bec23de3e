"""The contract of models whose state is a matrix."""

import pytest

from lib.registry import MATRIX_MODELS
from tests.models.contract import Contract


@pytest.mark.parametrize("name", MATRIX_MODELS)
class TestContract(Contract):
    """What every model keeps to."""
