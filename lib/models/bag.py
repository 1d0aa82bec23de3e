"""Bag of words and of word groups: the running mean of embeddings, then layers.

    e_t = E[x_t] + sum_{n=2}^{N} G[hash(x_{t-n+1}, ..., x_t)]      N = ngrams
    m_t = (w_1 e_1 + ... + w_t e_t) / (w_1 + ... + w_t)
    w_t = exp(a[x_t]) if `weighted`, else 1
    h_t = relu(U h_t + b)            `num_layers` times, h_t = m_t before the first
    y_t = V h_t + c

Sources: the deep averaging network (Iyyer et al. 2015, ACL, section 3); groups of words
share the rows of a table by hash (Joulin et al. 2016, fastText, arXiv:1607.01759,
section 2.2). A learned weight a word is attention whose score sees the word alone (Yang
et al. 2016, NAACL, equations 5 to 7): what tf-idf has by counting. The order is
lost but for what a group of N keeps. All positions in parallel, O(T D) and O(T H^2) a
layer; the carry is the two sums and the last N - 1 tokens. A group that would begin
before the first token is left out.

Deviation: the sum of words and groups is divided by the weights of the words alone.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from lib.models.stack import drop, look_up
from lib.ops.chunk import scan_with_resets
from lib.ops.group import NONE, hash_groups
from lib.ops.linear import project
from lib.setting import Count, Probability, Size
from lib.types import Carry, Interface, Model, Params, PRNGKey


def make_bag(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Count = 0,
    embedding_size: Count = 64,
    dropout: Probability = 0.0,
    ngrams: Size = 1,
    num_buckets: Size = 100_000,
    weighted: bool = False,
) -> Model:
    """The mean of embeddings of words, and of groups of up to `ngrams` of them.

    `dropout` is the share of features left out of each layer's and the readout's input.
    With embedding_size 0 the bag counts: tokens enter as one-hot vectors.
    """
    if ngrams > 1 and not (interface.vocabulary_size and embedding_size):
        raise ValueError("bag: ngrams above 1 need tokens and an embedding_size.")
    if weighted and not interface.vocabulary_size:
        raise ValueError("bag: weighted needs tokens; here inputs are numbers.")
    module = Bag(
        interface, hidden_size, num_layers, embedding_size, dropout, ngrams,
        num_buckets, weighted,
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
    weighted: bool

    def setup(self) -> None:
        size = self.interface.input_size
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        # Of variance 1 / D, not 1 / V: what is averaged has the size of one row. Rows
        # of groups begin alike: from zero a group seen once is soon known by heart
        # (0.841 against 0.854 on newsgroups).
        rows = nn.initializers.normal(max(1, self.embedding_size) ** -0.5)
        if self.embedding_size:
            self.E = self.param("E", rows, (size, self.embedding_size))
            size = self.embedding_size
        if self.ngrams > 1:
            self.G = self.param("G", rows, (self.num_buckets, size))
        if self.weighted:
            self.a = self.param("a", zeros, (self.interface.vocabulary_size,))
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
        sums = jnp.zeros((batch_size, size)), jnp.zeros((batch_size, 1))
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
        w = jnp.exp(self.a[x]) if self.weighted else jnp.ones(x.shape[:2])
        sums, h = _running_mean(carry[0], e, w[:, :, None], reset)
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


def _running_mean(
    sums: tuple[Array, Array],
    e: Float[Array, "T B D"],
    w: Float[Array, "T B 1"],
    reset: Bool[Array, "T B"] | None,
) -> tuple[tuple[Array, Array], Float[Array, "T B D"]]:
    """The mean of e by the weights w up to each step, and the sums to go on from."""

    def step(sums: Any, now: Any) -> Any:
        total, weight = sums[0] + now[0], sums[1] + now[1]
        return (total, weight), total / weight

    initial = jax.tree.map(jnp.zeros_like, sums)
    return scan_with_resets(step, initial, sums, (w * e, w), reset)
