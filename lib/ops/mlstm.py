"""The recurrence of the mLSTM: a matrix memory with exponential input gates.

    C_t = f_t C_{t-1} + i_t k_t^T v_t          i_t = exp(log_i_t), f_t in (0, 1]
    n_t = f_t n_{t-1} + i_t k_t
    h_t = q_t C_t / max(|q_t . n_t|, 1)

(Beck et al. 2024, arXiv:2405.04517, equations 19 to 27; vectors are rows.) Time is the
first axis: q, k [T, B, P, K], v [T, B, P, V] for P heads, the logarithms of the gates
[T, B, P]. O(T K V) for each head.

Nothing grows as the gates do: of C and n what is kept is e^-m of them, with
m_t = max(log f_t + m_{t-1}, log_i_t), equation 15, and then the 1 in h is e^-m too.
h is the same for every m, so no derivative goes through it but that of the first one,
which says how large the first C is. With k_t weighted by exp(log_i_t - m_t) and a decay
of log f_t + m_{t-1} - m_t, both at most 0, it is the scan of lib.ops.matrix_state over
v_t with a 1 beside it, whose column of the state is n.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from lib.ops.matrix_state import decay_scan

# e^-m times C and n side by side, and m. All zeros: nothing in memory.
Memory = tuple[Float[Array, "B P K V+1"], Float[Array, "B P"]]


def mlstm_scan(
    q: Float[Array, "T B P K"],
    k: Float[Array, "T B P K"],
    v: Float[Array, "T B P V"],
    log_i: Float[Array, "T B P"],
    log_f: Float[Array, "T B P"],
    memory: Memory,
    reset: Bool[Array, "T B"] | None = None,
    method: str = "auto",
) -> tuple[Float[Array, "T B P V"], Memory]:
    """All h_t and the last memory, from zeros where `reset` is true.

    `method` is that of `decay_scan`.
    """
    S, m_0 = memory
    before, m = _stabilisers(log_i, log_f, m_0, reset)
    key = k * jnp.exp(log_i - m)[..., None]
    value = jnp.concatenate([v, jnp.ones_like(v[..., :1])], axis=-1)
    y, S = decay_scan(q, key, value, log_f + before - m, S, reset, method)
    size = jnp.maximum(jnp.abs(y[..., -1]), jnp.exp(-m))
    return y[..., :-1] / size[..., None], (S, m[-1] if len(m) else m_0)


def _stabilisers(
    log_i: Array, log_f: Array, m: Array, reset: Array | None
) -> tuple[Array, Array]:
    """m_{t-1} and m_t [T, B, P]; 0 before a step with a reset."""

    def step(m: Array, xs: tuple) -> tuple[Array, tuple[Array, Array]]:
        log_i, log_f, mask = xs
        if mask is not None:
            m = jnp.where(mask[:, None], jnp.zeros_like(m), m)
        after = jnp.maximum(log_f + m, log_i)
        return after, (m, after)

    fixed = lax.stop_gradient((log_i, log_f, m))
    _, (before, after) = lax.scan(step, fixed[2], (*fixed[:2], reset))
    # The first m counts: exact in value, and with its gradient.
    first = m - fixed[2]
    if reset is not None and len(reset):
        first = jnp.where(reset[0][:, None], jnp.zeros_like(first), first)
    return before.at[:1].add(first[None]), after
