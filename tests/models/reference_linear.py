"""Models linear in their state, as float64 loops over one example from the papers.

Nothing here imports lib. Parameters are the dicts that the models hold; vectors are
rows.
"""

from collections.abc import Mapping

import numpy as np

from tests.reference import sigmoid

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
