"""The handful of functions for notebooks and scripts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib import load_run, make_model, make_task, run_config, store
from lib.driver import Control, Group, run_group
from lib.error import UserError
from lib.train import predict
from lib.types import Interface
from tests.small import RUN, small


@pytest.fixture(scope="module")
def run():
    return run_config(RUN)


def inputs_of(task, length):
    return task.sample(jax.random.key(5), task.data, jnp.int32(length)).inputs


def test_curves_are_arrays_that_end_in_the_result(run):
    assert run.curves["validation/step"].tolist() == [20, 40, 60]
    assert run.curves["train/loss"].shape == (3,)
    last = run.result["metrics"]["validation"]["6"]
    for name in ("loss", "accuracy", "score"):
        assert run.curves[f"validation/{name}"][-1] == last[name]


def test_training_has_taught_something(run):
    loss = run.curves["train/loss"]
    assert loss[-1] < loss[0]


def test_apply_is_the_model_with_its_parameters(run):
    inputs = inputs_of(run.task, 6)
    expected = predict(run.model, run.params, inputs, None)
    # One of them is compiled as a whole.
    np.testing.assert_allclose(run.apply(inputs), expected, rtol=1e-5, atol=1e-6)


def test_a_score_at_the_length_of_training_is_the_result(run):
    scores = run.score(6, num_examples=96)
    assert scores.keys() == {"loss", "accuracy"}
    for name, value in scores.items():
        # 96 examples in batches of 32, compiled in another program.
        assert value == pytest.approx(run.result["metrics"]["test"]["6"][name], 1e-5)


def test_a_longer_sequence_streams_as_if_it_were_whole(run):
    inputs = np.asarray(inputs_of(run.task, 6))[:2]
    streamed = np.concatenate(list(run.stream(inputs, chunk=4)), axis=1)
    np.testing.assert_allclose(streamed, run.apply(inputs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"length": 0}, "score: length must be an int of at least 1, got 0"),
        ({"length": 4, "num_examples": 0.5}, "num_examples must be an int of at least"),
        ({"length": 4, "split": "tests"}, "score: split must be one of"),
    ],
)
def test_an_impossible_score_is_refused(run, settings, said):
    with pytest.raises(UserError, match=said):
        run.score(**settings)


def test_a_text_is_not_written_by_a_model_of_another_task(run):
    with pytest.raises(UserError, match="this run's task is not text"):
        run.write("abc", 3, 1.0, 0)


def test_a_run_is_loaded_from_a_store(run, tmp_path):
    group = Group("a" * 16, (run.id,), (run.config,), 1)
    run_group(tmp_path, group, Control())
    loaded = load_run(tmp_path, run.id)
    assert loaded.result["metrics"] == run.result["metrics"]
    for ours, theirs in zip(
        jax.tree.leaves(loaded.params), jax.tree.leaves(run.params), strict=True
    ):
        assert ours.tobytes() == theirs.tobytes()


def test_a_run_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"run 'f{16}' is not in the store"):
        load_run(tmp_path, "f" * 16)


def test_a_run_without_a_result_is_refused(run, tmp_path):
    store.write_config(tmp_path, run.id, run.config.to_dict(), {}, "")
    with pytest.raises(UserError, match="is pending: it has no result yet"):
        load_run(tmp_path, run.id)


def test_a_run_of_another_version_is_refused(tmp_path):
    other = "0123456789abcdef"
    store.write_config(tmp_path, other, RUN, {}, "")
    store.write_result(tmp_path, other, {"state": "done", "step": 1})
    with pytest.raises(UserError, match="another version of its task or model"):
        load_run(tmp_path, other)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: make_task("recal", 8), "did you mean 'recall'.*known: adding, .*copy"),
        (lambda: make_task("recall", 8, num_symbol=3), "did you mean 'num_symbols'"),
        (lambda: make_task("recall", 8, num_symbols=0), "num_symbols must be an int"),
        (lambda: make_model("lsmt", Interface(4, 4, 4)), "did you mean 'lstm'"),
        (lambda: make_model("rnn", Interface(4, 4, 4), hiden=3), "unknown setting"),
        (lambda: run_config(small(model__name="lsmt")), "did you mean 'lstm'"),
    ],
)
def test_unknown_names_list_the_known_ones(make, said):
    with pytest.raises(UserError, match=said):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_task("recall", 0),
        lambda: make_task("recall", 8, batch_size=0),
        lambda: make_task("recall", 8, split="tests"),
    ],
)
def test_impossible_sizes_and_splits_are_refused(make):
    with pytest.raises(UserError):
        make()
