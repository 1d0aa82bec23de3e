"""Models linear in their state, as float64 loops over one example from the papers.

Nothing here imports lib. Parameters are the dicts that the models hold; vectors are
rows.
"""

from collections.abc import Callable, Mapping

import numpy as np

from tests.reference import gelu, sigmoid

Array = np.ndarray
Weights = Mapping[str, Array]


def min_gru(p: Weights, x: Array, h: Array, positive: bool = False) -> Array:
    """Feng et al. 2024, algorithm 1; candidates by g of appendix B.2 if positive."""
    U_z, U_n = np.split(p["U"], 2, 1)
    b_z, b_n = np.split(p["b"], 2)
    all_h = []
    for x_t in x:
        z, n = sigmoid(x_t @ U_z + b_z), x_t @ U_n + b_n
        n = g(n) if positive else n
        h = (1 - z) * h + z * n
        all_h.append(h)
    return np.array(all_h)


def min_lstm(p: Weights, x: Array, h: Array, positive: bool = False) -> Array:
    """Feng et al. 2024, algorithm 3: f and i divided by their sum."""
    U, b = np.split(p["U"], 3, 1), np.split(p["b"], 3)
    all_h = []
    for x_t in x:
        a_f, a_i, n = (x_t @ U[k] + b[k] for k in range(3))
        f, i = sigmoid(a_f), sigmoid(a_i)
        n = g(n) if positive else n
        h = f / (f + i) * h + i / (f + i) * n
        all_h.append(h)
    return np.array(all_h)


def g(a: Array) -> Array:
    return np.array([v + 0.5 if v >= 0 else 1 / (1 + np.exp(-v)) for v in a])


def softplus(a: Array) -> Array:
    return np.log1p(np.exp(a))


def silu(a: Array) -> Array:
    return a * sigmoid(a)


def taps(x: Array, past: Array, K: Array) -> Array:
    """Each channel's own causal filter: K[j] times the input j steps back."""
    extended = np.concatenate([past, x])
    k = len(K)
    return np.array(
        [
            sum(K[j] * extended[t + k - 1 - j] for j in range(k))
            for t in range(len(extended) - k + 1)
        ]
    )


def rms(x: Array, scale: Array) -> Array:
    return scale * x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6)


def block(p: Weights, u: Array, mix: Callable[[Weights, Array], Array]) -> Array:
    """A residual block of another width than its input, the last, with no MLP."""
    x = u @ p["R"]
    mixed = mix(p["mix"], rms(x, p["s_mix"]))
    return rms(x + mixed, p["s_out"])


def mamba(p: Weights, v: Array, h: Array, past: Array) -> Array:
    """Gu & Dao 2023, algorithm 2 within the block of figure 3."""
    A = -np.exp(p["log_A"])  # [N, E]
    N, R = len(A), len(p["W_delta"])
    x, z = np.split(v @ p["W_in"], 2, axis=1)
    all_u = silu(taps(x, past, p["K"]) + p["b"])
    all_y = []
    for u, z_t in zip(all_u, z, strict=True):
        d, B, C = np.split(u @ p["W_x"], [R, R + N])
        delta = softplus(d @ p["W_delta"] + p["b_delta"])
        y = np.zeros_like(u)
        for e in range(len(u)):
            h[:, e] = np.exp(delta[e] * A[:, e]) * h[:, e] + delta[e] * B * u[e]
            y[e] = C @ h[:, e] + p["D"][e] * u[e]
        all_y.append((y * silu(z_t)) @ p["W_out"])
    return np.array(all_y)


def s5(p: Weights, u: Array, h: Array) -> Array:
    """Smith et al. 2023, equations 2 to 6, on one of each conjugate pair of states."""
    half = len(h)
    A = -np.exp(p["log_decay"]) + 1j * p["frequency"]
    B = p["B"][:, :half] + 1j * p["B"][:, half:]
    C = p["C"][:half] - 1j * p["C"][half:]
    factor = np.exp(np.exp(p["log_Delta"]) * A)
    all_y = []
    for u_t in u:
        h = factor * h + (factor - 1) / A * (u_t @ B)
        v = gelu(2 * (h @ C).real + p["D"] * u_t)
        all_y.append(v * sigmoid(v @ p["W"] + p["w"]))
    return np.array(all_y)


def rg_lru(p: Weights, v: Array, h: Array, past: Array) -> Array:
    """De et al. 2024, equations 1 to 4 in the recurrent block of figure 2."""
    x, g = np.split(v @ p["W_in"], 2, axis=1)
    all_u = taps(x, past, p["K"]) + p["b_conv"]
    a = sigmoid(p["Lambda"])
    all_y = []
    for u, g_t in zip(all_u, g, strict=True):
        r, i = sigmoid(u @ p["W_a"] + p["b_a"]), sigmoid(u @ p["W_x"] + p["b_x"])
        a_t = a ** (8 * r)
        h = a_t * h + np.sqrt(1 - a_t**2) * (i * u)
        all_y.append((h * gelu(g_t)) @ p["W_out"])
    return np.array(all_y)


def s4d(p: Weights, u: Array, h: Array, discretization: str) -> Array:
    """Gu et al. 2022, section 3: one system a channel; h is divided by B_bar."""
    half, H = h.shape
    A = -np.exp(p["log_decay"]) + 1j * p["frequency"]
    C = p["C"][:half] + 1j * p["C"][half:]
    delta = np.exp(p["log_delta"])
    if discretization == "zoh":
        A_bar = np.exp(delta * A)
        B_bar = (A_bar - 1) / A
    else:
        A_bar = (1 + delta * A / 2) / (1 - delta * A / 2)
        B_bar = delta / (1 - delta * A / 2)
    h = h * B_bar
    all_y = []
    for u_t in u:
        h = A_bar * h + B_bar * u_t
        v = gelu(2 * np.sum(C * h, axis=0).real + p["D"] * u_t)
        value, gate = np.split(v @ p["W"] + p["b"], 2)
        all_y.append(value * sigmoid(gate))
    return np.array(all_y)
