"""A matrix state whose transition is diagonal plus low rank: the general delta rule.

    S_t = diag(g_t) S_{t-1} + b_t^T (a_t S_{t-1}) + k_t^T v_t,    y_t = q_t S_t

S [K, V], vectors are rows (Peng et al. 2025, arXiv:2503.14456, section 3, transposed:
there g is w, a is -kappa and b is a * kappa). With a = -k, b = r g k and v times r it
is the gated delta rule of lib.ops.delta_rule with a rate r. Time is the first axis: q,
k, a, b, log_g [T, B, P, K], v [T, B, P, V] for P heads. O(T K V) for each head.

The chunked form: let u_t = a_t S_{t-1}, what step t reads of the state before it. With
D_ts the decays of each K from s to t, a chunk that begins at S has

    (I - L) U = M V + (A * D_t0) S,    L_ts = a_t * D_{t-1,s} . b_s,  M with k, s < t

and y and the next S are sums over what the steps wrote, b_t^T u_t + k_t^T v_t. Here
D_ts is the product of e^c_t and e^-c_s, c being the sum of log_g from the chunk's
start: neither may leave the range of a float32, so log_g is at least -4.
"""

from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from lib.ops.decay import decays, emptied, over_chunks
from lib.ops.delta_rule import inverse
from lib.ops.matrix_state import State, check_method

CHUNK = 16  # steps
LEAST_LOG_DECAY = -4.0  # of a chunk e^(16 * 4): a float32 reaches e^88

Keys = Float[Array, "T B P K"]


def dplr_scan(
    q: Keys,
    k: Keys,
    v: Float[Array, "T B P V"],
    a: Keys,
    b: Keys,
    log_g: Keys,
    S: State,
    reset: Bool[Array, "T B"] | None = None,
    method: str = "auto",
) -> tuple[Float[Array, "T B P V"], State]:
    """All y_t and the last state, from S and from zeros where `reset` is true.

    log_g in [LEAST_LOG_DECAY, 0]. "auto" is chunked, with gradients but no forward
    mode; sequential is the definition.
    """
    check_method("dplr_scan", method)
    if method == "sequential" or not len(q):
        return _sequential(q, k, v, a, b, log_g, S, reset)
    xs = q, k, v, a, b, log_g
    return over_chunks(_chunk, S, xs, reset, min(CHUNK, len(q)))


def _chunk(S: State, xs: tuple[Array, ...], reset: Any) -> tuple[Array, State]:
    q, k, v, a, b, log_g = xs
    C = q.shape[2]
    decay = decays(log_g, reset)
    total = jnp.cumsum(log_g, axis=2)
    since = jnp.exp(total - log_g)  # from the chunk's start until step t reads
    back = jnp.concatenate([b, k], axis=2) * _twice(jnp.exp(-total))
    ahead = jnp.concatenate([a * since, q * jnp.exp(total)], axis=2)
    products = ahead @ jnp.swapaxes(back, -1, -2)  # [B, P, 2C, 2C]
    upto, before = _seen(C, reset)
    mask = jnp.block([[before, before], [upto, upto]])
    products = jnp.where(mask, products, jnp.zeros_like(products))
    L, M = products[..., :C, :C], products[..., :C, C:]
    if reset is not None:
        first = jnp.cumsum(reset, axis=1, dtype=jnp.int32) == 0
        since = jnp.where(first[:, None, :, None], since, jnp.zeros_like(since))
    u = inverse(-L) @ (M @ v + (a * since) @ S)
    wrote = jnp.concatenate([u, v], axis=2)
    y = products[..., C:, :] @ wrote + (q * decay.from_start) @ S
    keys = jnp.concatenate([b, k], axis=2) * _twice(decay.to_end)
    return y, decay.whole[..., None] * S + jnp.swapaxes(keys, -1, -2) @ wrote


def _twice(x: Array) -> Array:
    return jnp.concatenate([x, x], axis=2)


def _seen(C: int, reset: Any) -> tuple[Array, Array]:
    """Whether t sees what s wrote [B or 1, 1, t, s], with itself and without."""
    upto = jnp.tril(jnp.ones((C, C), bool))[None, None]
    if reset is not None:
        segment = jnp.cumsum(reset, axis=1, dtype=jnp.int32)[:, None]
        upto = upto & (segment[..., :, None] == segment[..., None, :])
    return upto, upto & ~jnp.eye(C, dtype=bool)[None, None]


def _sequential(
    q: Array,
    k: Array,
    v: Array,
    a: Array,
    b: Array,
    log_g: Array,
    S: State,
    reset: Any,
) -> tuple[Array, State]:
    def step(S: State, xs: Any) -> tuple[State, Array]:
        q, k, v, a, b, log_g, mask = xs
        S = emptied(mask, S)
        u = jnp.einsum("bpk,bpkv->bpv", a, S)
        S = jnp.exp(log_g)[..., None] * S + b[..., :, None] * u[..., None, :]
        S = S + k[..., :, None] * v[..., None, :]
        return S, jnp.einsum("bpk,bpkv->bpv", q, S)

    S, y = lax.scan(step, S, (q, k, v, a, b, log_g, reset))
    return y, S
