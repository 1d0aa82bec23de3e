"""Recurrences with a matrix as state, with their gradient: 4 heads of 64 x 64.

Ours is the chunked form; the peer is the definition, one step after the other in
`lax.scan` and differentiated by JAX.
"""

from typing import Any

from experiments.bench.subject import OURS, Subject, Work, compile_program

B, P, K = 4, 4, 64


def make(name: str, method: str, T: int) -> Work:
    """Value and gradient of a weighted sum of all outputs, of everything it reads."""
    import jax
    import jax.numpy as jnp

    from lib.ops.delta_rule import delta_scan
    from lib.ops.matrix_state import decay_scan

    keys = jax.random.split(jax.random.key(0), 6)
    draw = lambda key, *shape: jax.random.normal(key, (T, B, P, *shape))
    q, k, v, weights = (draw(key, K) for key in keys[:4])
    k = k / jnp.linalg.norm(k, axis=-1, keepdims=True)
    log_g, b = jax.nn.log_sigmoid(draw(keys[4]) + 3), jax.nn.sigmoid(draw(keys[5]))
    S = jnp.zeros((B, P, K, K))
    scan: Any = decay_scan if name == "decay" else delta_scan
    given = (q, k, v, log_g, S) if name == "decay" else (q, k, v, b, log_g, S)

    def loss(given: Any, weights: Any) -> Any:
        return jnp.sum(scan(*given, method=method)[0] * weights)

    gradient = jax.jit(jax.value_and_grad(loss))
    run, seconds, temporary = compile_program(gradient, given, weights)
    call = lambda: jax.block_until_ready(run(given, weights))
    return Work(call, compile_seconds=seconds, temporary_bytes=temporary)


def _subject(name: str, T: int) -> Subject:
    makers = {
        who: lambda T, method=method: make(name, method, T)
        for who, method in ((OURS, "auto"), ("sequential", "sequential"))
    }
    return Subject(
        f"{name} matrix state, value and gradient",
        {"T": T},
        makers,
        "sequence",
        (1,),
        quick=name == "delta",
        seconds=6.0,
    )


SUBJECTS = [_subject("decay", 1_024), _subject("delta", 1_024)]
