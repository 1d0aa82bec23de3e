"""Results that come with the code: taken into a store, marked, dropped again."""

import json
import os

import pytest

from lib import store
from lib.config import make_config
from lib.error import UserError
from lib.launch import shipped
from lib.launch.plan import make_plan
from lib.launch.queue import Queue
from lib.library import load_run
from lib.program import identify
from lib.report.collect import collect
from lib.report.compose import report_text
from lib.sweep import compare, product, replicate, tune
from tests.experiments.test_train_generate_reproduce import ROOT, ask
from tests.small import RUN

MODELS = {"rnn": {"name": "rnn"}, "lru": {"name": "lru"}}
AXES = product(
    compare("model", MODELS),
    tune("optimizer.learning_rate", (0.01, 0.02), seeds=(7,)),
    replicate(range(2)),
)


def plan_of(models=2):
    chosen = dict(list(MODELS.items())[:models])
    axes = (compare("model", chosen), *AXES[1:])
    return make_plan("small", {"part": (RUN, axes)}, config_file="configs/small.py")


def result_of(run):
    """A result as a run writes it, better at the higher learning rate."""
    rate = run["config"]["optimizer"]["learning_rate"]
    numbers = {"accuracy": rate, "loss": 1 - rate, "num_targets": 96, "score": rate}
    return {
        "state": "done",
        "step": 60,
        "stopped": "budget",
        "metrics": {"test": {"6": numbers}, "validation": {"6": numbers}},
        "task": {
            "name": "recall",
            "score_metric": "accuracy",
            "floor": {"6": 0.25},
            "optimum": {"6": 1.0},
        },
        "cost": {"parameters": 100, "tokens": 2880},
        "measured": {"train_seconds": rate, "commit": "abc", "jax": "0.10.2"},
        "sample": "too large to ship",
    }


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """What is shipped of a sweep whose runs have all ended, as its file holds it."""
    root, plan = tmp_path_factory.mktemp("trained"), plan_of()
    is_final = lambda run_id: store.look(root, run_id).result is not None
    from lib.launch.plan import decide

    for _ in range(2):
        for run in plan["runs"]:
            about = {"task": 1, "model": 1}
            store.write_config(root, run["id"], run["config"], about, "")
            store.write_result(root, run["id"], result_of(run))
        decide(plan, root, is_final)
    store.write_sweep(root, plan)
    path = root / "small.json"
    path.write_text(shipped.lines_of(shipped.pack(root, "small")))
    return path


def test_a_store_without_the_runs_gets_them_all_and_their_choices(document, tmp_path):
    plan = plan_of()
    assert shipped.take(tmp_path, plan, shipped.read(document), "small.json") == 8
    assert plan["pending"] == [] and {c["chosen"] for c in plan["choices"]} == {0.02}
    assert {store.look(tmp_path, run["id"]).state for run in plan["runs"]} == {"done"}


def test_what_tuning_decides_later_is_taken_too(document, tmp_path):
    """One tuning run is lacking: when it has ended the cell's other runs are there."""
    given = shipped.read(document)
    plan = plan_of(models=1)
    last = next(run for run in plan["runs"] if run["stage"] == "tune")
    given["runs"] = [run for run in given["runs"] if run["id"] != last["id"]]
    shipped.settle(tmp_path, plan, given, document)
    queue = Queue(
        tmp_path, plan, take_shipped=shipped.taker(tmp_path, given, "small.json")
    )
    group = queue.take()
    assert group is not None and queue.take() is None
    store.write_config(tmp_path, last["id"], last["config"], {}, "")
    store.write_result(tmp_path, last["id"], result_of(last))
    queue.finish(group["id"], "done")
    assert queue.take() is None and queue.is_finished()
    reported = [run["id"] for run in plan["runs"] if run["stage"] != "tune"]
    assert len(reported) == 2
    assert all(
        shipped.is_shipped(store.look(tmp_path, run_id).result) for run_id in reported
    )


def test_a_shipped_result_is_the_trained_one_but_for_what_is_not_compared(
    document, tmp_path
):
    plan = plan_of()
    shipped.take(tmp_path, plan, shipped.read(document), "small.json")
    for run in plan["runs"]:
        result = store.look(tmp_path, run["id"]).result
        wanted = json.loads(json.dumps(result_of(run)))
        del wanted["sample"]
        extra = {k: result.pop(k) for k in ("id", "format", "shipped") if k in result}
        assert extra["shipped"] == {"file": "small.json"}
        assert result == wanted


def test_every_shipped_run_verifies(document, tmp_path):
    plan = plan_of()
    shipped.take(tmp_path, plan, shipped.read(document), "small.json")
    for run in plan["runs"]:
        assert store.verify_run(tmp_path, run["id"]).problems == []


