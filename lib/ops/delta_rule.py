"""The delta rule with a gate: a matrix of associations that corrects what it recalls.

    S_t = g_t (I - b_t k_t^T k_t) S_{t-1} + b_t k_t^T v_t,    y_t = q_t S_t

S [K, V], vectors are rows; b_t in [0, 2], the keys of length 1 or less (Yang et al.
2024, arXiv:2412.06464, equation 10; without the gate, log_g None, DeltaNet,
arXiv:2406.06484). Time is the first axis: q, k [T, B, P, K], v [T, B, P, V] for P
heads, b and log_g [T, B, P]. O(T K (K + V)) for each head in every form.

The chunked form: with u_t = b_t (v_t - g_t k_t S_{t-1}), what step t writes, S decays
and grows by k_t^T u_t as in lib.ops.matrix_state. Within a chunk that begins at S

    (I + L) U = b (V - G K S),    L_ts = b_t (k_t k_s^T) D_ts for s < t,

with D the decays between steps and G those from the start (the WY representation,
arXiv:2406.06484, section 3.2; the UT transform, section 3.3, is the inverse of I + L).
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from lib.ops.decay import decays, emptied, over_chunks
from lib.ops.matrix_state import State, check_method

_BLOCK = 4  # whose inverse is (I - L)(I + L^2): few terms, and small
CHUNK = 32  # steps: the inverse of a chunk takes C^3, its products C^2


def delta_scan(
    q: Float[Array, "T B P K"],
    k: Float[Array, "T B P K"],
    v: Float[Array, "T B P V"],
    b: Float[Array, "T B P"],
    log_g: Float[Array, "T B P"] | None,
    S: State,
    reset: Bool[Array, "T B"] | None = None,
    method: str = "auto",
) -> tuple[Float[Array, "T B P V"], State]:
    """All y_t and the last state, from S and from zeros where `reset` is true.

    "auto" is chunked, with gradients but no forward mode; sequential is the definition.
    """
    check_method("delta_scan", method)
    log_g = jnp.zeros_like(b) if log_g is None else log_g
    if method == "sequential" or not len(q):
        return _sequential(q, k, v, b, log_g, S, reset)
    xs = q, k, v, b[..., None], log_g[..., None]
    return over_chunks(_chunk, S, xs, reset, min(CHUNK, len(q)))


def _chunk(S: State, xs: tuple[Array, ...], reset: Any) -> tuple[Array, State]:
    q, k, v, b, log_g = xs
    transposed, decay = jnp.swapaxes(k, -1, -2), decays(log_g, reset)
    between = decay.between[..., 0]
    lower = jnp.tril(b * (k @ transposed) * between, -1)
    u = inverse(lower) @ (b * (v - (decay.from_start * k) @ S))
    y = ((q @ transposed) * between) @ u + (q * decay.from_start) @ S
    written = jnp.swapaxes(k * decay.to_end, -1, -2) @ u
    return y, decay.whole[..., None] * S + written


@jax.custom_vjp
def inverse(lower: Float[Array, "*n C C"]) -> Float[Array, "*n C C"]:
    """The inverse of I + L, L being strictly lower triangular.

    Of blocks on the diagonal, and from two neighbours A and D the inverse of the block
    twice their size, whose lower left corner is -D^-1 L A^-1. The series of powers of L
    needs fewer products, but its terms grow as binomial coefficients and cancel: with
    the same key at every step nothing was right of a chunk of 32.
    """
    C = lower.shape[-1]
    size, whole = _BLOCK, _BLOCK
    while whole < C:
        whole *= 2
    lower = jnp.pad(lower, [(0, 0)] * (lower.ndim - 2) + [(0, whole - C)] * 2)
    result = _small_inverse(_blocks(lower, size, 1))
    while size < whole:
        A, D = result[..., ::2, :, :], result[..., 1::2, :, :]
        corner = -(D @ _blocks(lower, size, 2) @ A)
        above = jnp.concatenate([A, jnp.zeros_like(A)], axis=-1)
        below = jnp.concatenate([corner, D], axis=-1)
        result, size = jnp.concatenate([above, below], axis=-2), 2 * size
    return result[..., 0, :C, :C]


def _blocks(x: Float[Array, "*n C C"], size: int, step: int) -> Array:
    """The lower left corners, of `size`, of the diagonal's blocks of step * size."""
    starts = range(0, x.shape[-1], step * size)
    down = (step - 1) * size
    corners = [x[..., i + down : i + down + size, i : i + size] for i in starts]
    return jnp.stack(corners, axis=-3)


def _small_inverse(lower: Float[Array, "*n 4 4"]) -> Float[Array, "*n 4 4"]:
    one = jnp.eye(_BLOCK, dtype=lower.dtype)
    one = one.reshape(*[1] * (lower.ndim - 2), _BLOCK, _BLOCK)
    return (one - lower) @ (one + lower @ lower)  # as L^4 = 0


def _inverse_forward(lower: Array) -> tuple[Array, Array]:
    result = inverse(lower)
    return result, result


def _inverse_backward(result: Array, gradient: Array) -> tuple[Array]:
    turned = jnp.swapaxes(result, -1, -2)
    return (-jnp.tril(turned @ gradient @ turned, -1),)


inverse.defvjp(_inverse_forward, _inverse_backward)


def _sequential(
    q: Array, k: Array, v: Array, b: Array, log_g: Array, S: State, reset: Any
) -> tuple[Array, State]:
    def step(S: State, xs: Any) -> tuple[State, Array]:
        q, k, v, b, log_g, mask = xs
        S = jnp.exp(log_g)[..., None, None] * emptied(mask, S)
        u = b[..., None] * (v - jnp.einsum("bpk,bpkv->bpv", k, S))
        S = S + k[..., :, None] * u[..., None, :]
        return S, jnp.einsum("bpk,bpkv->bpv", q, S)

    S, y = lax.scan(step, S, (q, k, v, b, log_g, reset))
    return y, S
