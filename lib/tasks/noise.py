"""Band-limited white noise: Gaussian, of unit variance, and known to every oracle.

Gaussian white noise through a filter of J taps, a sinc under a Hamming window. In the
code of S4 (Gu, Goel, Re 2021, arXiv:2111.00396) it is a random Fourier series below a
frequency instead, which a finite past of inputs determines up to its rounding, and
whose samples depend on how far they are padded.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from lib.types import PRNGKey


@functools.cache
def filter_taps(bandwidth: float) -> Float[np.ndarray, " J"]:
    """The filter, sum of squares 1; `bandwidth` is a share of the Nyquist frequency."""
    if bandwidth == 1:
        return np.ones(1)
    half = math.ceil(4 / bandwidth)
    taps = np.sinc(bandwidth * np.arange(-half, half + 1)) * np.hamming(2 * half + 1)
    return taps / np.sqrt(np.sum(taps**2))


def draw_noise(
    key: PRNGKey, num_steps: int, batch_size: int, bandwidth: float
) -> Float[Array, "B T"]:
    """Band-limited noise; an example does not depend on how many steps there are."""
    taps = jnp.asarray(filter_taps(bandwidth), jnp.float32)
    shape = (num_steps + len(taps) - 1, batch_size)
    white = jax.random.normal(key, shape, jnp.float32)  # time first
    if len(taps) == 1:
        return white.T

    def add(tap: Array, total: Array) -> Array:
        return total + taps[tap] * lax.dynamic_slice_in_dim(white, tap, num_steps)

    zeros = jnp.zeros((num_steps, batch_size), jnp.float32)
    return lax.fori_loop(0, len(taps), add, zeros).T


def explained(
    lags: Float[np.ndarray, " n"], k: int, bandwidth: float
) -> Float[np.ndarray, " n"]:
    """The share of the variance of x_{t - lag} that x_t, .., x_{t - k + 1} explain.

    1 for lags below k, which the window holds. For the others b R^-1 b, with R the
    covariance of the window and b that with the value asked for: the best prediction of
    a Gaussian is linear. Inputs further from the edge of the window than 32 filters are
    left out, where the explained share no longer changes.
    """
    taps = filter_taps(bandwidth)
    share = (lags < k).astype(np.float64)
    beyond = (lags >= k) & (lags < k + len(taps) - 1)
    if not beyond.any():
        return share
    from scipy.linalg import cho_solve_banded, cholesky_banded

    size = min(k, 32 * len(taps))
    covariance = np.correlate(taps, taps, "full")[len(taps) - 1 :]  # lags 0 .. J - 1
    width = min(len(taps), size)
    bands = np.repeat(covariance[:width, None], size, axis=1)
    # From the edge of the window inwards: distances to the value asked for.
    distance = (lags[beyond] - k + 1)[None, :] + np.arange(size)[:, None]
    b = np.append(covariance, 0.0)[np.minimum(distance, len(taps)).astype(int)]
    factor = cholesky_banded(bands, lower=True)
    share[beyond] = np.sum(b * cho_solve_banded((factor, True), b), axis=0)
    return share
