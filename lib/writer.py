"""Text from a trained model, piece by piece: a prompt as tokens, a manner of writing.

The model's weights are prepared once; the text then comes in chunks of one compiled
loop that carries its state from chunk to chunk.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Integer, PyTree

from lib.error import UserError
from lib.generate import (
    Written,
    beam_search,
    likeliest,
    prepared,
    read_prompt,
    sampler,
    write,
)
from lib.types import Model, Params

CHUNK = 1024  # tokens a compiled loop writes before they are shown
_COLDEST = 1e-6
_MOST = 2**20


class Manner(NamedTuple):
    """How a text is written: drawn by default, else greedy, else by beam search."""

    length: int = 500  # tokens
    temperature: float = 0.8  # above 0
    top_k: int = 0  # only the k likeliest; 0: all
    top_p: float = 1.0  # only the fewest likeliest of this probability; 1: all
    greedy: bool = False  # always the likeliest
    beam: int = 0  # beams of a search for the likeliest text; 0: none
    seed: int = 0


def check_manner(manner: Manner, prefix: str = "") -> None:
    """Raise UserError, one line a problem, for a manner nobody can write in."""
    checks = {
        "length": (1 <= manner.length <= _MOST, f"from 1 to {_MOST}"),
        "temperature": (
            # Below, a float32 of logits divided by it may be infinite.
            _COLDEST <= manner.temperature < math.inf,
            f"at least {_COLDEST:g} and finite",
        ),
        "top_k": (manner.top_k >= 0, "at least 1, or 0 for all"),
        "top_p": (0 < manner.top_p <= 1, "above 0 and at most 1"),
        "beam": (0 <= manner.beam <= 1024, "from 1 to 1024, or 0 for none"),
        "seed": (0 <= manner.seed < 2**32, "from 0 to 2^32 - 1"),
    }
    problems = [
        f"{prefix}{name} must be {allowed}, got {getattr(manner, name)}"
        for name, (holds, allowed) in checks.items()
        if not holds
    ]
    if problems:
        raise UserError("\n".join(problems))


def make_writer(
    model: Model, params: Params
) -> Callable[[Sequence[int], Manner], Iterator[np.ndarray]]:
    """A function of (prompt, manner) that yields the tokens written, chunk by chunk.

    The prompt has at least one token. A beam search yields all tokens at its end.
    """
    read = jax.jit(functools.partial(read_prompt, model))
    search = jax.jit(functools.partial(beam_search, model), static_argnums=(2, 3))
    weights = functools.cache(lambda: jax.jit(prepared(model).prepare)(params))

    @functools.partial(jax.jit, static_argnames=("num_tokens", "greedy", "top_k"))
    def chunk(
        weights: PyTree,
        written: Written,
        seed: Integer[Array, ""],
        temperature: Float[Array, ""],
        top_p: Float[Array, ""] | None,
        num_tokens: int,
        greedy: bool,
        top_k: int,
    ) -> tuple[Written, Array]:
        chooser = likeliest() if greedy else sampler(temperature, top_k, top_p)
        key = jax.random.key(seed)
        return write(model, weights, written, num_tokens, chooser, key)

    # Between the programs there is numpy alone: an operation of JAX's outside of them
    # takes as long as ten to fifty tokens.
    def stream(prompt: Sequence[int], manner: Manner) -> Iterator[np.ndarray]:
        tokens = np.asarray(prompt, np.int32)[None]
        if manner.beam:
            found, _ = search(params, tokens, manner.length, manner.beam)
            yield np.asarray(found[0])
            return
        written = read(params, weights(), tokens)
        left = manner.length
        while left > 0:
            written, new = chunk(
                weights(),
                written,
                np.uint32(manner.seed),
                np.float32(manner.temperature),
                None if manner.top_p == 1 else np.float32(manner.top_p),
                num_tokens=min(CHUNK, manner.length),
                greedy=manner.greedy,
                top_k=manner.top_k,
            )
            yield np.asarray(new)[0, :left]
            left -= new.shape[1]

    return stream
