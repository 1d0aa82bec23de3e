"""Bag of words and of word groups: the running mean of embeddings, then layers.

    e_t = E[x_t] + sum_{n=2}^{N} G[hash(x_{t-n+1}, ..., x_t)]      N = ngrams
    m_t = (e_1 + ... + e_t) / t
    h_t = relu(U h_t + b)            `num_layers` times, h_t = m_t before the first
    y_t = V h_t + c

Sources: the deep averaging network (Iyyer et al. 2015, ACL, section 3); groups of words
share the rows of a table by hash (Joulin et al. 2016, fastText, arXiv:1607.01759,
section 2.2). The order of words is lost but for what a group of N keeps. All positions
in parallel, O(T D) and O(T H^2) a layer; the carry is the sum, the count and the last
N - 1 tokens. A group that would begin before the first token is left out.

Deviations: the sum of words and groups is divided by the number of words, not of both.
With `normalise` m_t is divided by its root mean square, so that long texts, whose mean
is small, speak as loud as short ones.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from lib.models.stack import drop, look_up
from lib.ops.group import NONE, hash_groups
from lib.ops.linear import project
from lib.ops.pooling import POOLS
from lib.setting import Count, Probability, Size
from lib.types import Carry, Interface, Model, Params, PRNGKey

_SMALL = 1e-6  # added to a mean square


def make_bag(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Count = 0,
    embedding_size: Count = 64,
    dropout: Probability = 0.0,
    ngrams: Size = 1,
    num_buckets: Size = 100_000,
    normalise: bool = False,
) -> Model:
    """The mean of embeddings of words, and of groups of up to `ngrams` of them.

    `dropout` is the share of features left out of each layer's and the readout's input.
    With embedding_size 0 the bag counts: tokens enter as one-hot vectors.
    """
    if ngrams > 1 and not (interface.vocabulary_size and embedding_size):
        raise ValueError("bag: ngrams above 1 need tokens and an embedding_size.")
    module = Bag(
        interface, hidden_size, num_layers, embedding_size, dropout, ngrams,
        num_buckets, normalise,
    )  # fmt: skip

    def init(key: PRNGKey, inputs: PyTree) -> Params:
        x = jnp.zeros((inputs.shape[0], 1, *inputs.shape[2:]), inputs.dtype)
        return module.init(key, x, method=Bag.first_step)["params"]

    def initial(params: Params, inputs: PyTree) -> Carry:
        del params
        return module.initial(inputs.shape[0])

    def apply(
        params: Params,
        carry: Carry,
        inputs: PyTree,
        reset: Bool[Array, "B T"] | None,
        key: PRNGKey | None,
    ) -> tuple[Float[Array, "B T V"], Carry]:
        after: Any = module.apply({"params": params}, carry, inputs, reset, key)
        return after[1], after[0]

    def step(params: Params, carry: Carry, x: PyTree) -> tuple[Carry, PyTree]:
        y, carry = apply(params, carry, x[:, None], None, None)
        return carry, y[:, 0]

    return Model(init, initial, apply, step)


class Bag(nn.Module):
    """Embeddings, their running mean, layers, readout."""

    interface: Interface
    hidden_size: int
    num_layers: int
    embedding_size: int
    dropout: float
    ngrams: int
    num_buckets: int
    normalise: bool

    def setup(self) -> None:
        size = self.interface.input_size
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        if self.embedding_size:
            # Of variance 1 / D, not 1 / V: what is averaged has the size of one row.
            rows = nn.initializers.normal(self.embedding_size**-0.5)
            self.E = self.param("E", rows, (size, self.embedding_size))
            size = self.embedding_size
        if self.ngrams > 1:
            self.G = self.param("G", zeros, (self.num_buckets, size))
        sizes = [size] + [self.hidden_size] * self.num_layers
        self.U = [
            self.param(f"U_{i}", nn.initializers.he_normal(), (D, self.hidden_size))
            for i, D in enumerate(sizes[:-1])
        ]
        self.b = [
            self.param(f"b_{i}", zeros, (self.hidden_size,))
            for i in range(self.num_layers)
        ]
        shape = (sizes[-1], self.interface.output_size)
        self.V = self.param("V", dense, shape)
        self.c = self.param("c", zeros, shape[1:])

    def initial(self, batch_size: int) -> Carry:
        size = self.embedding_size or self.interface.input_size
        sums = POOLS["mean"].initial((batch_size, size))
        if self.ngrams == 1:
            return (sums,)
        return sums, jnp.full((batch_size, self.ngrams - 1), NONE, jnp.int32)

    def __call__(
        self, carry: Carry, inputs: Array, reset: Array | None, key: PRNGKey | None
    ) -> Any:
        x = jnp.swapaxes(inputs, 0, 1)
        reset = None if reset is None else reset.T
        e, tokens = self._embed(x), ()
        if self.ngrams > 1:
            found, after = hash_groups(x, carry[1].T, reset)
            tokens = (after.T,)
            for code, inside in found:
                row = (code % np.uint32(self.num_buckets)).astype(jnp.int32)
                own = look_up(self.G, row)
                e = e + jnp.where(inside[..., None], own, jnp.zeros_like(own))
        sums, h = POOLS["mean"].over_time(carry[0], e, reset)
        if self.normalise:
            size = jnp.mean(jnp.square(h), axis=-1, keepdims=True)
            h = h * jax.lax.rsqrt(size + _SMALL)
        for i, (U, b) in enumerate(zip(self.U, self.b, strict=True)):
            h = jax.nn.relu(project(drop(h, self.dropout, key, i), U, b))
        y = project(drop(h, self.dropout, key, self.num_layers), self.V, self.c)
        return (sums, *tokens), jnp.swapaxes(y, 0, 1)

    def first_step(self, x: Array) -> Any:
        return self(self.initial(len(x)), x, None, None)

    def _embed(self, x: Array) -> Float[Array, "T B D"]:
        if not self.interface.vocabulary_size:
            return project(x, self.E) if self.embedding_size else x
        if not self.embedding_size:
            return jax.nn.one_hot(x, self.interface.vocabulary_size)
        return look_up(self.E, x)
