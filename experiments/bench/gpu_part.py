"""One part of the GPU's benchmark: `python -m experiments.bench.gpu_part REQUEST`.

A part has a process of its own, because XLA's flags are read when JAX is imported and
because JAX and torch both take the GPU's memory. The request is JSON: the part's name,
its settings, the seconds it has, and the file of the answer, which is written anew
after every entry, so that a part that is stopped keeps what it had.
"""

import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from experiments.bench.gpu_cell import TOLERANCES, as_numpy, loss_of, make_way
from experiments.bench.gpu_reference import (
    diagonal,
    draw_point,
    gradient_error,
    loop,
    value_error,
)
from experiments.bench.subject import Work
from experiments.bench.timing import spread, take_turns

Entry = dict[str, Any]
_ROUNDS, _SECONDS = 15, 2.0  # of one timing
PEERS = "flax", "torch"  # whose errors are shown and held against nobody


def probe() -> Iterator[Entry]:
    """What is there: versions, the device, whether torch sees it."""
    import jax

    device = jax.devices()[0]
    found = {"jax": jax.__version__, "platform": device.platform}
    found["device"] = device.device_kind
    try:
        import torch

        found["torch"] = torch.__version__
        found["torch_sees_it"] = torch.cuda.is_available()
    except ModuleNotFoundError:
        found["torch"] = None
    yield found


def cells(
    contenders: list[str],
    precisions: list[str],
    sizes: list[tuple[str, int, int]],
    check: tuple[int, int, int, int] = (5, 33, 7, 48),
    batch: tuple[int, int] = (32, 64),
) -> Iterator[Entry]:
    """Recurrent layers of (cell, H, T): checked at B, T, D, H = `check`, then timed."""
    for contender in contenders:
        for precision in precisions:
            errors = functools.cache(
                lambda name, c=contender, p=precision: _errors(c, name, p, check)
            )
            for name, H, T in sizes:
                entry = {
                    "subject": f"{name} H={H} T={T}",
                    "contender": contender,
                    "precision": precision,
                }
                yield _guarded(entry, _time_cell, name, H, T, batch, errors)


def _time_cell(
    entry: Entry,
    name: str,
    H: int,
    T: int,
    batch: tuple[int, int],
    errors: Callable[[str], dict[str, float]],
) -> Entry:
    B, D = batch
    contender, precision = entry["contender"], entry["precision"]
    if contender != "flax":  # whose weights are laid out otherwise
        entry |= errors(name)
    if contender not in PEERS:
        entry["tolerance"] = TOLERANCES[precision]
    point = draw_point(name, B, T, D, H)
    return entry | _timed(make_way(contender, name, precision, point))


def _errors(
    contender: str, name: str, precision: str, check: tuple[int, int, int, int]
) -> dict[str, float]:
    point = draw_point(name, *check)
    h, gradient = make_way(contender, name, precision, point)()
    own = {key: as_numpy(value) for key, value in gradient.items()}
    return {
        "value_error": value_error(as_numpy(h), loop(name, point)),
        "gradient_error": gradient_error(loss_of(name, point), point, own),
    }


def diagonals(
    methods: list[str], lengths: list[int], channels: int, batch: int
) -> Iterator[Entry]:
    """Diagonal recurrences, forwards: the share of the bandwidth of a copy."""
    import jax
    import jax.numpy as jnp

    from lib.ops.hopper.linear_scan import kernel_linear_scan
    from lib.ops.linear_scan import linear_scan

    for T in lengths:
        random = np.random.default_rng(0)
        a = random.uniform(0.9, 0.999, channels)
        x, h = random.standard_normal((T, batch, channels)), np.zeros((batch, channels))
        arrays = [jnp.asarray(v, jnp.float32) for v in (a, x, h)]
        copy = jax.jit(lambda x: x + 1)
        ideal = _timed(lambda x=arrays[1], f=copy: jax.block_until_ready(f(x)))
        least = ideal["seconds"][1]
        # Of one example: the others take the loop in numpy longer than the GPU.
        true = functools.cache(lambda a=a, x=x, h=h: diagonal(a, x[:, 0], h[0]))
        subject = f"diagonal T={T}"
        yield {"subject": subject, "contender": "copy", "precision": "float32", **ideal}
        for method in methods:
            entry = {"subject": subject, "contender": method, "precision": "float32"}
            scan = kernel_linear_scan
            if method != "kernel":
                scan = functools.partial(linear_scan, method=method)
            yield _guarded(entry, _time_diagonal, scan, arrays, true, least)


