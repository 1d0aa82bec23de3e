import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.linear_scan import (
    associative_linear_scan,
    plain_linear_scan,
    sequential_linear_scan,
)

T, B, N = 13, 2, 3


def draw(shape, seed):
    random = np.random.default_rng([seed, *shape])
    value = random.normal(size=shape) + 1j * random.normal(size=shape)
    return jnp.asarray(value, jnp.complex64)


@pytest.fixture(scope="module")
def point():
    a = draw((N,), 0)
    return a * (0.9 / jnp.abs(a)).astype(a.dtype), draw((T, B, N), 1), draw((B, N), 2)


RESET = jnp.zeros((T, B), bool).at[jnp.array([0, 4, 5, 12]), 1].set(True)


def closed_form(a, x, h, start):
    """h_t = a^{t+1} h_{-1} + sum_s a^{t-s} x_s, in float64, for one example."""
    a, x, h = (np.asarray(v, np.complex128) for v in (a, x, h))
    rows = []
    for t in range(start, len(x)):
        terms = [a ** (t - s) * x[s] for s in range(start, t + 1)]
        rows.append(a ** (t - start + 1) * h + sum(terms))
    return np.array(rows)


@pytest.mark.parametrize("scan", [sequential_linear_scan, associative_linear_scan])
def test_scan_is_the_closed_form(scan, point):
    a, x, h = point
    reached = jax.jit(scan)(a, x, h)
    for b in range(B):
        expected = closed_form(a, x[:, b], h[b], 0)
        np.testing.assert_allclose(reached[:, b], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scan", [sequential_linear_scan, associative_linear_scan])
def test_a_reset_starts_from_zeros(scan, point):
    a, x, h = point
    reached = jax.jit(scan)(a, x, h, RESET)
    expected = closed_form(a, x[:12, 1], jnp.zeros(N), 5)
    np.testing.assert_allclose(reached[5:12, 1], expected, rtol=1e-5, atol=1e-5)
    expected = closed_form(a, x[:, 0], h[0], 0)
    np.testing.assert_allclose(reached[:, 0], expected, rtol=1e-5, atol=1e-5)


def test_gradients_agree_between_the_methods(point):
    weights = draw((T, B, N), 3)

    @jax.jit
    def gradients(point):
        def loss(scan, point):
            return jnp.sum((scan(*point, RESET) * weights).real)

        scans = sequential_linear_scan, associative_linear_scan, plain_linear_scan
        return [jax.grad(lambda p, s=scan: loss(s, p))(point) for scan in scans]

    sequential, associative, plain = gradients(point)

    for other in (associative, plain):
        # Sums of T float32 terms in another order.
        for a, b in zip(
            jax.tree.leaves(sequential), jax.tree.leaves(other), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)
