"""What a picture's side costs, against closed forms and a textbook's numbers."""

import functools
import math

import jax
import jax.numpy as jnp
import pytest

from lib.side_cost import dense_weights, make_network, num_blocks, plan


@functools.cache
def cost_of(name, side):
    return plan(name, side).cost


def feed_forward(side):
    """Parameters of a layer of 128 over all pixels, and of ten answers."""
    return side**2 * 128 + 128 + 128 * 10 + 10


def convolutional(blocks):
    """Of 16 filters of 3 x 3 over grey, then 32 over what the block before keeps."""
    first, second = 9 * 16 + 16, 9 * 16 * 32 + 32
    more = (blocks - 2) * (9 * 32 * 32 + 32)
    return first + second + more + 32 * 10 + 10


def num_parameters(name, side):
    """Of shapes alone, before anything is compiled."""
    image = jnp.zeros((1, side, side, 1))
    params = jax.eval_shape(make_network(name, side).init, jax.random.key(0), image)
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize(("side", "blocks"), [(28, 3), (100, 4), (1024, 5)])
def test_parameters_grow_with_the_area_or_with_the_number_of_blocks(side, blocks):
    assert num_blocks(side) == blocks  # 28, 7, 2, 1 and 100, 25, 7, 2, 1 places
    assert num_parameters("feed-forward", side) == feed_forward(side)
    assert num_parameters("convolutional", side) == convolutional(blocks)


def test_a_picture_of_twelve_megapixels_takes_a_feed_forward_network_billions():
    cost = cost_of("feed-forward", 4032)
    assert cost.parameters == feed_forward(4032) > 2e9
    # Adam holds parameters and two moments in four bytes each; XLA may fuse a step so
    # that the gradients, four bytes more, never exist as a whole.
    assert 12 * cost.parameters < cost.memory < 16.1 * cost.parameters


def test_flops_are_two_for_each_weight_and_place_and_a_few_for_each_unit():
    side = 28
    dense = cost_of("feed-forward", side).flops
    assert 0 <= dense - 2 * (side**2 * 128 + 128 * 10) <= 3 * (128 + 10)
    places = (28 * 28, 7 * 7, 2 * 2)
    products = [9 * 16, 9 * 16 * 32, 9 * 32 * 32]
    exact = 2 * (sum(n * k for n, k in zip(places, products, strict=True)) + 320)
    units = 16 * places[0] + 32 * (places[1] + places[2]) + 10
    cost = cost_of("convolutional", side)
    assert exact < cost.flops <= exact + 3 * units
    assert cost.parameters == convolutional(3)


def test_a_matrix_that_does_one_edge_detector_has_the_textbooks_entries():
    # Section 9.2 of Goodfellow, Bengio & Courville (2016): "320 x 280 x 319 x 280, or
    # over eight billion, entries" to take the difference of neighbouring pixels.
    assert dense_weights((320, 280), (319, 280)) == 8_003_072_000
