"""A chain of relations: from the thing that a question names to the next, hop by hop.

A relation network over all pairs of places (Santoro et al. 2017, arXiv:1706.01427)
spends N^2 pairs on relations that start at one thing. Here a place is attended to
first, as in stacked attention (Yang et al. 2016, arXiv:1511.02274, section 3.3), and g
relates that one place to the N others. What g says chooses the place of the next hop,
so that K hops follow a chain of K relations.

    c_k = sum_t softmax_t(w_t . S_k q) w_t        the words that hop k is about
    s_0j = A c_0 . K o_j / sqrt(G)                the thing that the question names: m_0
    r_kj = g(o_j, m_{k-1}, p_j - p_{k-1}, c_k)    of every place j; p: where it is
    s_kj = v . r_kj
    m_k = sum_j softmax_j(s_kj) o_j               the thing that the relation leads to
    g_k = mean_j sigmoid(s_kj) o_j                all things that it may lead to
    n_k = mean_j r_kj                             what counts
    y = f(m_0, ..., m_K, g_0, ..., g_K, n_1, ..., n_K, q)

o_j are features of a place, w_t the states of the question's readers at word t, and q
where they ended, so that the question says where each hop finds its words (Hudson &
Manning 2018, arXiv:1803.03067, section 3.2.1). p_{k-1} is the mean place of the hop
before, and p_j - p_{k-1} enters as its two parts and its length. g and v are the same
for every hop. O(K N G^2) a question.

The g_k matter at the beginning: a softmax over 100 places passes each a hundredth of
the gradient, a sigmoid a quarter.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lib.models.mlp import Feedforward
from lib.models.question_encoder import (
    Places,
    Reader,
    Words,
    answering_model,
    encoders,
    grouped,
)
from lib.ops.image import coordinates, with_coordinates
from lib.ops.linear import project
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model, PRNGKey

_EPSILON = 1e-4  # under the root of a squared distance, whose slope is infinite at 0


class Hop(nn.Module):
    """g and v: what relates every place to one, and which place it leads to."""

    size: int

    @nn.compact
    def __call__(
        self,
        o: Float[Array, "P N G"],
        before: Float[Array, "P Q G"],
        offset: Float[Array, "P Q N 3"],
        words: Float[Array, "P Q H"],
    ) -> tuple[Float[Array, "P Q N"], Float[Array, "P Q G"]]:
        G, H = self.size, words.shape[-1]
        init, zeros = nn.initializers.he_normal(), nn.initializers.zeros
        own = project(o, self.param("U_o", init, (G, G)))
        given = project(before, self.param("U_m", init, (G, G)))
        given += project(words, self.param("U_c", init, (H, G)))
        given += self.param("b_0", zeros, (G,))[None, None, :]
        away = project(offset, self.param("U_p", init, (3, G)))
        r = jax.nn.relu(own[:, None] + given[:, :, None] + away)  # [P, Q, N, G]
        r = project(r, self.param("U_1", init, (G, G)), self.param("b_1", zeros, (G,)))
        r = jax.nn.relu(r)
        v = self.param("v", nn.initializers.lecun_normal(), (G, 1))
        return project(r, v)[..., 0], jnp.mean(r, axis=2)


class RelationChain(nn.Module):
    """The answer to each question along a chain of `num_hops` relations."""

    places: Places
    reader: Reader
    relation_size: int
    num_hops: int
    output_size: int
    dropout: float

    def __call__(
        self,
        images: Float[Array, "P H W C"],
        tokens: Int[Array, "B T"],
        key: PRNGKey | None,
    ) -> Float[Array, "B V"]:
        return self._follow(images, tokens, key)[0]

    def looks(
        self, images: Float[Array, "P H W C"], tokens: Int[Array, "B T"]
    ) -> Float[Array, "B K h w"]:
        """The weight of each place at each hop, the first for what is named."""
        return self._follow(images, tokens, None)[1]

    @nn.compact
    def _follow(self, images: Array, tokens: Array, key: PRNGKey | None) -> Any:
        features = self.places(images)
        P, h, w, _ = features.shape
        words = self.reader(tokens)
        B, G = len(tokens), self.relation_size
        init, zeros = nn.initializers.he_normal(), nn.initializers.zeros
        o = with_coordinates(features)
        o = project(
            o,
            self.param("U", init, (o.shape[-1], G)),
            self.param("b", zeros, (G,)),
        )
        o = jax.nn.relu(o)
        asked = self._ask(words, 0)
        for i, size in enumerate((asked.shape[-1], G)):
            A = self.param(f"A_{i}", init, (size, G))
            asked = project(jax.nn.relu(asked) if i else asked, A)
        keys = project(o, self.param("K", nn.initializers.lecun_normal(), (G, G)))
        scores = jnp.einsum("pqg,png->pqn", grouped(asked, P), keys) * G**-0.5
        hop, place = Hop(G, name="g"), coordinates(h, w)
        found, counted, seen = [], [], []
        for k in range(self.num_hops + 1):
            weights = jax.nn.softmax(scores, axis=-1)
            thing = jnp.einsum("pqn,png->pqg", weights, o)
            gates = jax.nn.sigmoid(scores) / scores.shape[-1]
            found += [thing, jnp.einsum("pqn,png->pqg", gates, o)]
            seen.append(weights.reshape(B, h, w))
            if k == self.num_hops:
                break
            offset = place[None, None] - (weights @ place)[:, :, None]
            length = jnp.sqrt(jnp.sum(offset**2, -1, keepdims=True) + _EPSILON)
            offset = jnp.concatenate([offset, length], axis=-1)
            scores, count = hop(o, thing, offset, grouped(self._ask(words, k + 1), P))
            counted.append(count)
        told = jnp.concatenate([*found, *counted, grouped(words.end, P)], axis=-1)
        f = Feedforward(G, 1, self.output_size, self.dropout, name="f")
        return f(told.reshape(B, -1), key), jnp.stack(seen, axis=1)

    def _ask(self, words: Words, hop: int) -> Float[Array, "B H"]:
        """The words that a hop is about."""
        H = words.end.shape[-1]
        S = self.param(f"S_{hop}", nn.initializers.lecun_normal(), (H, H))
        scores = jnp.einsum("bh,bth->bt", words.end @ S, words.states) * H**-0.5
        scores = jnp.where(words.real, scores, jnp.finfo(scores.dtype).min)
        weights = jax.nn.softmax(scores, axis=-1)
        return jnp.einsum("bt,bth->bh", weights, words.states)


def make_relation_chain(
    interface: Interface,
    *,
    filters: tuple[Size, ...] = (24, 24, 24),
    embedding_size: Size = 32,
    hidden_size: Size = 64,
    relation_size: Size = 64,
    num_hops: Count = 1,
    dropout: Probability = 0.0,
) -> Model:
    """`num_hops` relations after the thing that is named, each of `relation_size`.

    `dropout` is the share of the last layer's inputs left out in training.
    """
    module = RelationChain(
        *encoders("relation_chain", interface, filters, embedding_size, hidden_size),
        relation_size,
        num_hops,
        interface.output_size,
        dropout,
    )
    model = answering_model(interface, module)

    def looks(params: Any, inputs: Any) -> Any:
        arguments = inputs["image"], inputs["tokens"]
        return module.apply({"params": params}, *arguments, method="looks")

    return model._replace(looks=looks)
