import jax.numpy as jnp
import numpy as np
import pytest
from scipy import signal

from lib.ops.discretize import DISCRETIZATIONS


@pytest.mark.parametrize("name", ["zoh", "bilinear"])
def test_a_step_is_that_of_scipy(name):
    random = np.random.default_rng(0)
    a = -np.exp(random.normal(size=6)) + 1j * random.normal(0, 10, 6)
    delta = np.exp(random.uniform(np.log(1e-3), np.log(0.5), 6))
    parts = jnp.asarray(a.real, jnp.float32), jnp.asarray(a.imag, jnp.float32)
    found = DISCRETIZATIONS[name](parts, jnp.asarray(delta, jnp.float32))
    for n in range(6):
        system = np.array([[a[n]]]), np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1))
        bar, drive, *_ = signal.cont2discrete(system, delta[n], method=name)
        for (re, im), truth in zip(found, (bar, drive), strict=True):
            value = complex(re[n], im[n])
            assert abs(value - truth[0, 0]) < 1e-5 * abs(truth[0, 0])