def test_what_the_store_has_or_has_begun_is_not_replaced(document, tmp_path):
    plan = plan_of()
    first, second = plan["runs"][0]["id"], plan["runs"][1]["id"]
    store.append_metrics(tmp_path, first, [{"attempt": 1, "step": 0, "split": "train"}])
    store.write_config(tmp_path, second, plan["runs"][1]["config"], {}, "")
    store.write_result(tmp_path, second, {"state": "done", "step": 1})
    shipped.take(tmp_path, plan, shipped.read(document), "small.json")
    assert store.look(tmp_path, first).state == "lost"
    assert store.look(tmp_path, second).result["step"] == 1


def test_without_baselines_the_shipped_runs_are_dropped_and_no_others(
    document, tmp_path
):
    plan = plan_of()
    own = plan["runs"][0]["id"]
    store.write_config(tmp_path, own, plan["runs"][0]["config"], {}, "")
    store.write_result(tmp_path, own, result_of(plan["runs"][0]))
    shipped.take(tmp_path, plan, shipped.read(document), "small.json")
    shipped.settle(tmp_path, plan, None, None)
    kept = [r["id"] for r in plan["runs"] if store.look(tmp_path, r["id"]).result]
    assert kept == [own]


def test_the_report_says_what_is_shipped_and_by_what_it_was_made(document, tmp_path):
    plan = plan_of()
    shipped.take(tmp_path, plan, shipped.read(document), "small.json")
    store.write_sweep(tmp_path, plan)
    sweep = collect(tmp_path, "small")
    assert "4 runs (rnn, lru), made at commit abc with jax 0.10.2" in report_text(sweep)
    sweep.replicates[0].result["measured"]["dirty"] = True
    assert "made at commit abc and files in no commit with jax" in report_text(sweep)


def test_a_shipped_run_is_no_run_to_load(document, tmp_path):
    plan = plan_of()
    shipped.take(tmp_path, plan, shipped.read(document), "small.json")
    with pytest.raises(UserError, match="numbers without parameters"):
        load_run(tmp_path, plan["runs"][0]["id"])


@pytest.mark.parametrize("text", ["", "{}", '{"format":1}', '{"format":1,"runs":3}'])
def test_a_file_that_is_no_baseline_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UserError, match="--baselines"):
        shipped.read(path)


def test_a_damaged_entry_is_refused(document, tmp_path):
    damaged = shipped.read(document)
    damaged["runs"][0]["task"] = 99
    with pytest.raises(UserError, match="is damaged"):
        shipped.take(tmp_path, plan_of(), damaged, "small.json")


def test_a_sweep_that_has_not_ended_is_not_shipped(tmp_path):
    store.write_sweep(tmp_path, plan_of())
    with pytest.raises(UserError, match="is pending, not done"):
        shipped.pack(tmp_path, "small")


def test_the_ids_that_are_shipped_are_those_of_the_configs():
    """Fails where a change gives the horizon sweep other ids: ship it anew."""
    import configs.horizon as horizon

    path = horizon.__file__.replace("horizon.py", "baselines/horizon.json")
    known = {run["id"]: run for run in shipped.read(path)["runs"]}  # type: ignore
    base = horizon.get_config().to_dict()["recall"]
    axes = horizon.get_sweep()["recall"]
    from lib.sweep import expand

    cells = expand("recall", base, axes)
    tuning = [c for cell in cells[::5] for _, c in cell.tune_configs()]
    assert {identify(make_config(config)) for config in tuning} <= known.keys()


def test_a_dry_run_looks_at_its_baselines_as_the_run_does(tmp_path):
    text, other = tmp_path / "text.md", tmp_path / "other.json"
    text.write_text("# No JSON")
    other.write_text(json.dumps({"format": 1}))
    (tmp_path / "sound").write_text('{"format": 1, "runs": [], "shared": []}')
    command = ("sweep", "--config=tests/launch/tiny.py", f"--store={tmp_path / 's'}")
    asked = [
        (*command, f"--baselines={file}", *dry)
        for file in (tmp_path / "none.json", text, other)
        for dry in (["--dry-run"], ["--engine=serial"])
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    *refused, taken = ask(
        environment, *asked, (*command, f"--baselines={tmp_path}/sound", "--dry-run")
    )
    said = ("there is no file", "is not valid JSON", "holds no runs")
    for dry, real, words in zip(refused[::2], refused[1::2], said, strict=True):
        assert (dry.code, real.code) == (2, 2) and dry.errors == real.errors
        assert words in dry.errors and dry.errors.count("\n") == 1
    assert taken.code == 0, taken
