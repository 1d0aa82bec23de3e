import jax
import numpy as np
import pytest

from lib.models.s5 import blocks_of_hippo, make_s5
from tests.models import reference_linear as reference
from tests.models.agreement import INTERFACE, check_agreement


def hippo_n(N):
    """Smith et al. 2023, equation 11, entry by entry."""
    A = np.zeros((N, N))
    for n in range(N):
        for k in range(N):
            size = np.sqrt(n + 0.5) * np.sqrt(k + 0.5)
            A[n, k] = -0.5 if n == k else -size if n > k else size
    return A


def hippo_legs(N):
    """HiPPO-LegS (Gu et al. 2020, arXiv:2008.07669, equation 29), negated."""
    A = np.zeros((N, N))
    for n in range(N):
        for k in range(n + 1):
            A[n, k] = -np.sqrt((2 * n + 1) * (2 * k + 1)) if n > k else -(n + 1)
    return A


def test_s5_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_s5(INTERFACE, hidden_size=4, state_size=6),
        lambda p, x, carry: reference.block(
            p["layer_0"], x, lambda p, u: reference.s5(p, u, carry[0])
        ),
    )


@pytest.mark.parametrize(("size", "num_blocks"), [(2, 1), (16, 1), (24, 3)])
def test_eigenvectors_diagonalize_the_normal_part_of_hippo_legs(size, num_blocks):
    N = size // num_blocks
    normal = hippo_n(N)
    # LegS is its normal part less a matrix of rank one (appendix B.1).
    P = np.sqrt(np.arange(N) + 0.5)
    np.testing.assert_allclose(normal - np.outer(P, P), hippo_legs(N), atol=1e-9)
    A = np.kron(np.eye(num_blocks), normal)
    eigenvalue, V = blocks_of_hippo(size, num_blocks)
    assert np.all(eigenvalue.imag > 0)
    np.testing.assert_allclose(A @ V, V * eigenvalue, atol=1e-9)
    np.testing.assert_allclose(V.conj().T @ V, np.eye(size // 2), atol=1e-9)
    both = np.concatenate([eigenvalue, eigenvalue.conj()])
    values = np.linalg.eigvals(A)
    np.testing.assert_allclose(both.real, -0.5, atol=1e-9)
    np.testing.assert_allclose(values.real, -0.5, atol=1e-9)
    np.testing.assert_allclose(np.sort(both.imag), np.sort(values.imag), atol=1e-9)


def test_eigenvalue_of_two_states_is_its_closed_form():
    # [[-1/2, s], [-s, -1/2]] with s = sqrt(1/2 * 3/2).
    eigenvalue, _ = blocks_of_hippo(2, 1)
    np.testing.assert_allclose(eigenvalue, [-0.5 + 1j * np.sqrt(0.75)], rtol=1e-12)


def test_a_layer_starts_as_hippo_n_with_real_inputs():
    H, P = 64, 16
    model = make_s5(INTERFACE, hidden_size=H, state_size=P, dt_min=0.01, dt_max=0.2)
    x = np.zeros((1, 1, 3), np.float32)
    mix = jax.jit(model.init)(jax.random.key(0), x)["layer_0"]["mix"]
    mix = {name: np.asarray(value, np.float64) for name, value in mix.items()}
    values = np.linalg.eigvals(hippo_n(P))
    expected = np.sort(values.imag[values.imag > 0])

    np.testing.assert_allclose(-np.exp(mix["log_decay"]), -0.5, rtol=1e-5)
    np.testing.assert_allclose(np.sort(mix["frequency"]), expected, rtol=1e-4)
    delta = np.exp(mix["log_Delta"])
    assert 0.01 * 0.999 <= delta.min() and delta.max() <= 0.2 * 1.001
    # V (V^-1 B') and its conjugate add up to a real B' of variance 1 / P.
    _, V = blocks_of_hippo(P, 1)
    B = mix["B"][:, : P // 2] + 1j * mix["B"][:, P // 2 :]
    whole = 2 * (V @ B.T).real
    np.testing.assert_allclose(np.mean(whole**2), 1 / P, rtol=0.15)  # of 1024 draws
    np.testing.assert_allclose(V.conj().T @ whole, B.T, atol=1e-5)
    # Each entry of C' V is complex of variance 2 / P.
    size = np.mean(mix["C"] ** 2) * 2
    np.testing.assert_allclose(size, 2 / P, rtol=0.15)


def test_states_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="even multiple of num_blocks, got 12 and 4"):
        make_s5(INTERFACE, state_size=12, num_blocks=4)
