"""Linear recurrences whose state is a matrix that decays: gated linear attention.

    S_t = g_t S_{t-1} + k_t^T v_t,    y_t = q_t S_t        S [K, V], vectors are rows

(Yang et al. 2024, arXiv:2312.06635, section 4.1.) g_t in (0, 1] is a number for each
head and step, as in retention, or one for each of K, which then multiplies rows of S.
Time is the first axis: q, k [T, B, P, K], v [T, B, P, V] for P heads; log_g is the
logarithm of g, [T, B, P] or [T, B, P, K]. O(T K V) for each head in every form.

The chunked form (section 4.2, equations 4 to 6 and the secondary level of section 4.3)
replaces steps by products of matrices: within a chunk y = (Q K^T * D) V with D_ts the
decay from s to t, and from chunk to chunk the state. D is the exponential of a
difference of sums of logarithms, masked before: no decay is too small for it.
"""

from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from lib.ops.decay import decays, emptied, over_chunks

METHODS = "auto", "sequential", "chunked"

# Steps a chunk. Each of K having its decay, [C, C, K] numbers are formed for a chunk.
CHUNK, CHUNK_OF_MANY_DECAYS = 32, 16

State = Float[Array, "B P K V"]


def decay_scan(
    q: Float[Array, "T B P K"],
    k: Float[Array, "T B P K"],
    v: Float[Array, "T B P V"],
    log_g: Float[Array, "T B P *K"],
    S: State,
    reset: Bool[Array, "T B"] | None = None,
    method: str = "auto",
) -> tuple[Float[Array, "T B P V"], State]:
    """All y_t and the last state, from S and from zeros where `reset` is true.

    "auto" is chunked, sequential is the definition; both differentiate in both modes.
    """
    check_method("decay_scan", method)
    if method == "sequential" or not len(q):
        return _sequential(q, k, v, log_g, S, reset)
    many = log_g.ndim == 4
    C = min(CHUNK_OF_MANY_DECAYS if many else CHUNK, len(q))
    log_g = log_g if many else log_g[..., None]
    return over_chunks(_chunk, S, (q, k, v, log_g), reset, C)


def _chunk(S: State, xs: tuple[Array, ...], reset: Any) -> tuple[Array, State]:
    q, k, v, log_g = xs
    decay = decays(log_g, reset)
    if log_g.shape[-1] > 1:
        scores = jnp.einsum("bptk,bpsk,bptsk->bpts", q, k, decay.between)
    else:
        scores = (q @ jnp.swapaxes(k, -1, -2)) * decay.between[..., 0]
    y = scores @ v + (q * decay.from_start) @ S
    written = jnp.swapaxes(k * decay.to_end, -1, -2) @ v  # [B, P, K, V]
    return y, decay.whole[..., None] * S + written


def check_method(who: str, method: str) -> None:
    """ValueError for a method that there is not."""
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise ValueError(f"{who}: method must be one of {known}, got {method!r}")


def _sequential(
    q: Array, k: Array, v: Array, log_g: Array, S: State, reset: Any
) -> tuple[Array, State]:
    def step(S: State, xs: Any) -> tuple[State, Array]:
        q, k, v, log_g, mask = xs
        g = jnp.exp(log_g if log_g.ndim == 3 else log_g[..., None])[..., None]
        S = g * emptied(mask, S) + k[..., :, None] * v[..., None, :]
        return S, jnp.einsum("bpk,bpkv->bpv", q, S)

    S, y = lax.scan(step, S, (q, k, v, log_g, reset))
    return y, S
