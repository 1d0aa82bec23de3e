"""The contract of models that have a nonlinear recurrence."""

import pytest

from lib.registry import RECURRENT_MODELS
from tests.models.contract import Contract


@pytest.mark.parametrize("name", RECURRENT_MODELS)
class TestContract(Contract):
    """What every model keeps to."""
