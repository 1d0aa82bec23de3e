"""Curricula: the lengths they draw, what is trained and validated, and the bits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from lib import record, store
from lib.check import check_program
from lib.config import make_config
from lib.curriculum import (
    Lengths,
    draw_length,
    step_key,
    total_length,
    validated_lengths,
)
from lib.driver import Control, Group, run_group
from lib.error import UserError
from lib.optimizer import make_optimizer
from lib.program import identify, make_hparams, make_program
from lib.tasks.recall import make_recall
from lib.train import make_trainer, score, zero_sums
from lib.types import Model, TrainState
from tests.small import RUN, small
from tests.test_driver import numbers, stop_after

NUM_DRAWS = 20_000


def drawn(lengths, steps, seed=0):
    at = lambda step: draw_length(lengths, step_key(jnp.uint32(seed), step), step)
    return np.asarray(jax.jit(jax.vmap(at))(jnp.asarray(steps, jnp.int32)))


def p_value(found, expected):
    """Pearson's chi-square of counts by value against probabilities by value."""
    assert set(np.unique(found)) <= set(expected)
    counts = [int((found == value).sum()) for value in expected]
    shares = np.asarray(list(expected.values()))
    return stats.chisquare(counts, shares * len(found)).pvalue


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        (Lengths("uniform", 3, 11), {n: 1 / 9 for n in range(3, 12)}),
        (Lengths("mix", 3, 11), {3: 0.5, 11: 0.5}),
    ],
)
def test_lengths_follow_their_distribution(lengths, expected):
    assert p_value(drawn(lengths, range(NUM_DRAWS)), expected) > 1e-3


def test_a_growing_curriculum_mixes_its_growing_uniforms():
    first, longest, growth = 2, 9, 7 * 1000
    lengths = Lengths("linear", first, longest, growth)
    found = drawn(lengths, range(growth))
    # The longest grows by one every 1,000 steps: 2 alone, then U{2..3}, ... U{2..8}.
    tops = range(first, longest)
    expected = {
        n: np.mean([(n <= top) / (top - first + 1) for top in tops]) for n in tops
    }
    assert p_value(found, expected) > 1e-3
    assert (found <= first + np.arange(growth) // 1000).all()
    after = drawn(lengths, range(growth, growth + NUM_DRAWS))
    assert p_value(after, {n: 1 / 8 for n in range(first, longest + 1)}) > 1e-3


def test_lengths_are_independent_of_the_seed_before_and_of_their_neighbours():
    lengths = Lengths("uniform", 1, 2)
    found = drawn(lengths, range(NUM_DRAWS)) - 1.5
    other = drawn(lengths, range(NUM_DRAWS), seed=1) - 1.5
    for pair in ((found[1:], found[:-1]), (found, other)):
        # A correlation of n independent signs has a standard deviation of n^(-1/2).
        assert abs(np.mean(pair[0] * pair[1]) * 4) < 4 / np.sqrt(NUM_DRAWS)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        (Lengths("none", 1, 40), (40,)),
        (Lengths("uniform", 1, 41), (1, 11, 21, 31, 41)),
        (Lengths("linear", 4, 6, 10), (4, 5, 6)),
        (Lengths("mix", 2, 40), (2, 40)),
    ],
)
def test_validation_has_the_quartiles_of_training(lengths, expected):
    assert validated_lengths(lengths) == expected


def test_a_step_trains_on_the_length_it_drew_and_on_nothing_behind_it():
    task = make_recall("train", 4, 9)
    lengths = Lengths("uniform", 2, 9)
    seen = []

    def watch(length, inputs):
        seen.append((int(length), inputs))

    def sample(key, data, length):
        batch = task.sample(key, data, length)
        jax.debug.callback(watch, length, batch.inputs, ordered=True)
        return batch

    # The answer at each position is that position's own parameters.
    def apply(params, carry, inputs, reset, key):
        return jnp.broadcast_to(params[None], (*inputs.shape, 8)), carry

    model = Model(None, lambda p, x: (), apply, None)  # pyright: ignore[reportArgumentType] never initialised nor stepped
    watched = task._replace(sample=sample)
    trainer = make_trainer(
        watched,
        task,
        lambda _: model,
        lambda _: make_optimizer("sgd", 6, learning_rate=1.0),
        lengths=lengths,
    )
    zero, params = jnp.int32(0), jnp.zeros((9, 8))
    opt_state = make_optimizer("sgd", 6, learning_rate=1.0).init(params)
    seed, never = jnp.uint32(5), jnp.int32(-1)
    state = TrainState(seed, zero, params, opt_state, never, zero_sums())
    step = jax.jit(lambda s: trainer.train(s, {}, (), jnp.int32(1)))
    expected = drawn(lengths, range(6), seed=5)
    for length in expected:
        before = state.params
        state = step(state)
        moved = np.flatnonzero(np.abs(np.asarray(state.params - before)).sum(axis=1))
        assert moved.tolist() == [length - 1]  # recall scores its last position alone
    jax.effects_barrier()
    assert [length for length, _ in seen] == expected.tolist()
    for length, inputs in seen:
        assert (inputs[:, length:] == 0).all() and (inputs[:, length - 1] == 16).all()


