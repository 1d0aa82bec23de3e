"""MQAR with keys that are given new values, and with keys of two parts."""

import functools
import itertools

import numpy as np
import pytest

from lib.tasks.compositional_mqar import make_compositional_mqar
from lib.tasks.forgetting_mqar import make_forgetting_mqar
from tests.tasks.drawing import chi_square_excess, draw

COUNT = 3000
K, U, V, LONGEST = 3, 2, 14, 20  # forgetting
SIDE, W, TRIPLES = 2, 4, 27  # compositional: 1..3, 4..7 and values of 8..12


@functools.cache
def forgetting():
    options = {"num_pairs": K, "num_updates": U, "vocabulary_size": V}
    return make_forgetting_mqar("train", COUNT, LONGEST, **options)


@functools.cache
def compositional():
    options = {"num_pairs": SIDE**2, "vocabulary_size": 3 * W + 2}
    return make_compositional_mqar("train", COUNT, TRIPLES, **options)


@pytest.mark.parametrize("length", [16, LONGEST])
def test_the_last_value_of_each_key_is_asked_for(length):
    batch = draw(forgetting(), length)
    end, counts = 2 * (K + U), np.zeros(K)
    for inputs, targets, mask in zip(*batch[:3], strict=True):
        keys, values = inputs[:end:2], inputs[1:end:2]
        assert len(set(keys[:K])) == K and set(keys[K:]) <= set(keys[:K])
        assert len(set(keys[K:])) == U and len(set(values)) == K + U
        assert min(keys) >= 1 and max(keys) < V // 2 <= min(values) and max(values) < V
        places = np.flatnonzero(mask)
        assert sorted(inputs[places]) == sorted(keys[:K])
        assert (
            (places >= end).all() and (places % 2 == 0).all() and max(places) < length
        )
        last = dict(zip(keys, values, strict=True))  # a later pair replaces an earlier
        assert [last[k] for k in inputs[places]] == list(targets[places])
        assert not np.delete(inputs, [*range(end), *places]).any()
        counts += np.isin(keys[:K], keys[K:])
    np.testing.assert_allclose(counts / COUNT, U / K, atol=4 * 0.48 / COUNT**0.5)


@pytest.mark.parametrize("length", [24, TRIPLES])
def test_the_keys_are_all_pairs_of_their_parts_in_any_order(length):
    batch = draw(compositional(), length)
    end, orders = 3 * SIDE**2, {}
    for inputs, targets, mask in zip(*batch[:3], strict=True):
        triples = inputs[:end].reshape(-1, 3)
        first, second = sorted(set(triples[:, 0])), sorted(set(triples[:, 1]))
        assert set(first) <= set(range(1, W)) and set(second) <= set(range(W, 2 * W))
        keys = [tuple(t) for t in triples[:, :2]]
        assert sorted(keys) == list(itertools.product(first, second))
        values = triples[:, 2]
        assert len(set(values)) == SIDE**2 and min(values) >= 2 * W
        places = np.flatnonzero(mask)
        asked = [(inputs[p - 1], inputs[p]) for p in places]
        assert sorted(asked) == sorted(keys) and (places % 3 == 1).all()
        value_of = dict(zip(keys, values, strict=True))
        assert [value_of[k] for k in asked] == list(targets[places])
        order = tuple(sorted(keys).index(k) for k in keys)
        orders[order] = orders.get(order, 0) + 1
    assert len(orders) == 24 and abs(chi_square_excess(list(orders.values()))) < 4


def answer_of_window(inputs, place, k, width, num_shown, values):
    """What is answered at a place from the last k inputs.

    The value of the last whole item with the key that is asked for; else the value of
    the item that the window begins within, if what it holds of its key is right; else
    the smallest value that it does not hold.
    """
    start, end = max(0, place - k + 1), width * num_shown
    asked = list(inputs[place - width + 2 : place + 1])
    first = -(-start // width)
    for item in range(num_shown - 1, first - 1, -1):
        if list(inputs[item * width : (item + 1) * width - 1]) == asked:
            return inputs[(item + 1) * width - 1]
    seen = set(inputs[start:end])
    if start < end and start % width:
        value = first * width - 1
        part = list(inputs[start:value])
        if not part or part == asked[-len(part) :]:
            return inputs[value]
    return min(values - seen)


CASES = [
    pytest.param(forgetting, LONGEST, 2, K + U, range(V // 2, V), id="forgetting"),
    pytest.param(compositional, TRIPLES, 3, 4, range(2 * W, 3 * W + 2), id="two parts"),
]


@pytest.mark.parametrize(("make", "length", "width", "num_shown", "values"), CASES)
def test_a_window_knows_the_items_that_it_holds(make, length, width, num_shown, values):
    task, values = make(), set(values)
    batch, floor = draw(task, length, seed=1), task.floor(length)
    rows = [(x, y, np.flatnonzero(m)) for x, y, m in zip(*batch[:3], strict=True)]
    for k in range(1, length + 1):
        right = [
            answer_of_window(x, p, k, width, num_shown, values) == y[p]
            for x, y, places in rows
            for p in places
        ]
        expected = floor + (1 - floor) * task.window_score(length, k)
        # Four standard errors of 3,000 examples; their queries are not independent.
        assert np.mean(right) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("make", "options", "complaint"),
    [
        (make_forgetting_mqar, {"num_updates": 5}, "num_updates must be at most .* 4"),
        (
            make_compositional_mqar,
            {"num_pairs": 5},
            "num_pairs must be a square, got 5",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, options, complaint):
    with pytest.raises(ValueError, match=f"_mqar: {complaint}"):
        make("train", 4, 64, **options)
