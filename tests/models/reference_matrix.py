"""Models whose state is a matrix as float64 loops over one example, from their papers.

Nothing here imports lib. Each mixing is a loop over steps and heads inside `block`;
parameters are the dicts that the models hold; vectors are rows.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.reference import sigmoid

Array = np.ndarray
Mix = Callable[[Any, Array, Any], Array]  # (params, x [T, H], carry) -> y [T, H]


def block(mix: Mix) -> Callable[[Any, Array, Any], Array]:
    """A stack's only layer, as `check_agreement` asks for it: norm, mixing, skip."""

    def run(p: Any, x: Array, carry: Any) -> Array:
        layer = p["layer_0"]
        x = x @ layer["R"]
        return (
            rms(x + mix(layer["mix"], rms(x, layer["s_mix"]), carry[0]))
            * (layer["s_out"])
        )

    return run


def rms(x: Array, scale: Any = 1.0) -> Array:
    return scale * x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6)


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def softplus(x: Array) -> Array:
    return np.log1p(np.exp(x))


def unit(x: Array) -> Array:
    return x / np.sqrt(np.sum(x**2) + 1e-6)


def convolve(z: Array, past: Array, K: Array) -> Array:
    """Each channel's taps over the inputs so far, the latest of the past last."""
    extended = np.concatenate([past, z])
    return np.array(
        [
            sum(K[j] * extended[len(past) + t - j] for j in range(len(K)))
            for t in range(len(z))
        ]
    )


def heads_of(z: Array, num_heads: int) -> Array:
    """[T, H] as [T, P, K]."""
    return z.reshape(len(z), num_heads, -1)


def read(p: Mapping[str, Array], x: Array, past: Any, num_heads: int) -> list[Array]:
    """q, k, v [T, P, K] of `lib/models/heads.py`."""
    z = x @ p["W"]
    if "K" in p:
        z = silu(convolve(z, past, p["K"]))
    return [heads_of(part, num_heads) for part in np.split(z, 3, axis=1)]


def normed(y: Array, scale: Array) -> Array:
    """Heads [T, P, K] each of mean square 1, side by side and scaled."""
    return rms(y).reshape(len(y), -1) * scale


def gated_linear_attention(p: Any, x: Array, carry: Any) -> Array:
    """Yang et al. 2023, equation 3, section 4.4."""
    past, S = carry
    S, num_heads = np.array(S), len(S)
    q, k, v = read(p["read"], x, past, num_heads)
    alpha = heads_of(sigmoid(x @ p["A_1"] @ p["A_2"] + p["a"]) ** (1 / 16), num_heads)
    y = np.zeros(v.shape)
    for t, h in np.ndindex(len(x), num_heads):
        S[h] = np.diag(alpha[t, h]) @ S[h] + np.outer(k[t, h], v[t, h])
        y[t, h] = q[t, h] @ S[h]
    return (normed(y, p["s"]) * silu(x @ p["W_r"] + p["b_r"])) @ p["W_o"]


def _delta(q: Array, k: Array, v: Array, beta: Array, alpha: Array, S: Any) -> Array:
    """S_t = alpha S_{t-1} (I - beta k k^T) + beta v k^T, as the papers write it."""
    memory, y = np.swapaxes(S, -1, -2), np.zeros(v.shape)  # [P, V, K]
    for t, h in np.ndindex(*beta.shape):
        key, query = unit(k[t, h]), unit(q[t, h])
        turn = np.eye(len(key)) - beta[t, h] * np.outer(key, key)
        memory[h] = alpha[t, h] * memory[h] @ turn
        memory[h] += beta[t, h] * np.outer(v[t, h], key)
        y[t, h] = memory[h] @ query
    return y


def delta_net(p: Any, x: Array, carry: Any, max_beta: float) -> Array:
    """Yang et al. 2024 (2406.06484), section 2.2 and the layer of section 3.3."""
    past, S = carry
    q, k, v = read(p["read"], x, past, len(S))
    beta = max_beta * sigmoid(x @ p["W_b"])
    y = _delta(q, k, v, beta, np.ones(beta.shape), np.array(S))
    return normed(y, p["s"]) @ p["W_o"]


def gated_delta_net(p: Any, x: Array, carry: Any, max_beta: float) -> Array:
    """Yang et al. 2024 (2412.06464), equation 10 and section 3.4."""
    past, S = carry
    q, k, v = read(p["read"], x, past, len(S))
    beta = max_beta * sigmoid(x @ p["W_b"])
    alpha = np.exp(-np.exp(p["a"]) * softplus(x @ p["W_g"] + p["d"]))
    y = _delta(q, k, v, beta, alpha, np.array(S))
    return (normed(y, p["s"]) * silu(x @ p["W_r"])) @ p["W_o"]
