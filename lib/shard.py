"""A batch shared out among the devices of a CPU, a thread each.

XLA runs the steps of a loop one after another, and gains little from a second thread
inside one of them: a product of 32 x 128 with 128 x 512 takes 20 microseconds. Two
devices with half of the batch each run their own loops side by side and meet once, to
add up what they have found.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
from jax import lax
from jax.sharding import AxisType, Mesh, PartitionSpec
from jaxtyping import PyTree

from lib.types import PRNGKey

_AXIS = "batch"


class Shard(NamedTuple):
    """What the work on a part of a batch may ask of the others."""

    total: Callable[[PyTree], PyTree]  # the sum over all parts
    own: Callable[[PRNGKey], PRNGKey]  # a key of this part's own


def num_shards() -> int:
    """The parts that a batch is cut into: the devices of a CPU, else one."""
    return jax.device_count() if jax.default_backend() == "cpu" else 1


def share_out(
    work: Callable[[PyTree, PyTree, Shard], tuple[PyTree, PyTree]],
    whole: PyTree,
    batch: PyTree,
) -> tuple[PyTree, PyTree]:
    """`work(whole, batch, shard)` for each part of the batch, its leaves [B, ...].

    The first of its two results must be the same for all parts, as totals are; the
    leaves of the second begin with the axis B and are put together. A batch that cannot
    be cut into equal parts stays one.
    """
    if jax.tree.leaves(batch)[0].shape[0] % num_shards() or num_shards() == 1:
        return work(whole, batch, Shard(lambda tree: tree, lambda key: key))
    shard = Shard(
        lambda tree: lax.psum(tree, _AXIS),
        lambda key: jax.random.fold_in(key, lax.axis_index(_AXIS)),
    )
    split = PartitionSpec(_AXIS)
    return jax.shard_map(
        lambda whole, batch: work(whole, batch, shard),
        mesh=_mesh(),
        in_specs=(PartitionSpec(), split),
        out_specs=(PartitionSpec(), split),
        check_vma=False,  # what is equal everywhere follows from `total`
    )(whole, batch)


@functools.cache
def _mesh() -> Mesh:
    return jax.make_mesh((num_shards(),), (_AXIS,), axis_types=(AxisType.Auto,))
