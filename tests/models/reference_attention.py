"""Attention in float64, one query at a time, from the papers; imports no lib."""

from typing import Any

import numpy as np

from tests.reference import gelu

Array = np.ndarray
START = 1000  # the absolute position of the first input: any one will do


def turned(x: Array, position: int) -> Array:
    """Su et al. 2021, equation 14 and 15: pairs as complex numbers e^(i m theta)."""
    pairs = x[0::2] + 1j * x[1::2]
    theta = 10000.0 ** (-2.0 * np.arange(len(pairs)) / len(x))
    pairs = pairs * np.exp(1j * position * theta)
    out = np.zeros_like(x)
    out[0::2], out[1::2] = pairs.real, pairs.imag
    return out


def attention(
    q: Array, k: Array, v: Array, first: int, seen: Array, m: float, rope: bool
) -> Array:
    """One head: q [T, A], k and v [first + T, A], seen [T, first + T] -> [T, A]."""
    all_o = []
    for t in range(len(q)):
        scores, values = [], []
        for j in np.flatnonzero(seen[t]).tolist():
            lag = first + t - j
            a, b = q[t], k[j]
            if rope:
                a, b = turned(a, START + t), turned(b, START + t - lag)
            scores.append(a @ b / np.sqrt(len(a)) - m * lag)
            values.append(v[j])
        w = np.exp(np.array(scores) - max(scores))
        all_o.append(w @ np.array(values) / w.sum())
    return np.array(all_o)


def slopes(num_heads: int) -> list[float]:
    """Press et al. 2022, section 3: a geometric sequence from 2^(-8/n) with that ratio.

    For a power of 2.
    """
    return [2.0 ** (-8.0 * n / num_heads) for n in range(1, num_heads + 1)]


def transformer(p: Any, x: Array, cache: Any, num_heads: int, position: str) -> Array:
    """One pre-norm block whose cache may hold any of the inputs before x."""
    k_past, v_past, valid = cache
    P, T, H = len(valid), len(x), len(p["s_mix"])
    norm = lambda a, s: a / np.sqrt(np.mean(a**2, -1, keepdims=True) + 1e-6) * s
    x = x @ p["R"]
    qkv = norm(x, p["s_mix"]) @ p["mix"]["W_qkv"]
    seen = np.array(
        [
            [t <= j <= P + t and (j >= P or valid[j] > 0) for j in range(P + T)]
            for t in range(T)
        ]
    )
    m = slopes(num_heads) if position == "alibi" else [0.0] * num_heads
    heads = []
    for n in range(num_heads):
        part = slice(n * H // num_heads, (n + 1) * H // num_heads)
        q, k, v = (a[:, part] for a in np.split(qkv, 3, axis=1))
        k, v = np.concatenate([k_past[n], k]), np.concatenate([v_past[n], v])
        heads.append(attention(q, k, v, P, seen, m[n], position == "rope"))
    h = x + np.concatenate(heads, axis=1) @ p["mix"]["W_o"]
    inside = gelu(norm(h, p["s_mlp"]) @ p["W_1"] + p["b_1"])
    return norm(h + inside @ p["W_2"], p["s_out"])
