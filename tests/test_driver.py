"""The loop over a group: bits, resumes, divergence, early stops."""

import json
import math
import shutil
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib import driver, store
from lib.config import make_config
from lib.driver import Control, Group, run_group
from lib.mapping import map_runs
from lib.program import identify, make_hparams, make_program
from lib.result import describe_task
from lib.train import evaluation_key
from tests.small import small


def group_of(*configs, width=0):
    configs = tuple(make_config(config) for config in configs)
    ids = tuple(identify(config) for config in configs)
    return Group(store.digest(list(ids)), ids, configs, width or len(configs))


def numbers(root, run_id):
    """All of a run that must repeat: rows, result without timings, parameter bits."""
    record = store.read_run(root, run_id)
    rows = [{k: v for k, v in row.items() if k != "attempt"} for row in record.metrics]
    result = {k: v for k, v in record.result.items() if k != "measured"}
    leaves = jax.tree.leaves(store.read_params(root, run_id))
    return rows, result, [leaf.tobytes() for leaf in leaves]


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Three runs trained together, without a break."""
    root = tmp_path_factory.mktemp("three")
    group = group_of(*(small(seed=s, optimizer__learning_rate=r) for s, r in RATES))
    assert run_group(root, group, Control()) == "done"
    return root, group


RATES = ((0, 0.02), (1, 0.02), (1, 0.05))


def stop_after(chunks):
    """A stop flag that goes up after so many looks."""
    looks = iter(range(10**6))
    return lambda: next(looks) >= chunks


def test_a_group_records_on_the_steps_of_its_config(three):
    root, group = three
    rows, result, _ = numbers(root, group.run_ids[0])
    steps = [(row["step"], row["split"]) for row in rows]
    assert steps == [
        (s, split) for s in (20, 40, 60) for split in ("train", "validation")
    ]
    assert result["state"] == "done" and result["stopped"] == "budget"
    assert result["metrics"]["test"]["6"]["num_targets"] == 96
    assert result["cost"]["tokens"] == 60 * 8 * 6
    assert not list((root / "groups").glob("*/[0-9]*")), "checkpoints are left over"


def test_a_result_says_what_its_task_asks_at_every_tested_length(three):
    """Of recall of four symbols: two bits, a floor of a quarter, an optimum of 1."""
    root, group = three
    task = store.read_run(root, group.run_ids[0]).result["task"]
    assert (task["floor"], task["optimum"]) == ({"6": 0.25}, {"6": 1.0})
    assert task["information"] == {"6": 2.0}
    assert [task["window_score"]["6"][str(k)] for k in (1, 4, 8)] == [0, 0, 1]


def test_a_task_without_a_number_of_bits_states_none_in_results():
    config = small() | {"task": {"name": "missing_duplicate", "length": 6}}
    task = describe_task(make_program(make_config(config)))
    assert task["information"] is None and task["floor"] == {"6": 0.5}


def test_a_group_says_what_its_time_went_into(three, tmp_path):
    _, group = three
    began = time.monotonic()
    for stop in (stop_after(2), lambda: False):
        control = Control(stop=stop, before={"import": 3.0, "idle": 1.0})
        run_group(tmp_path, group, control)
    whole = time.monotonic() - began
    spent = store.read_seconds(tmp_path, group.id)
    assert (spent.pop("import"), spent.pop("idle")) == (6.0, 2.0)
    assert all(spent[k] > 0 for k in ("train", "evaluate", "write", "other"))
    assert 0.8 * whole < sum(spent.values()) <= whole


@pytest.mark.parametrize("breaks", [(1,), (3,), (1, 2, 1)])
def test_an_interrupted_group_ends_with_the_same_bits(three, tmp_path, breaks):
    whole, group = three
    for chunks in breaks:
        control = Control(stop=stop_after(chunks))
        assert run_group(tmp_path, group, control) == "preempted"
    assert run_group(tmp_path, group, Control()) == "done"
    for run_id in group.run_ids:
        assert numbers(tmp_path, run_id) == numbers(whole, run_id)


def test_chunks_leave_no_trace_in_the_numbers(three, tmp_path, monkeypatch):
    whole, group = three
    monkeypatch.setattr(driver, "_CHUNK_SECONDS", 0.0)  # one step at a time
    assert run_group(tmp_path, group, Control()) == "done"
    for run_id in group.run_ids:
        assert numbers(tmp_path, run_id) == numbers(whole, run_id)


def test_a_mapped_run_has_the_bits_of_the_run_alone(three, tmp_path):
    whole, group = three
    for config, run_id in zip(group.configs, group.run_ids, strict=True):
        alone = Group(store.digest([run_id]), (run_id,), (config,), 1)
        run_group(tmp_path, alone, Control())
        assert numbers(tmp_path, run_id) == numbers(whole, run_id)


def test_idle_places_of_a_wide_program_change_nothing(three, tmp_path):
    whole, group = three
    wide = group._replace(id="f" * 16, width=5)
    run_group(tmp_path, wide, Control())
    assert numbers(tmp_path, group.run_ids[2]) == numbers(whole, group.run_ids[2])


def test_a_done_run_is_not_done_again(three, tmp_path):
    whole, group = three
    shutil.copytree(whole, tmp_path / "copy")
    steps = []
    control = Control(emit=lambda event: steps.append(event.get("steps", 0)))
    assert run_group(tmp_path / "copy", group, control) == "done"
    assert sum(steps) == 0


def test_a_diverged_run_is_frozen_and_the_others_go_on(three, tmp_path):
    whole, group = three
    wild = small(seed=3, optimizer={"name": "sgd", "learning_rate": 1e38})
    calm = small(seed=3, optimizer={"name": "sgd", "learning_rate": 0.1})
    mixed = group_of(calm, wild)
    assert run_group(tmp_path, mixed, Control()) == "done"
    assert store.read_run(tmp_path, mixed.run_ids[0]).state == "done"
    record = store.read_run(tmp_path, mixed.run_ids[1])
    assert record.state == "diverged"
    assert record.result["stopped"] == "diverged"
    at = record.result["step"]
    assert 0 < at < 60
    assert record.metrics[-1]["step"] == at
    assert math.isfinite(record.metrics[-1]["loss"])
    leaves = jax.tree.leaves(store.read_params(tmp_path, mixed.run_ids[1]))
    assert all(np.isfinite(leaf).all() for leaf in leaves)
    alone = group_of(calm)
    run_group(tmp_path / "alone", alone, Control())
    assert numbers(tmp_path, alone.run_ids[0]) == numbers(
        tmp_path / "alone", alone.run_ids[0]
    )


def test_a_solved_run_stops_and_says_when(tmp_path):
    easy = small(train={"num_steps": 400, "batch_size": 16, "eval_every": 20})
    easy["train"] |= {"stop_score": 0.95, "stop_patience": 2}
    group = group_of(easy)
    run_group(tmp_path, group, Control())
    record = store.read_run(tmp_path, group.run_ids[0])
    scores = [r["score"] for r in record.metrics if r["split"] == "validation"]
    assert record.result["stopped"] == "solved"
    assert record.result["step"] == 20 * len(scores) < 400
    group = group_of(
        {**easy, "train": {**easy["train"], "num_steps": 20 * len(scores)}}
    )
    run_group(tmp_path, group, Control())
    last = store.read_run(tmp_path, group.run_ids[0]).result
    assert (last["stopped"], last["step"]) == ("solved", 20 * len(scores))
    in_a_row = [min(pair) >= 0.95 for pair in zip(scores, scores[1:], strict=False)]
    assert in_a_row == [False] * (len(scores) - 2) + [True]


def test_every_seed_is_asked_the_same_questions():
    program = make_program(make_config(small()))
    trainer = map_runs(program.trainer, "map")
    hparams = {k: jnp.full(2, v) for k, v in make_hparams(program.config).items()}
    states = trainer.init(jnp.arange(2, dtype=jnp.uint32), hparams, ())
    same = jax.tree.map(lambda x: x.at[1].set(x[0]), states.params)
    states = states._replace(params=same)
    key, lengths = evaluation_key("test"), jnp.array([6], jnp.int32)
    both = jnp.ones(2, bool)
    sums = trainer.evaluate(states, hparams, both, (), key, lengths, jnp.int32(2))
    for leaf in jax.tree.leaves(sums):
        assert leaf[0].tobytes() == leaf[1].tobytes()


def test_vmap_agrees_with_map_to_rounding():
    program = make_program(make_config(small()))
    hparams = {k: jnp.full(3, v) for k, v in make_hparams(program.config).items()}
    seeds, active = jnp.arange(3, dtype=jnp.uint32), jnp.array([True, False, True])
    losses = {}
    for mode in ("map", "vmap"):
        trainer = map_runs(program.trainer, mode)
        states = trainer.init(seeds, hparams, ())
        states = trainer.train(states, hparams, active, (), jnp.int32(10))
        assert states.step.tolist() == [10, 0, 10]
        losses[mode] = np.asarray(states.sums["loss"].total)
    # Products are summed in another order: float32 rounding over ten steps.
    np.testing.assert_allclose(losses["map"], losses["vmap"], rtol=1e-4)


def test_a_resume_in_another_mode_is_refused(three, tmp_path):
    _, group = three
    assert run_group(tmp_path, group, Control(stop=stop_after(2))) == "preempted"
    with pytest.raises(store.ModeChangedError, match="mode map.*cannot go on with"):
        run_group(tmp_path, group, Control(mode="vmap"))


def test_metrics_are_plain_json(three):
    root, group = three
    refuse = lambda name: pytest.fail(f"{name} is not JSON")
    for path in root.rglob("*.jsonl"):
        for line in path.read_text().splitlines():
            json.loads(line, parse_constant=refuse)
