"""How fast a model writes: the compiled loop beside a Python loop over its step."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from lib.types import Model, Params
from lib.writer import Manner, make_writer

# Short pieces in turn: the best of them is what a machine busy with else can show.
_TIMES = 20  # after one that compiles
_COMPILED, _PYTHON = 512, 64  # tokens a piece: some 10 ms of either


class Speed(NamedTuple):
    """Tokens a second at B = 1, both measured in this process."""

    compiled: float
    python: float

    def lines(self) -> list[str]:
        """What was measured, in words."""
        return [
            f"compiled loop: {self.compiled:,.0f} tokens a second "
            f"({_COMPILED:,} tokens, best of {_TIMES})",
            f"Python loop over a jitted step: {self.python:,.0f} tokens a second "
            f"({_PYTHON:,} tokens, best of {_TIMES})",
            f"ratio: {self.compiled / self.python:.1f}",
        ]


def measure(model: Model, params: Params, prompt: Sequence[int]) -> Speed:
    """Write after a prompt both ways, temperature 1, one text at a time."""
    stream, loop = make_writer(model, params), make_python_loop(model, params)
    manner = Manner(length=_COMPILED, temperature=1.0)
    works = (
        lambda: list(stream(prompt, manner)),
        lambda: loop(prompt, _PYTHON),
    )
    rounds = [[_seconds(work) for work in works] for _ in range(1 + _TIMES)]
    compiled, python = map(min, zip(*rounds[1:], strict=True))
    return Speed(_COMPILED / compiled, _PYTHON / python)


def make_python_loop(
    model: Model, params: Params
) -> Callable[[Sequence[int], int], list[int]]:
    """Writing as a user would write it: jitted step, jitted draw, a fetch a token."""
    step = jax.jit(model.step)

    @jax.jit
    def draw(key, index, logits):
        key = jax.random.fold_in(key, index)
        return jax.random.categorical(key, logits).astype(jnp.int32)

    def loop(prompt: Sequence[int], num_tokens: int) -> list[int]:
        carry, logits = model.initial(params, jnp.zeros((1, 1), jnp.int32)), None
        for token in prompt:
            carry, logits = step(params, carry, jnp.full((1,), token, jnp.int32))
        key, written = jax.random.key(0), []
        for index in range(num_tokens):
            token = draw(key, index, logits)
            written.append(int(token[0]))
            carry, logits = step(params, carry, token)
        return written

    return loop


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
