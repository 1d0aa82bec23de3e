"""Costs counted from the program, against counts made by hand."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from lib.cost import count_flops


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
