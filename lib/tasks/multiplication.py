"""Multiplication: the product of two marked numbers of the first half.

On the difficulty of training recurrent neural networks (Pascanu, Mikolov, Bengio 2013,
arXiv:1211.5063, section 4.1.3), in the version of the authors' code. The input at t is
(u_t, m_t) with u_t ~ U[0, 1) and two markers, drawn as in `adding_pascanu`: one in the
first tenth, one in the four tenths behind it. The target is u_p0 u_p1.

An example (T = 10):

    values   0.33 0.47 0.57 0.17 0.31 0.69 0.75 0.17 0.99 0.03
    markers     1    0    0    1    0    0    0    0    0    0
    targets     .    .    .    .    .    .    .    .    . 0.05

Scored: the last position, T - 1, by squared error. Chance is the variance of the
target, 1/9 - 1/16 = 7/144, reached by the constant 1/4.

A window that holds both markers is right; one that holds the second alone answers half
of that number and errs by E[v^2]/12 = 1/36, which is 3/7 of what can be gained; it
never holds the first alone, which is always the earlier one.
"""

from jaxtyping import Array, Int, PyTree

from lib.tasks.adding_pascanu import draw_early, held, success
from lib.tasks.label import check_length
from lib.tasks.marked import at, marked_batch, marked_task
from lib.types import Batch, PRNGKey, Split, Task


def window_score(length: int, k: int) -> float:
    """The chance of both markers, and 3/7 of that of the second alone."""
    both, second = held(length, k)
    return both + (second - both) * 3 / 7


def make_multiplication(split: Split, batch_size: int, max_length: int) -> Task:
    """The product of two early ones of `length` numbers, at least 2."""
    check_length("multiplication", max_length, 2)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        values, first, second = draw_early(key, max_length, batch_size, length)
        target = at(values, first) * at(values, second)
        return marked_batch(values, first, second, target, length)

    return marked_task(
        sample,
        max_length,
        floor=7 / 144,
        window_score=window_score,
        metrics={"success": success},
    )
