"""Training steps of recurrent networks: forward, backward and Adam, on given data.

The network is a layer and a readout at every step, the loss the squared error: x
[B, T, D], targets [B, T, V]. Ours is what a run of a sweep does, `lib.train` with its
records of loss and gradient norm and its check that both are finite; the peers are
what their users write: flax.linen's RNN over its cells, equinox's cells in lax.scan,
torch's modules (oneDNN on a CPU) with fused Adam.
"""

from collections.abc import Callable
from typing import Any

from experiments.bench.step import LEARNING_RATE, optax_step, our_step
from experiments.bench.subject import OURS, Subject, Work

B, D, V = 32, 64, 8
HIDDEN_SIZES, LENGTHS = (64, 128, 256, 512), (128, 512, 2048)


def make_ours(name: str, H: int, T: int) -> Work:
    """A step of `lib.train` on one of our models."""
    import jax.numpy as jnp

    from lib.loss import squared_error
    from lib.registry import MODELS
    from lib.types import Batch, Interface

    x, targets = (jnp.asarray(array) for array in draw_data(T))
    interface = Interface(0, D, V)
    model = MODELS[name](interface, hidden_size=H)
    batch = Batch(x, targets, jnp.ones((B, T)))
    return our_step(model, interface, batch, squared_error)


def make_flax(name: str, H: int, T: int) -> Work:
    """flax.linen: nn.RNN over a cell, and Dense."""
    import flax.linen as nn
    import jax

    cells = {"rnn": nn.SimpleCell, "gru": nn.GRUCell, "lstm": nn.OptimizedLSTMCell}
    network = nn.Sequential([nn.RNN(cells[name](H)), nn.Dense(V)])
    x, _ = draw_data(T)
    params = jax.jit(network.init)(jax.random.key(0), x)
    return _make_optax(network.apply, params, T)


def make_equinox(name: str, H: int, T: int) -> Work:
    """equinox: a cell in lax.scan, mapped over the batch, and Linear."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    from jax import lax

    keys = jax.random.split(jax.random.key(0))
    if name == "rnn":  # which it has no cell for: as one writes it with its layers
        cell: Any = eqx.nn.Linear(D + H, H, key=keys[0])
        step = lambda cell, h, x: jnp.tanh(cell(jnp.concatenate([x, h])))
    else:
        cells = {"gru": eqx.nn.GRUCell, "lstm": eqx.nn.LSTMCell}
        cell = cells[name](D, H, key=keys[0])
        step = lambda cell, state, x: cell(x, state)
    zeros = jnp.zeros(H)
    start = (zeros, zeros) if name == "lstm" else zeros

    def apply(network: Any, x: Any) -> Any:
        cell, readout = network

        def body(state: Any, x: Any) -> Any:
            state = step(cell, state, x)
            return state, readout(state[0] if name == "lstm" else state)

        return jax.vmap(lambda x: lax.scan(body, start, x)[1])(x)

    network = cell, eqx.nn.Linear(H, V, key=keys[1])
    params, static = eqx.partition(network, eqx.is_array)
    return _make_optax(lambda p, x: apply(eqx.combine(p, static), x), params, T)


def make_torch(name: str, H: int, T: int) -> Work:
    """torch: nn.RNN, nn.GRU or nn.LSTM, and Linear."""
    import torch

    torch.manual_seed(0)
    layers = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    layer, readout = layers[name](D, H, batch_first=True), torch.nn.Linear(H, V)
    params = [*layer.parameters(), *readout.parameters()]
    adam = torch.optim.Adam(params, lr=LEARNING_RATE, fused=True)
    x, targets = (torch.from_numpy(array) for array in draw_data(T))

    def step() -> None:
        adam.zero_grad()
        torch.nn.functional.mse_loss(readout(layer(x)[0]), targets).backward()
        adam.step()

    return Work(step)


def draw_data(T: int) -> Any:
    """Standard normal inputs and targets, the same for all contenders."""
    import numpy as np

    generator = np.random.default_rng(0)
    draw = lambda size: generator.standard_normal((B, T, size), dtype=np.float32)
    return draw(D), draw(V)


def _make_optax(apply: Callable[[Any, Any], Any], params: Any, T: int) -> Work:
    """A training step of a network in JAX as its user writes it."""
    import jax.numpy as jnp

    loss = lambda params, x, targets: jnp.mean(jnp.square(apply(params, x) - targets))
    return optax_step(loss, params, *draw_data(T))


def _subject(name: str, H: int, T: int) -> Subject:
    peers = {"torch": make_torch, "flax": make_flax, "equinox": make_equinox}
    makers = {
        who: lambda H, T, make=make: make(name, H, T)
        for who, make in {OURS: make_ours, **peers}.items()
    }
    return Subject(
        f"{name} step",
        {"H": H, "T": T},
        makers,
        threads=(1,) if T == 512 else (1, 2),
        memory=(name, H) == ("lstm", 128) and T != LENGTHS[0],
        quick=(H, T) == (128, 128) and name != "rnn",
        seconds=3.0 if T == LENGTHS[0] else 6.0,
        full=T != LENGTHS[0] and (H != 128 or name != "lstm"),
    )


SUBJECTS = [
    _subject(name, H, T)
    for name in ("rnn", "gru", "lstm")
    for H in HIDDEN_SIZES
    for T in LENGTHS
]
