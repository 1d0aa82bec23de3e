"""Writing: a model's own predictions fed back as its next inputs, in one program.

What was read and written so far is a `Written`: the model's state, what it makes of the
next token, and the number of tokens written. Token i is chosen with fold_in(key, i), so
that one loop over N tokens and several over parts of N write the same.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.types import Carry, Model, Params, Prepared, PRNGKey

Logits = Float[Array, "B V"]


class Written(NamedTuple):
    """Where a text stands."""

    carry: Carry
    logits: Logits  # of the next token
    place: Int[Array, ""]  # tokens written


class Chooser(NamedTuple):
    """How the next token is chosen from its logits.

    `prepare(key, indices [C], shape)` works out what C choices need besides, for all of
    them at once; `choose(logits, prepared)` makes one.
    """

    prepare: Callable[[PRNGKey, Int[Array, " C"], tuple[int, ...]], PyTree]
    choose: Callable[[Logits, PyTree], Int[Array, " B"]]


def likeliest() -> Chooser:
    """Greedy: the token with the largest logit."""
    return Chooser(
        lambda key, indices, shape: None,
        lambda logits, _: jnp.argmax(logits, axis=-1).astype(jnp.int32),
    )


def sampler(
    temperature: Float[Array, ""],
    top_k: int = 0,
    top_p: Float[Array, ""] | None = None,
) -> Chooser:
    """Draw from softmax(logits / temperature), of the likeliest tokens only if asked.

    Drawing is the largest of logits + Gumbel noise (what `jax.random.categorical`
    does); the noise does not depend on the model, so it is made outside the loop.
    """

    def prepare(
        key: PRNGKey, indices: Int[Array, " C"], shape: tuple[int, ...]
    ) -> PyTree:
        noise = lambda i: jax.random.gumbel(jax.random.fold_in(key, i), shape)
        return jax.vmap(noise)(indices)

    def choose(logits: Logits, noise: Logits) -> Int[Array, " B"]:
        kept = truncate(logits / temperature, top_k, top_p)
        return jnp.argmax(kept + noise, axis=-1).astype(jnp.int32)

    return Chooser(prepare, choose)


def truncate(
    logits: Logits, top_k: int = 0, top_p: Float[Array, ""] | None = None
) -> Logits:
    """Logits with -inf for all but the likeliest tokens.

    `top_k` keeps the k likeliest (0: all; Fan, Lewis & Dauphin 2018, arXiv:1805.04833);
    then `top_p` the fewest likeliest whose probabilities among those kept add up to at
    least p (Holtzman et al. 2020, arXiv:1904.09751). Tokens as likely as the last one
    kept are kept too.
    """
    if top_k:
        least = lax.top_k(logits, min(top_k, logits.shape[-1]))[0][:, -1:]
        logits = jnp.where(logits < least, -jnp.inf, logits)
    if top_p is not None:
        ordered = -jnp.sort(-logits, axis=-1)
        p = jax.nn.softmax(ordered, axis=-1)
        before = jnp.cumsum(p, axis=-1) - p  # what the likelier ones add up to
        kept = jnp.where(before < top_p, ordered, jnp.inf)
        kept = kept.at[:, 0].set(ordered[:, 0])  # rounding leaves at least one
        least = jnp.min(kept, axis=-1, keepdims=True)
        logits = jnp.where(logits < least, -jnp.inf, logits)
    return logits


def prepared(model: Model) -> Prepared:
    """The model's fast step, or its plain one in the same form."""
    return model.prepared or Prepared(lambda params: params, model.step)


def read_prompt(
    model: Model, params: Params, weights: PyTree, prompt: Int[Array, "B P"]
) -> Written:
    """The state after a prompt of at least one token."""
    step = prepared(model).step

    def read(carry: tuple, token: Int[Array, " B"]) -> tuple:
        return step(weights, carry[0], token), None

    start = step(weights, model.initial(params, prompt[:, :1]), prompt[:, 0])
    (carry, logits), _ = lax.scan(read, start, prompt[:, 1:].T)
    return Written(carry, logits, jnp.int32(0))


def write(
    model: Model,
    weights: PyTree,
    written: Written,
    num_tokens: int,
    chooser: Chooser,
    key: PRNGKey,
) -> tuple[Written, Int[Array, "B N"]]:
    """The next N tokens: token i comes from the output after token i - 1."""
    step = prepared(model).step
    indices = written.place + jnp.arange(num_tokens, dtype=jnp.int32)
    needed = chooser.prepare(key, indices, written.logits.shape)

    def body(carry: tuple, needed: PyTree) -> tuple:
        token = chooser.choose(carry[1], needed)
        return step(weights, carry[0], token), token

    start = (written.carry, written.logits)
    # Two steps a turn: a sixth faster on a CPU, and no more with four.
    (carry, logits), tokens = lax.scan(
        body, start, needed, length=num_tokens, unroll=min(2, num_tokens)
    )
    return Written(carry, logits, written.place + num_tokens), tokens.T


def generate(
    model: Model,
    params: Params,
    prompt: Int[Array, "B P"],
    num_tokens: int,
    chooser: Chooser,
    key: PRNGKey,
) -> Int[Array, "B N"]:
    """N tokens after a prompt of at least one."""
    weights = prepared(model).prepare(params)
    written = read_prompt(model, params, weights, prompt)
    return write(model, weights, written, num_tokens, chooser, key)[1]


def beam_search(
    model: Model,
    params: Params,
    prompt: Int[Array, "1 P"],
    num_tokens: int,
    width: int,
    end: int | None = None,
) -> tuple[Int[Array, "W N"], Float[Array, " W"]]:
    """The likeliest continuations found, best first, and their log probabilities.

    After each token the W likeliest of all continuations of the W kept before stay.
    Width 1 is greedy; the likeliest of all is found for sure only where W is the number
    of possible continuations one token shorter. A continuation that has come to the
    token `end` stays as it is: only `end` follows, at no cost.
    """
    weights = prepared(model).prepare(params)
    step = prepared(model).step
    written = read_prompt(model, params, weights, prompt)
    repeat = lambda x: jnp.repeat(x, width, axis=0)
    carry, logits = jax.tree.map(repeat, (written.carry, written.logits))
    vocabulary_size = logits.shape[-1]
    # All beams begin equal: only the first may be continued.
    scores = jnp.where(jnp.arange(width) == 0, 0.0, -jnp.inf)

    def extend(state: tuple, _: None) -> tuple:
        carry, logits, scores, ended = state
        log_p = jax.nn.log_softmax(logits, axis=-1)
        if end is not None:
            only_end = jnp.where(jnp.arange(vocabulary_size) == end, 0.0, -jnp.inf)
            log_p = jnp.where(ended[:, None], only_end[None, :], log_p)
        every = scores[:, None] + log_p
        scores, place = lax.top_k(every.reshape(-1), width)
        parent, token = place // vocabulary_size, place % vocabulary_size
        carry = jax.tree.map(lambda x: x[parent], carry)
        carry, logits = step(weights, carry, token)
        ended = ended[parent] | (token == (-1 if end is None else end))
        return (carry, logits, scores, ended), (parent, token)

    def back(beam: Int[Array, " W"], links: tuple) -> tuple:
        parent, token = links
        return parent[beam], token[beam]

    start = (carry, logits, scores, jnp.zeros(width, bool))
    (_, _, scores, _), links = lax.scan(extend, start, None, length=num_tokens)
    best_first = jnp.arange(width, dtype=jnp.int32)
    _, tokens = lax.scan(back, best_first, links, reverse=True)
    return tokens.T, scores
