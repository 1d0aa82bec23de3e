"""Costs counted from the program, against counts made by hand."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from lib.cost import count_flops, model_cost
from lib.models.cnn import make_cnn
from lib.models.mlp import make_mlp
from lib.models.orthogonal_rnn import make_orthogonal_rnn
from lib.models.rnn import make_rnn
from lib.types import Interface


def test_a_matrix_product_counts_a_multiply_and_an_add():
    a, b = jnp.ones((3, 5)), jnp.ones((5, 7))
    assert count_flops(jnp.matmul, a, b) == 2 * 3 * 5 * 7


def test_a_scan_counts_its_body_once_a_step():
    w = jnp.ones((4, 4))
    run = lambda h: lax.scan(lambda h, _: (jnp.tanh(h @ w), None), h, None, 10)[0]
    assert count_flops(run, jnp.ones((4,))) == 10 * (2 * 16 + 4)


def test_a_complex_product_counts_its_four_real_ones():
    a = jnp.ones((2, 2), jnp.complex64)
    assert count_flops(jnp.matmul, a, a) == 4 * 2 * 8


def test_a_convolution_counts_its_kernel_once_an_output():
    x, kernel = jnp.ones((1, 16, 3)), jnp.ones((2, 3, 5))  # NWC, WIO
    convolve = lambda x, k: lax.conv_general_dilated(
        x, k, (1,), "VALID", dimension_numbers=("NWC", "WIO", "NWC")
    )
    assert count_flops(convolve, x, kernel) == 2 * 15 * 5 * (2 * 3)


@pytest.mark.parametrize("wrap", [jax.jit, jax.checkpoint])
def test_nested_programs_are_counted(wrap):
    inner = wrap(lambda x: x * x + x)
    assert count_flops(inner, jnp.ones((6,))) == 12


def test_a_picture_costs_its_products_and_counts_as_one_token():
    interface = Interface(0, 2, 3, image=(6, 6, 2))
    cost = model_cost(make_mlp(interface, hidden_size=5, num_layers=1), interface)
    assert cost["parameters"] == 72 * 5 + 5 + 5 * 3 + 3
    # A bias and, for the hidden layer, a maximum are one operation a number.
    assert cost["flops_per_token"] == 2 * 72 * 5 + 2 * 5 + 2 * 5 * 3 + 3
    assert cost["state_size"] == 0


def test_a_filter_costs_its_area_at_each_place_and_its_parameters_once():
    for side in (8, 16):
        interface = Interface(0, 2, 3, image=(side, side, 2))
        cost = model_cost(make_cnn(interface, filters=(4,), hidden_size=0), interface)
        places = (side // 2) ** 2 * 4
        assert cost["parameters"] == 3 * 3 * 2 * 4 + 4 + places * 3 + 3
        convolved = side**2 * 4 * (2 * 3 * 3 * 2 + 1 + 1)
        # Pooling compares, which is not counted where it is a reduction.
        assert cost["flops_per_token"] == convolved + 2 * places * 3 + 3


@pytest.mark.parametrize(
    ("make", "elementwise"),
    # tanh of a sum with a bias; of modrelu sign, size, bias, maximum, product.
    [(make_rnn, 3), (make_orthogonal_rnn, 6)],
)
@pytest.mark.parametrize("floats", [False, True])
def test_a_token_of_a_recurrence_costs_its_products_alone(make, elementwise, floats):
    """The rotation is worked out once for a sequence; no product is a lookup."""
    D, H, V = 5, 16, 3
    interface = Interface(0 if floats else D, D, V)
    products = 2 * (D * H + H * H + H * V)
    for layers, more in ((1, 0), (2, 2 * (H * H + H * H) + elementwise * H)):
        model = make(interface, hidden_size=H, num_layers=layers)
        cost = model_cost(model, interface)["flops_per_token"]
        assert cost == products + elementwise * H + V + more