def _time_diagonal(
    entry: Entry, scan: Any, arrays: Any, true: Callable[[], np.ndarray], least: float
) -> Entry:
    import jax

    program = jax.jit(scan)
    run = lambda: jax.block_until_ready(program(*arrays))
    entry["value_error"] = value_error(as_numpy(run()[:, 0]), true())
    entry["tolerance"] = TOLERANCES["float32"]
    timed = _timed(run)
    return entry | timed | {"bandwidth": least / timed["seconds"][1]}


def sweeps(
    widths: list[int], H: int, T: int, precision: str, batch: tuple[int, int]
) -> Iterator[Entry]:
    """Training steps of R runs of an lstm, mapped, against one run after another."""
    one: float | None = None
    for R in [1, *(R for R in widths if R > 1)]:
        entry = {"subject": f"{R} runs H={H} T={T}", "contender": "mapped"}
        entry["precision"] = precision
        entry = _guarded(entry, _time_sweep, R, H, T, batch)
        if "seconds" in entry:
            one = entry["seconds"][1] if R == 1 else one
            if one is not None:
                entry["speedup"] = R * one / entry["seconds"][1]
        yield entry


def _time_sweep(entry: Entry, R: int, H: int, T: int, batch: tuple[int, int]) -> Entry:
    import jax
    import jax.numpy as jnp
    import optax

    from lib.models.lstm import make_lstm
    from lib.types import Interface

    B, D = batch
    model = make_lstm(Interface(0, D, 8), hidden_size=H)
    adam = optax.adam(1e-3)
    keys = jax.random.split(jax.random.key(0), R)
    x = jax.random.normal(jax.random.key(1), (R, B, T, D))
    params = jax.jit(jax.vmap(lambda key: model.init(key, x[0])))(keys)
    state = params, jax.jit(jax.vmap(adam.init))(params)

    def step(state: Any, x: Any) -> Any:
        params, moments = state

        def loss(params: Any) -> Any:
            carry = model.initial(params, x)
            return jnp.mean(jnp.square(model.apply(params, carry, x, None, None)[0]))

        gradient = jax.grad(loss)(params)
        with jax.numpy_dtype_promotion("standard"):  # optax promotes
            updates, moments = adam.update(gradient, moments, params)
        return optax.apply_updates(params, updates), moments

    program = jax.jit(jax.vmap(step))

    def run() -> Any:
        with jax.default_matmul_precision(entry["precision"]):
            return jax.block_until_ready(program(state, x))

    finite = jax.tree.map(lambda leaf: bool(jnp.all(jnp.isfinite(leaf))), run())
    if not all(jax.tree.leaves(finite)):
        raise ValueError("parameters are not finite after a step")
    return entry | _timed(run)


def _timed(call: Callable[[], Any]) -> Entry:
    """Quartiles of the clock's seconds a call, each waited for."""
    started = time.perf_counter()
    call()
    first = time.perf_counter() - started
    samples = take_turns({"": Work(call)}, _ROUNDS, _SECONDS, 0)[""]
    quartiles = list(spread([sample.clock for sample in samples]))
    return {"seconds": quartiles, "first_seconds": first}


def _guarded(entry: Entry, measure: Callable[..., Entry], *arguments: Any) -> Entry:
    """What is measured, or the entry with what failed: the next one goes on."""
    try:
        return measure(dict(entry), *arguments)
    except Exception as error:  # noqa: BLE001 one that fails stops no other
        words = " ".join(str(error).split()) or "no message"
        return {**entry, "failed": f"{type(error).__name__}: {words[:300]}"}


PARTS: dict[str, Callable[..., Iterator[Entry]]] = {
    "probe": probe,
    "cells": cells,
    "diagonals": diagonals,
    "sweeps": sweeps,
}


def main(request: dict[str, Any]) -> None:
    """Answer a request, entry by entry, until its seconds are over."""
    started, entries = time.monotonic(), []
    answer = Path(request["answer"])
    for entry in PARTS[request["part"]](**request["settings"]):
        entries.append(entry)
        written = answer.with_suffix(".new")
        written.write_text(json.dumps(entries))
        written.replace(answer)
        if time.monotonic() - started > request["seconds"]:
            break


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
