"""Recurrences as float64 loops in numpy, and how far a path is from them.

The derivative along a direction is taken by a complex step, Im f(p + i e d) / e, which
is exact to rounding (Squire & Trapp 1998, SIAM Review 40(1)).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Point = dict[str, np.ndarray]  # x [T, B, D], U [D, G], W [H, G], b [G], h, c [B, H]
_STEP = 1e-30
_DIRECTIONS = 6  # for each argument, beside its own gradient


def draw_point(name: str, B: int, T: int, D: int, H: int, seed: int = 0) -> Point:
    """A cell's arguments in float64; W keeps gradients of a size over T steps."""
    random, G = np.random.default_rng(seed), {"rnn": 1, "gru": 3, "lstm": 4}[name] * H
    draw = lambda *shape: 0.5 * random.standard_normal(shape)
    point = {"x": draw(T, B, D), "U": draw(D, G) / np.sqrt(D / 4)}
    point |= {"W": draw(H, G) * 2 / np.sqrt(H), "b": draw(G), "h": draw(B, H)}
    return {**point, "c": draw(B, H)} if name == "lstm" else point


def loop(name: str, p: Mapping[str, np.ndarray]) -> np.ndarray:
    """All h [T, B, H]; gates in the order i, f, g, o and r, z, n."""
    state = [p[key] for key in ("h", "c") if key in p]
    all_h = []
    for x in p["x"]:
        state = _STEPS[name](x @ p["U"] + p["b"], state, p["W"])
        all_h.append(state[0])
    return np.array(all_h)


def diagonal(a: np.ndarray, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """All h_t = a h_{t-1} + x_t."""
    all_h = []
    for x_t in x:
        h = a * h + x_t
        all_h.append(h)
    return np.array(all_h)


def value_error(found: Any, true: np.ndarray) -> float:
    """|found - true| / |true|, of the norms over all entries; inf where not finite."""
    found = np.asarray(found, np.result_type(true, np.float64))
    error = float(np.linalg.norm(found - true) / np.linalg.norm(true))
    return error if np.isfinite(error) else float("inf")


def gradient_error(
    loss: Callable[[Point], Any], point: Point, gradient: Mapping[str, Any]
) -> float:
    """The largest error of a gradient's slopes, an argument at a time.

    For each, slopes along random directions and along the gradient itself, relative to
    the norm of the true ones.
    """
    random, worst = np.random.default_rng(1), 0.0
    for key, value in gradient.items():
        own = np.asarray(value, np.float64)
        if not np.all(np.isfinite(own)):
            return float("inf")
        size = max(float(np.linalg.norm(own)), 1e-300)
        directions = [own / size] + [
            random.standard_normal(own.shape) / np.sqrt(own.size)
            for _ in range(_DIRECTIONS)
        ]
        found = np.array([np.sum(own * d) for d in directions])
        true = np.array(
            [
                np.imag(loss({**point, key: point[key] + 1j * _STEP * d})) / _STEP
                for d in directions
            ]
        )
        error = float(np.linalg.norm(found - true))
        worst = max(worst, error / max(float(np.linalg.norm(true)), 1e-300))
    return worst


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _rnn(z: np.ndarray, state: list[np.ndarray], W: np.ndarray) -> list[np.ndarray]:
    return [np.tanh(z + state[0] @ W)]


def _gru(z: np.ndarray, state: list[np.ndarray], W: np.ndarray) -> list[np.ndarray]:
    (z_r, z_z, z_n), (u_r, u_z, u_n) = (
        np.split(v, 3, axis=-1) for v in (z, state[0] @ W)
    )
    update = _sigmoid(z_z + u_z)
    candidate = np.tanh(z_n + _sigmoid(z_r + u_r) * u_n)
    return [update * state[0] + (1 - update) * candidate]


def _lstm(z: np.ndarray, state: list[np.ndarray], W: np.ndarray) -> list[np.ndarray]:
    i, f, g, o = np.split(z + state[0] @ W, 4, axis=-1)
    c = _sigmoid(f) * state[1] + _sigmoid(i) * np.tanh(g)
    return [_sigmoid(o) * np.tanh(c), c]


_STEPS = {"rnn": _rnn, "gru": _gru, "lstm": _lstm}
