"""State tracking, against the languages of its definitions, example by example."""

import itertools
import re

import numpy as np
import pytest

from lib.registry import TASKS
from lib.tasks.group_word import GROUPS, elements, product_table
from tests.tasks import state_language as language
from tests.tasks.exact import check_scores, check_task, draw


def odd(length):
    """What is left of a length where an even one drops one."""
    return length - 1 + length % 2


# By task and options: lengths whose examples are enumerated, and how.
LANGUAGES = [
    ("parity", {}, [1, 5], language.parity),
    ("parity", {"density": 0.2}, [5], lambda n: language.parity(n, 0.2)),
    ("cumulative_parity", {}, [5], language.cumulative_parity),
    (
        "cumulative_parity",
        {"density": 0.7},
        [4],
        lambda n: language.cumulative_parity(n, 0.7),
    ),
    ("even_pairs", {}, [2, 5], language.even_pairs),
    ("cycle_navigation", {}, [1, 4], lambda n: language.cycle_navigation(n, 5)),
    (
        "cycle_navigation",
        {"cycle_length": 2},
        [5],
        lambda n: language.cycle_navigation(n, 2),
    ),
    ("modular_arithmetic", {}, [1, 3], lambda n: language.modular_arithmetic(n, 5)),
    (
        "modular_arithmetic",
        {"modulus": 3},
        [5, 6],
        lambda n: language.modular_arithmetic(odd(n), 3),
    ),
    (
        "flip_flop",
        {"ignore": 0.5},
        [3, 7, 8],
        lambda n: language.flip_flop(odd(n), 0.5),
    ),
    ("flip_flop", {"ignore": 1.0}, [7], lambda n: language.flip_flop(n, 1.0)),
    (
        "group_word",
        {"group": "S3"},
        [1, 4],
        lambda n: language.group_words(elements("S3"), n),
    ),
]
CASES = [
    pytest.param(*case, id="-".join([case[0], *map(str, case[1].values())]))
    for case in LANGUAGES
]


@pytest.mark.parametrize(("name", "options", "lengths", "examples"), CASES)
def test_what_is_drawn_is_the_language_and_scores_are_its(
    name, options, lengths, examples
):
    task = TASKS[name]("train", 16_000, max(lengths) + 1, **options)
    check_task(task, {length: examples(length) for length in lengths})


def test_sums_of_products_of_four_digits_have_the_scores_of_all_of_them():
    task = TASKS["modular_arithmetic"]("train", 1, 7, modulus=3)
    check_scores(task, language.modular_arithmetic(7, 3), 7)


@pytest.mark.parametrize(
    ("length", "published"), [(1, 0.333), (5, 0.218), (10, 0.201), (41, 0.2)]
)
def test_the_floor_of_cycle_navigation_falls_to_a_fifth(length, published):
    floor = TASKS["cycle_navigation"]("train", 1, 41).floor(length)
    assert floor == pytest.approx(published, abs=0.0005)


def test_flip_flops_of_nine_inputs_have_the_scores_of_all_their_strings():
    task = TASKS["flip_flop"]("train", 1, 9, ignore=0.8)
    check_scores(task, language.flip_flop(9, 0.8), 9)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_its_order_its_identity_first_and_associates(group):
    order = {"A5": 60, "Z60": 60, "A4xZ5": 60, "S5": 120, "Z120": 120}
    order |= {"A4": 12, "S3": 6, "Z6": 6, "Z2": 2}
    table = product_table(group)
    every = np.arange(order[group])
    assert table.shape == (order[group], order[group])
    np.testing.assert_array_equal(table[0], every)
    np.testing.assert_array_equal(table[:, 0], every)
    for rows in (table, table.T):  # a Latin square: every element has its inverse
        np.testing.assert_array_equal(
            np.sort(rows, axis=1), np.tile(every, (len(rows), 1))
        )
    np.testing.assert_array_equal(table[table], table[:, table])


def test_the_commutator_subgroup_tells_a5_from_the_solvable_groups_of_its_size():
    assert derived_orders("A5") == [60, 60]
    assert derived_orders("A4xZ5") == [60, 4, 1]
    assert derived_orders("Z60") == [60, 1]
    assert derived_orders("S5") == [120, 60, 60]


def derived_orders(group):
    """The orders of G, of its commutator subgroup, of that one's, until they stay."""
    table = product_table(group)
    inverse = np.argmin(table, axis=1)  # 0 is the identity
    members, orders = set(range(len(table))), [len(table)]
    while len(orders) < 2 or orders[-1] not in (1, orders[-2]):
        pairs = itertools.product(members, repeat=2)
        found = {
            int(table[table[inverse[a], inverse[b]], table[a, b]]) for a, b in pairs
        }
        while True:
            grown = {int(table[a, b]) for a, b in itertools.product(found, repeat=2)}
            if grown <= found:
                break
            found |= grown
        members = found
        orders.append(len(found))
    return orders


@pytest.mark.parametrize("group", ["A5", "A4xZ5"])
def test_group_words_are_the_products_of_permutations(group):
    task = TASKS["group_word"]("train", 50, 9, group=group)
    members = elements(group)
    batch = draw(task, 7)
    for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
        points = list(range(len(members[0])))
        for x, y in zip(inputs[:7], targets[:7], strict=True):
            points = [members[x][p] for p in points]
            assert members[y] == tuple(points)
    assert batch.mask[:, :7].all() and not batch.mask[:, 7:].any()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("flip_flop", {"length": 2}, "flip_flop: length must be at least 3, got 2"),
        ("even_pairs", {"length": 1}, "even_pairs: length must be at least 2, got 1"),
        ("listops", {"length": 2}, "listops: length must be at least 3, got 2"),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, settings, message):
    length = settings.pop("length")
    with pytest.raises(ValueError, match=re.escape(message)):
        TASKS[name]("train", 1, length, **settings)
