"""Latency of one long sequence, B = 1, forward only, against its length.

What runs in parallel over time beside what goes one step after another: on a CPU with
few cores the parallel form has nothing to run on, and pays for its extra work.
"""

from typing import Any

from experiments.bench.subject import OURS, Subject, Work, compile_program

CHANNELS, D, H, V = 256, 64, 128, 8
LENGTHS = (1_000, 10_000, 100_000)


def make_scan(parallel: bool, T: int) -> Work:
    """A diagonal recurrence over [T, 1, CHANNELS], by our choice or in parallel."""
    import jax
    import jax.numpy as jnp

    from experiments.bench.diagonal import associative_scan
    from lib.ops.linear_scan import linear_scan

    a = jnp.linspace(0.9, 0.999, CHANNELS)
    x = jax.random.normal(jax.random.key(0), (T, 1, CHANNELS))
    h = jnp.zeros((1, CHANNELS))
    scan = associative_scan if parallel else linear_scan
    run, seconds, temporary = compile_program(jax.jit(scan), a, x, h)
    call = lambda: jax.block_until_ready(run(a, x, h))
    return Work(call, compile_seconds=seconds, temporary_bytes=temporary)


def make_ours(T: int) -> Work:
    """Our lstm with its readout."""
    import jax
    import jax.numpy as jnp

    from lib.models.lstm import make_lstm
    from lib.train import predict
    from lib.types import Interface

    model = make_lstm(Interface(0, D, V), hidden_size=H)
    x = jnp.asarray(_draw(T))
    params = jax.jit(model.init)(jax.random.key(0), x)
    function = jax.jit(lambda params, x: predict(model, params, x, None))
    return _forward(function, params, x)


def make_flax(T: int) -> Work:
    """flax.linen: nn.RNN over OptimizedLSTMCell, and Dense."""
    import flax.linen as nn
    import jax

    network = nn.Sequential([nn.RNN(nn.OptimizedLSTMCell(H)), nn.Dense(V)])
    x = jax.numpy.asarray(_draw(T))
    params = jax.jit(network.init)(jax.random.key(0), x[:, :2])
    return _forward(jax.jit(network.apply), params, x)


def make_torch(T: int) -> Work:
    """torch: nn.LSTM and Linear, in inference mode."""
    import torch

    torch.manual_seed(0)
    layer, readout = torch.nn.LSTM(D, H, batch_first=True), torch.nn.Linear(H, V)
    x = torch.from_numpy(_draw(T))
    run = torch.inference_mode()(lambda: readout(layer(x)[0]))
    return Work(run)


def _draw(T: int) -> Any:
    import numpy as np

    return np.random.default_rng(0).standard_normal((1, T, D), dtype=np.float32)


def _forward(function: Any, params: Any, x: Any) -> Work:
    import jax

    run, seconds, temporary = compile_program(function, params, x)
    call = lambda: jax.block_until_ready(run(params, x))
    return Work(call, compile_seconds=seconds, temporary_bytes=temporary)


_SCANS = {
    OURS: lambda T: make_scan(False, T),
    "associative_scan": lambda T: make_scan(True, T),
}
_LSTMS = {OURS: make_ours, "flax": make_flax, "torch": make_torch}
SUBJECTS = [
    *(
        Subject(
            "latency, diagonal, B=1",
            {"T": T},
            _SCANS,
            "sequence",
            (1,),
            full=T == LENGTHS[1],
            seconds=3.0,
        )
        for T in LENGTHS
    ),
    *(
        Subject(
            "latency, lstm, B=1",
            {"T": T},
            _LSTMS,
            "sequence",
            (1,),
            seconds=3.0,
            full=T == LENGTHS[-1],
        )
        for T in LENGTHS
    ),
]