MIXED = {
    "train__curriculum": "uniform",
    "train__min_length": 2,
    "train__num_steps": 40,
    "train__stop_score": 1.0,
    "train__stop_patience": 1,
    "evaluation__lengths": (3, 9),
    "evaluation__chunk": 2,
}


def group_of(*configs):
    made = tuple(make_config(config) for config in configs)
    ids = tuple(identify(config) for config in made)
    return Group(store.digest(list(ids)), ids, made, len(made))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two runs on mixed lengths, trained without a break."""
    root = tmp_path_factory.mktemp("mixed")
    group = group_of(small(**MIXED), small(**MIXED, seed=1))
    assert run_group(root, group, Control()) == "done"
    return root, group


def test_a_kill_leaves_no_trace_in_a_run_on_mixed_lengths(whole, tmp_path):
    root, group = whole
    for chunks in (1, 2):
        control = Control(stop=stop_after(chunks))
        assert run_group(tmp_path, group, control) == "preempted"
    assert run_group(tmp_path, group, Control()) == "done"
    for run_id in group.run_ids:
        assert numbers(tmp_path, run_id) == numbers(root, run_id)


def test_a_run_on_mixed_lengths_says_what_it_was_scored_and_trained_on(whole):
    root, group = whole
    rows, result, _ = numbers(root, group.run_ids[1])
    lengths = [row["length"] for row in rows if row["split"] == "validation"]
    assert lengths == 2 * [2, 3, 4, 5, 6]
    assert sorted(result["metrics"]["validation"]) == ["2", "3", "4", "5", "6"]
    assert sorted(result["metrics"]["test"]) == ["3", "6", "9"]
    seen = drawn(Lengths("uniform", 2, 6), range(40), seed=1)
    assert result["cost"]["tokens"] == 8 * int(seen.sum())
    assert total_length(Lengths("uniform", 2, 6), 1, 40) == int(seen.sum())
    config = store.read_run(root, group.run_ids[1]).config
    assert config is not None
    assert config["train"]["curriculum"] == "uniform"
    assert make_config(config) == group.configs[1]


def test_an_example_is_scored_in_chunks_as_if_whole_and_no_further():
    chunks = []
    config = make_config(small(**MIXED))
    program = make_program(config)
    model = program.make_model(make_hparams(config))

    def apply(params, carry, inputs, reset, key):
        jax.debug.callback(lambda: chunks.append(inputs.shape[1]))
        return model.apply(params, carry, inputs, reset, key)

    watched = model._replace(apply=apply)
    batch = program.test.sample(jax.random.key(1), (), jnp.int32(3))
    params = model.init(jax.random.key(0), batch.inputs)
    metrics = {"loss": program.test.loss, **program.test.metrics}
    cut, _ = jax.jit(lambda p, b: score(watched, p, (), b, metrics, 2))(params, batch)
    jax.effects_barrier()
    assert batch.inputs.shape == (32, 9) and chunks == [2, 2]
    whole, _ = jax.jit(lambda p, b: score(model, p, (), b, metrics))(params, batch)
    for a, b in zip(jax.tree.leaves(cut), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_run_is_solved_when_it_is_at_all_lengths_of_validation(tmp_path, monkeypatch):
    score = {2: 1.0, 3: 1.0, 4: 1.0, 5: 1.0, 6: 1.0}
    monkeypatch.setattr(
        record,
        "evaluate_runs",
        lambda *_: 2 * [{n: {"loss": 0.0, "score": s} for n, s in score.items()}],
    )
    for weakest, stopped in ((0.99, "budget"), (1.0, "solved")):
        score[3] = weakest
        root = tmp_path / stopped
        group = group_of(small(**MIXED), small(**MIXED, seed=1))
        run_group(root, group, Control())
        for run_id in group.run_ids:
            assert numbers(root, run_id)[1]["stopped"] == stopped


def test_a_setting_that_was_added_later_leaves_older_ids_as_they_were():
    # From the revision before train.curriculum existed.
    assert identify(make_config(RUN)) == "f81d91fd48a17851"
    spelt = small(train__curriculum="none", train__min_length=1)
    assert identify(make_config(spelt)) == "f81d91fd48a17851"
    assert "curriculum" not in make_config(spelt).to_dict()["train"]
    mixed = make_config(small(**MIXED))
    assert identify(mixed) != identify(
        make_config(small(**{**MIXED, "train__min_length": 3}))
    )
    assert make_program(mixed).key != make_program(make_config(RUN)).key


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"train__curriculum": "unifrm"}, "train.curriculum must be one of 'none'"),
        ({"train__min_length": 3}, "need a train.curriculum, which is 'none'"),
        ({**MIXED, "train__min_length": 7}, "at most task.length 6, got 7"),
        ({**MIXED, "train__min_length": 1}, "min_length 1: recall: length must be at"),
        ({**MIXED, "train__growth_steps": 9}, "needs train.curriculum 'linear'"),
        (
            {**MIXED, "task": {"name": "python_docs"}, "evaluation__lengths": ()},
            "python_docs: train.curriculum needs a task whose examples have a length",
        ),
    ],
)
def test_a_curriculum_that_cannot_be_drawn_is_refused(values, said):
    config = small(**values)
    if config["task"]["name"] == "python_docs":
        config["task"] = {"name": "python_docs", "length": 8}
    with pytest.raises(UserError, match=said):
        check_program(make_config(config))
