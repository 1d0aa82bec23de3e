"""Nonlinear recurrences as float64 loops over one example, written from the papers.

Nothing here imports lib. Parameters are the dicts that the models hold; vectors are
rows.
"""

from collections.abc import Mapping

import numpy as np

from tests.reference import relu

Array = np.ndarray
Weights = Mapping[str, Array]


def irnn(p: Weights, x: Array, h: Array) -> Array:
    """Le, Jaitly & Hinton 2015, section 3."""
    all_h = []
    for x_t in x:
        h = relu(x_t @ p["U"] + h @ p["W"] + p["b"])
        all_h.append(h)
    return np.array(all_h)


def indrnn(p: Weights, x: Array, h: Array, bound: float) -> Array:
    """Li et al. 2018, equation 3."""
    a = np.minimum(np.maximum(p["a"], -bound), bound)
    all_h = []
    for x_t in x:
        h = relu(x_t @ p["U"] + a * h + p["b"])
        all_h.append(h)
    return np.array(all_h)


def rotation(S: Array, size: int) -> Array:
    """Helfrich et al. 2018, equation 2, by an explicit inverse."""
    A, place = np.zeros((size, size)), 0
    for i in range(size):
        for j in range(i + 1, size):
            A[i, j], A[j, i] = S[place], -S[place]
            place += 1
    return np.linalg.inv(np.eye(size) - A / 2) @ (np.eye(size) + A / 2)


def orthogonal_rnn(p: Weights, x: Array, h: Array) -> Array:
    """Lezcano-Casado & Martinez-Rubio 2019, section 4, with modrelu."""
    W = rotation(p["S"], len(h))
    all_h = []
    for x_t in x:
        a = x_t @ p["U"] + h @ W
        h = np.where(np.abs(a) + p["b"] > 0, a + p["b"] * np.sign(a), 0)
        all_h.append(h)
    return np.array(all_h)


def cornn(
    p: Weights, x: Array, state: tuple[Array, Array], constants: tuple, damping: str
) -> Array:
    """Rusch & Mishra 2021, equation 3."""
    (y, z), (dt, gamma, epsilon) = state, constants
    W_y, W_z = np.split(p["W"], 2)
    all_y = []
    for x_t in x:
        force = np.tanh(x_t @ p["U"] + y @ W_y + z @ W_z + p["b"]) - gamma * y
        if damping == "explicit":
            z = z + dt * force - dt * epsilon * z
        else:  # z_t on both sides
            z = (z + dt * force) / (1 + dt * epsilon)
        y = y + dt * z
        all_y.append(y)
    return np.array(all_y)
