"""The R axis: one run's functions mapped over the R runs of a group.

"map" runs one after another inside one program (`lax.map`): the same bits as a run
alone, flat memory, and on a CPU faster per run than "vmap", which batches the runs for
GPU and TPU. An inactive run costs nothing under "map" and is masked under "vmap"; its
state stays as it was either way.
"""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import PyTree

from lib.types import Trainer

Mode = Literal["map", "vmap"]


def default_mode() -> Mode:
    """The mode that is fast on this machine's first device."""
    return "map" if jax.default_backend() == "cpu" else "vmap"


def map_runs(trainer: Trainer, mode: Mode) -> Trainer:
    """The trainer over R runs, compiled: arguments of a run gain a leading R axis.

    `init(seeds, hparams, data)`, `train(states, hparams, active, data, num_steps)` and
    `evaluate(states, hparams, active, data, key, lengths, num_batches)`; `active` [R]
    are the runs to work on, and sums of the others are zeros.
    """

    def init(seeds: PyTree, hparams: PyTree, data: PyTree) -> PyTree:
        one = lambda args: trainer.init(*args, data)
        return _over_runs(mode, one, (seeds, hparams))

    def train(
        states: PyTree, hparams: PyTree, active: PyTree, data: PyTree, num_steps: PyTree
    ) -> PyTree:
        def one(args: PyTree) -> PyTree:
            state, hparams, active = args
            work = lambda state: trainer.train(state, hparams, data, num_steps)
            return lax.cond(active, work, lambda state: state, state)

        return _over_runs(mode, one, (states, hparams, active))

    def evaluate(
        states: PyTree, hparams: PyTree, active: PyTree, data: PyTree, *which: Any
    ) -> PyTree:
        def one(args: PyTree) -> PyTree:
            state, hparams, active = args
            work = lambda state: trainer.evaluate(state, hparams, data, *which)
            return lax.cond(active, work, _zeros_like(work, state), state)

        return _over_runs(mode, one, (states, hparams, active))

    return Trainer(jax.jit(init), jax.jit(train, donate_argnums=0), jax.jit(evaluate))


def _over_runs(mode: Mode, one: Callable[[PyTree], PyTree], args: PyTree) -> PyTree:
    return lax.map(one, args) if mode == "map" else jax.vmap(one)(args)


def _zeros_like(work: Callable[..., PyTree], *args: Any) -> Callable[..., PyTree]:
    shapes = jax.eval_shape(work, *args)
    return lambda *_: jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
