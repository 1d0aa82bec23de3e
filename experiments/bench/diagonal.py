"""Diagonal recurrences with their gradient: h_t = a h_{t-1} + x_t, 1,024 channels.

Ours is what our models call on this machine; the peer is `lax.associative_scan`, a
parallel prefix sum, differentiated by JAX: what most codebases do.
"""

from typing import Any

from experiments.bench.subject import OURS, Subject, Work, compile_program

B, N = 1, 1024
LENGTHS = (1_024, 4_096, 16_384)


def make_ours(T: int) -> Work:
    """`linear_scan`, the method our models get."""
    from lib.ops.linear_scan import linear_scan

    return _make(linear_scan, T)


def make_associative(T: int) -> Work:
    """The prefix sum."""
    return _make(associative_scan, T)


def associative_scan(a: Any, x: Any, h: Any) -> Any:
    """The prefix sum of the maps h -> a h + x (Blelloch 1990); x [T, B, N]."""
    import jax.numpy as jnp
    from jax import lax

    factor = jnp.broadcast_to(a[None, None, :], x.shape)
    x = x.at[0].add(a[None, :] * h)
    compose = lambda first, then: (first[0] * then[0], first[1] * then[0] + then[1])
    return lax.associative_scan(compose, (factor, x))[1]


def _make(scan: Any, T: int) -> Work:
    """The gradient of a weighted sum of all h, with respect to a, x and h_0."""
    import jax
    import jax.numpy as jnp

    a = jnp.linspace(0.9, 0.999, N)
    keys = jax.random.split(jax.random.key(0))
    x, weights = (jax.random.normal(key, (T, B, N)) for key in keys)
    h = jnp.zeros((B, N))
    loss = lambda a, x, h, weights: jnp.sum(scan(a, x, h) * weights)
    gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))
    run, seconds, temporary = compile_program(gradient, a, x, h, weights)
    call = lambda: jax.block_until_ready(run(a, x, h, weights))
    return Work(call, compile_seconds=seconds, temporary_bytes=temporary)


SUBJECTS = [
    Subject(
        "diagonal, value and gradient",
        {"T": T},
        {OURS: make_ours, "associative_scan": make_associative},
        "sequence",
        (1,),
        quick=T == LENGTHS[1],
        seconds=3.0,
    )
    for T in LENGTHS
]
