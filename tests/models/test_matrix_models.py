"""Models whose state is a matrix, against loops in double precision."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.cost import model_cost
from lib.models.delta_net import make_delta_net
from lib.models.gated_delta_net import init_rate, make_gated_delta_net
from lib.models.gated_linear_attention import make_gated_linear_attention
from lib.models.linear_attention import make_linear_attention
from lib.models.mlstm import make_mlstm
from lib.models.rwkv7 import make_rwkv7
from lib.models.slstm import make_slstm
from tests.models import reference_matrix as reference
from tests.models.agreement import INTERFACE, check_agreement

# The factory, what it is given beside two heads, and the loop of its mixing.
CASES = {
    "gated_linear_attention": (
        make_gated_linear_attention,
        {"gate_rank": 3, "conv_size": 2},
        reference.gated_linear_attention,
    ),
    "delta_net": (
        make_delta_net,
        {"max_beta": 2.0},
        functools.partial(reference.delta_net, max_beta=2.0),
    ),
    "gated_delta_net": (
        make_gated_delta_net,
        {"conv_size": 3},
        functools.partial(reference.gated_delta_net, max_beta=1.0),
    ),
    "linear_attention": (make_linear_attention, {}, reference.linear_attention),
    "mlstm": (make_mlstm, {}, reference.mlstm),
    "slstm": (make_slstm, {}, reference.slstm),
    "rwkv7": (make_rwkv7, {"lora_rank": 3}, reference.rwkv7),
}


def positive_sum(carry):
    """Of linear attention: weights that have been added up are above 0."""
    ((past, S),) = carry
    return ((past, S.at[..., -1].set(jnp.abs(S[..., -1]) + 1)),)


def positive_normaliser(carry):
    """Of the sLSTM: n is at least 1 once anything is in memory."""
    ((past, (h, c, n, m)),) = carry
    return ((past, (h, c, jnp.abs(n) + 1, m)),)


STARTS = {"linear_attention": positive_sum, "slstm": positive_normaliser}


@pytest.mark.parametrize("name", CASES)
def test_a_model_follows_its_paper_in_values_and_gradients(name):
    make, settings, loop = CASES[name]
    model = make(INTERFACE, hidden_size=6, num_heads=2, **settings)
    check_agreement(model, reference.block(loop), STARTS.get(name, lambda carry: carry))


@pytest.mark.parametrize(("num_heads", "squares"), [(1, 16), (2, 20)])
def test_a_token_of_the_slstm_costs_what_its_gates_read(num_heads, squares):
    """Two gates read one input and two the other, without products with zeros.

    Of each unit 4 weights are from those and 4 from the state, a multiply and an add
    each, and 4 more where blocks are put in their places.
    """
    H = 8
    one, two, three = (
        model_cost(
            make_slstm(INTERFACE, hidden_size=size, num_heads=num_heads), INTERFACE
        )["flops_per_token"]
        for size in (H, 2 * H, 3 * H)
    )
    assert three - 2 * two + one == 2 * squares * H**2


@pytest.mark.parametrize("name", CASES)
def test_heads_that_do_not_divide_the_width_are_refused(name):
    with pytest.raises(ValueError, match=f"{name}: .* hidden_size 6 and num_heads 4"):
        CASES[name][0](INTERFACE, hidden_size=6, num_heads=4)


@pytest.mark.parametrize(
    ("num_heads", "rates"), [(1, [0.01]), (2, [10**-2.5, 10**-1.5])]
)
def test_the_gate_of_the_delta_rule_starts_spread_over_the_heads(num_heads, rates):
    d = np.asarray(init_rate(jax.random.key(0), (num_heads,)), np.float64)
    np.testing.assert_allclose(reference.softplus(d), rates, rtol=1e-4)
