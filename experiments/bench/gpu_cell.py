"""The ways to run one recurrent layer on a GPU, forwards and backwards, by name.

    xla            our recurrence in XLA's loop
    kernel         our persistent kernels (bfloat16 operands)
    cudnn          cuDNN's LSTM through jax.experimental.rnn
    flax           flax.linen.RNN over its cell
    torch          torch.nn (cuDNN)

A way is a function of a `gpu_reference.Point` in float32 on the device that returns all
h and the gradient of sum(h * weights) with respect to U, W and b.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.bench.gpu_reference import Point

Way = Callable[[], tuple[Any, dict[str, Any]]]
TOLERANCES = {"float32": 1e-5, "tensorfloat32": 1e-3, "bfloat16": 1e-2}
WEIGHTS = "U", "W", "b"


def make_way(contender: str, name: str, precision: str, point: Point) -> Way:
    """One way on given data, compiled when it is first called."""
    if contender == "torch":
        return _make_torch(name, precision, point)
    import jax
    import jax.numpy as jnp

    single = {key: jnp.asarray(value, jnp.float32) for key, value in point.items()}
    weights = _loss_weights(point)
    apply, params = _WAYS[contender](name, precision, single)

    def loss(params: Any, rest: Any, weights: Any) -> Any:
        h = apply({**rest, **params})
        return jnp.sum(h * weights), h

    rest = {key: value for key, value in single.items() if key not in WEIGHTS}
    weights = jnp.asarray(weights)
    program = jax.jit(jax.value_and_grad(loss, has_aux=True))

    def way() -> tuple[Any, dict[str, Any]]:
        with jax.default_matmul_precision(precision):
            (_, h), gradient = program(params, rest, weights)
        return jax.block_until_ready((h, gradient))

    return way


def loss_of(name: str, point: Point) -> Callable[[Point], Any]:
    """The same loss as a function of a point in float64, or complex for its slopes."""
    from experiments.bench.gpu_reference import loop

    weights = _loss_weights(point).astype(np.float64)
    return lambda p: np.sum(loop(name, p) * weights)


def _loss_weights(point: Point) -> np.ndarray:
    shape = (len(point["x"]), *point["h"].shape)
    return np.random.default_rng(2).standard_normal(shape).astype(np.float32)


def _scaled(name: str, p: Any) -> tuple[Any, Any, Any]:
    from lib.ops.gru import gru_scale
    from lib.ops.lstm import lstm_scale

    scales = {"gru": gru_scale, "lstm": lstm_scale}
    if name == "rnn":
        return p["U"], p["W"], p["b"]
    s = scales[name](p["W"].shape[0])
    return p["U"] * s[None, :], p["W"] * s[None, :], p["b"] * s


def _state(p: Any) -> Any:
    return tuple(p[key] for key in ("h", "c") if key in p)


def _weights(point: Any) -> Any:
    return {key: point[key] for key in WEIGHTS}


def _xla(name: str, _: str, point: Any) -> Any:
    from lib.ops.gru import gru_cell
    from lib.ops.lstm import lstm_cell
    from lib.ops.recurrence import recurrence
    from lib.ops.rnn import rnn_cell

    cell = {"rnn": rnn_cell, "gru": gru_cell, "lstm": lstm_cell}[name]

    def apply(p: Any) -> Any:
        U, W, b = _scaled(name, p)
        return recurrence(cell, p["x"], U, W, b, _state(p))[1]

    return apply, _weights(point)


def _kernel(name: str, _: str, point: Any) -> Any:
    from lib.ops.hopper.recurrence import persistent_recurrence

    def apply(p: Any) -> Any:
        U, W, b = _scaled(name, p)
        return persistent_recurrence(name, p["x"], U, W, b, _state(p))[1]

    return apply, _weights(point)


def _cudnn(name: str, precision: str, point: Any) -> Any:
    from jax import lax

    from lib.ops.cudnn import cudnn_lstm

    if name != "lstm":
        raise ValueError("jax.experimental.rnn has only the lstm")
    exact = lax.Precision.HIGHEST if precision == "float32" else lax.Precision.HIGH

    def apply(p: Any) -> Any:
        U, W, b = (p[key] for key in WEIGHTS)
        return cudnn_lstm(p["x"], U, W, b, (p["h"], p["c"]), exact)[1]

    return apply, _weights(point)


def _flax(name: str, _: str, point: Any) -> Any:
    import flax.linen as nn
    import jax

    cells = {"rnn": nn.SimpleCell, "gru": nn.GRUCell, "lstm": nn.OptimizedLSTMCell}
    network = nn.RNN(cells[name](point["W"].shape[0]), time_major=True)
    params = jax.jit(network.init)(jax.random.key(0), point["x"])
    return lambda p: network.apply({"params": p["params"]}, p["x"]), params


_WAYS: dict[str, Callable[[str, str, Any], tuple[Callable[[Any], Any], Any]]] = {
    "xla": _xla,
    "kernel": _kernel,
    "cudnn": _cudnn,
    "flax": _flax,
}


def _make_torch(name: str, precision: str, point: Point) -> Way:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.allow_tf32 = precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = precision != "float32"
    D, H = point["U"].shape[0], point["W"].shape[0]
    kinds = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    layer = kinds[name](D, H)
    kept = torch.bfloat16 if precision == "bfloat16" else torch.float32
    move = lambda value: torch.tensor(value, dtype=kept, device=device)
    values = point["U"].T, point["W"].T, point["b"], np.zeros_like(point["b"])
    layer = layer.to(device=device, dtype=kept)
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), values, strict=True):
            parameter.copy_(move(value))
    x, weights = move(point["x"]), move(_loss_weights(point))
    state = tuple(move(s)[None] for s in _state(point))

    def way() -> tuple[Any, dict[str, Any]]:
        layer.zero_grad()
        h, _ = layer(x, state if name == "lstm" else state[0])
        (h * weights).sum().backward()
        if device == "cuda":
            torch.cuda.synchronize()
        U, W, b, _ = (parameter.grad for parameter in layer.parameters())
        return h.detach(), {"U": U.T, "W": W.T, "b": b}

    return way


def as_numpy(value: Any) -> np.ndarray:
    """An array of JAX or torch, on the host in float64."""
    if hasattr(value, "detach"):
        value = value.detach().float().cpu().numpy()
    return np.asarray(value, np.float64)
