"""The models as float64 loops over one example, written from the papers and slow.

Nothing here imports lib. Parameters are the dicts that the models hold; vectors are
rows. `slope` differentiates a loop by finite differences, so that gradients too are
held against numbers from outside.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def relu(x: Array) -> Array:
    return np.where(x > 0, x, 0)


def gelu(x: Array) -> Array:
    """By its tanh form (Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2)."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def rnn(p: Mapping[str, Array], x: Array, h: Array) -> Array:
    """Elman 1990: all h_t [T, H]."""
    all_h = []
    for x_t in x:
        h = np.tanh(x_t @ p["U"] + h @ p["W"] + p["b"])
        all_h.append(h)
    return np.array(all_h)


def gru(p: Mapping[str, Array], x: Array, h: Array) -> Array:
    """Cho et al. 2014, version 1, equations 5 to 8."""
    (U_r, U_z, U_n), (W_r, W_z, W_n) = np.split(p["U"], 3, 1), np.split(p["W"], 3, 1)
    b_r, b_z, b_n = np.split(p["b"], 3)
    all_h = []
    for x_t in x:
        r = sigmoid(x_t @ U_r + h @ W_r + b_r)
        z = sigmoid(x_t @ U_z + h @ W_z + b_z)
        candidate = np.tanh(x_t @ U_n + r * (h @ W_n) + b_n)
        h = z * h + (1 - z) * candidate
        all_h.append(h)
    return np.array(all_h)


def lstm(p: Mapping[str, Array], x: Array, state: tuple[Array, Array]) -> Array:
    """Gers, Schmidhuber & Cummins 2000, without peepholes."""
    U, W, b = np.split(p["U"], 4, 1), np.split(p["W"], 4, 1), np.split(p["b"], 4)
    h, c = state
    all_h = []
    for x_t in x:
        i, f, g, o = (x_t @ U[k] + h @ W[k] + b[k] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        all_h.append(h)
    return np.array(all_h)


def lru(p: Mapping[str, Array], x: Array, h: Array) -> Array:
    """Orvieto et al. 2023, equations 4 to 7 and the block of figure 1."""
    size = len(p["nu"])
    eigenvalue = np.exp(-np.exp(p["nu"]) + 1j * np.exp(p["theta"]))
    B = p["B"][:, :size] + 1j * p["B"][:, size:]
    C = p["C"][:size] - 1j * p["C"][size:]
    all_y = []
    for x_t in x:
        h = eigenvalue * h + np.exp(p["log_gamma"]) * (x_t @ B)
        v = gelu((h @ C).real)
        all_y.append(v * sigmoid(v @ p["G"] + p["g"]) + x_t @ p["D"])
    return np.array(all_y)


def convolution(x: Array, K: Array, b: Array, past: Array, dilation: int) -> Array:
    """b + sum_j x_{t - j d} K_j, taps before x from `past`, the latest last."""
    num_taps = K.shape[0] // x.shape[1]
    taps = np.split(K, num_taps)
    extended = np.concatenate([past, x])
    all_y = []
    for t in range(len(past), len(extended)):
        y = b
        for j in range(num_taps):
            y = y + extended[t - j * dilation] @ taps[j]
        all_y.append(y)
    return np.array(all_y)


def window_mlp(p: Mapping[str, Array], x: Array, past: Array) -> Array:
    """One layer over all taps at once."""
    return relu(convolution(x, p["U"], p["b"], past, 1))


def tcn_block(p: Mapping[str, Array], x: Array, past: list[Array], d: int) -> Array:
    """Bai, Kolter & Koltun 2018, figure 1b, without weight normalisation, dropout."""
    a = x
    for m, before in enumerate(past):
        a = relu(convolution(a, p[f"K_{m}"], p[f"b_{m}"], before, d))
    return relu(a + (x @ p["R"] if "R" in p else x))


def bag(p: Mapping[str, Array], x: Array, total: Array, count: Array) -> Array:
    """The layers' outputs over the running mean of x E; two hidden layers of relu."""
    all_h = []
    for x_t in x:
        total, count = total + x_t @ p["E"], count + 1
        h = total / count
        for i in range(2):
            h = relu(h @ p[f"U_{i}"] + p[f"b_{i}"])
        all_h.append(h)
    return np.array(all_h)


def text_cnn(
    p: Mapping[str, Array], x: Array, past: Array, largest: Array, widths: tuple
) -> Array:
    """Kim 2014, equations 2 to 4, with the maximum taken after every word."""
    extended, all_m = np.concatenate([past, x]), []
    for t in range(len(past), len(extended)):
        answers = []
        for i, width in enumerate(widths):
            taps, c = np.split(p[f"K_{i}"], width), p[f"b_{i}"]
            for j in range(width):
                c = c + extended[t - j] @ taps[j]
            answers.append(relu(c))
        largest = np.maximum(largest, np.concatenate(answers))
        all_m.append(largest)
    return np.array(all_m)


def slope(
    function: Callable[[Any], float], point: Any, direction: Any, step: float = 1e-5
) -> float:
    """The derivative of a function of nested arrays along a direction.

    Central differences with one Richardson step: an error of step^4, far below float32.
    """

    def difference(size: float) -> float:
        ahead = function(along(point, direction, size))
        return (ahead - function(along(point, direction, -size))) / (2 * size)

    return (4 * difference(step) - difference(2 * step)) / 3


def along(point: Any, direction: Any, size: float) -> Any:
    """point + size * direction, leaf by leaf of dicts and sequences."""
    if isinstance(point, Mapping):
        return {k: along(v, direction[k], size) for k, v in point.items()}
    if isinstance(point, list | tuple):
        parts = [along(a, b, size) for a, b in zip(point, direction, strict=True)]
        return type(point)(*parts) if hasattr(point, "_fields") else type(point)(parts)
    return point + size * direction
