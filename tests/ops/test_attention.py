"""Attention, against a float64 loop."""

import jax.numpy as jnp
import numpy as np

from lib.ops.attention import attend


def test_the_context_is_the_mean_of_values_by_the_softmax_of_fits():
    random = np.random.default_rng(0)
    query, keys = random.normal(size=(2, 3)), random.normal(size=(2, 5, 3))
    values = random.normal(size=(2, 5, 4))
    context, weights = attend(
        *(jnp.asarray(x, jnp.float32) for x in (query, keys, values))
    )
    for b in range(2):
        fit = [np.exp(query[b] @ keys[b, p] / np.sqrt(3)) for p in range(5)]
        expected = np.array(fit) / sum(fit)
        np.testing.assert_allclose(weights[b], expected, rtol=1e-5)
        mean = sum(w * v for w, v in zip(expected, values[b], strict=True))
        np.testing.assert_allclose(context[b], mean, rtol=1e-5)
