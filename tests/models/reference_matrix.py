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


def linear_attention(p: Any, x: Array, carry: Any) -> Array:
    """Katharopoulos et al. 2020, equations 16 to 20."""
    past, state = carry
    S, z, num_heads = np.array(state[..., :-1]), np.array(state[..., -1]), len(state)
    q, k, v = read(p["read"], x, past, num_heads)
    phi = lambda x: np.where(x > 0, x, np.expm1(x)) + 1
    y = np.zeros(v.shape)
    for t, h in np.ndindex(len(x), num_heads):
        S[h] += np.outer(phi(k[t, h]), v[t, h])
        z[h] += phi(k[t, h])
        y[t, h] = phi(q[t, h]) @ S[h] / (phi(q[t, h]) @ z[h] + 1e-6)
    return y.reshape(len(x), -1) @ p["W_o"]


def mlstm(p: Any, x: Array, carry: Any) -> Array:
    """Beck et al. 2024, equations 19 to 27: C and n themselves, not stabilised."""
    past, (state, m) = carry
    C, num_heads = np.exp(m)[:, None, None] * state, len(state)
    C, n = C[..., :-1], C[..., -1]
    u = silu(convolve(x, past, p["K"]))
    q, k, v = (
        heads_of(z, num_heads) for z in (u @ p["W_q"], u @ p["W_k"], x @ p["W_v"])
    )
    k = k / np.sqrt(k.shape[-1])
    i, f = np.exp(x @ p["W_i"] + p["b_i"]), sigmoid(x @ p["W_f"] + p["b_f"])
    y = np.zeros(v.shape)
    for t, h in np.ndindex(*i.shape):
        C[h] = f[t, h] * C[h] + i[t, h] * np.outer(k[t, h], v[t, h])
        n[h] = f[t, h] * n[h] + i[t, h] * k[t, h]
        y[t, h] = q[t, h] @ C[h] / max(abs(q[t, h] @ n[h]), 1)
    return (sigmoid(x @ p["W_r"] + p["b_r"]) * normed(y, p["s"])) @ p["W_o"]


def slstm(p: Any, x: Array, carry: Any) -> Array:
    """Beck et al. 2024, equations 8 to 14: c and n themselves, not stabilised."""
    past, (h, c, n, m) = carry
    c, n = np.exp(m) * c, np.exp(m) * n
    u, num_heads = silu(convolve(x, past, p["K"])), len(p["R"])
    inputs = np.concatenate([u @ p["U_1"], x @ p["U_2"]], axis=1) + p["b"]
    all_h = []
    for a in inputs:
        own = h.reshape(num_heads, -1)
        recurrent = np.einsum("pi,pigj->gpj", own, p["R"]).reshape(4, -1)
        a_i, a_f, a_z, a_o = np.split(a, 4) + recurrent
        c = sigmoid(a_f) * c + np.exp(a_i) * np.tanh(a_z)
        n = sigmoid(a_f) * n + np.exp(a_i)
        h = sigmoid(a_o) * c / n
        all_h.append(h)
    return normed(heads_of(np.array(all_h), num_heads), p["s"])


def rwkv7(p: Any, x: Array, carry: Any) -> Array:
    """Peng et al. 2025, section 4.1, with S as there: rows of values."""
    last, state = carry
    S, num_heads = np.swapaxes(np.array(state), -1, -2).copy(), len(state)
    before = np.concatenate([last[None], x])[:-1]
    r, d, k, v, a, g = (x + mu * (before - x) for mu in p["mu"])
    r, k, v = r @ p["W_r"], k @ p["W_k"], v @ p["W_v"]
    w = np.exp(-np.exp(-0.5) * sigmoid(p["d_0"] + np.tanh(d @ p["D_1"]) @ p["D_2"]))
    a = sigmoid(p["a_0"] + a @ p["A_1"] @ p["A_2"])
    g = sigmoid(g @ p["G_1"]) @ p["G_2"]
    kappa, k = k * p["xi"], k * ((1 - p["alpha"]) + p["alpha"] * a)
    r, w, k, v, kappa, a = (heads_of(z, num_heads) for z in (r, w, k, v, kappa, a))
    rho, y = p["rho"].reshape(num_heads, -1), np.zeros(v.shape)
    for t, h in np.ndindex(len(x), num_heads):
        key = unit(kappa[t, h])
        turn = np.diag(w[t, h]) - np.outer(key, a[t, h] * key)
        S[h] = S[h] @ turn + np.outer(v[t, h], k[t, h])
        y[t, h] = S[h] @ r[t, h]
    y = rms(y - y.mean(axis=-1, keepdims=True)).reshape(len(x), -1) * p["s"] + p["t"]
    bonus = np.sum(r * k * rho, axis=-1, keepdims=True) * v
    return (g * (y + bonus.reshape(len(x), -1))) @ p["W_o"]
