"""Plans for tests, and runs that pretend to have been trained."""

import copy

from lib import store
from lib.launch.plan import make_plan
from tests.launch.tiny import get_config, get_sweep

VERSIONS = {"task": 1, "model": 1}


def tiny_plan():
    """The plan of the tiny sweep, made anew."""
    return make_plan("tiny", {"tiny": (get_config().to_dict(), get_sweep()["tiny"])})


def fresh(plan):
    """A copy, so that tests can share a plan that took a second to make."""
    return copy.deepcopy(plan)


def end_run(root, run, score=0.5, loss=1.0, step=40, stopped="budget", state="done"):
    """Put a finished run into a store, with these numbers on validation."""
    store.write_config(root, run["id"], run["config"], VERSIONS, "")
    length = str(run["config"]["task"]["length"])
    numbers = {length: {"loss": loss, "score": score, "num_targets": 64}}
    metrics = {"validation": numbers, "test": {length: {"loss": 0.0, "score": 1.0}}}
    result = {"state": state, "step": step, "stopped": stopped, "metrics": metrics}
    store.write_result(root, run["id"], result)


def fail_run(root, run, times=1, state="failed"):
    """Record a run's failure, as so many attempts would."""
    for _ in range(times):
        store.write_failure(root, run["id"], state, "made up")


def runs_of(plan, group):
    return [run for run in plan["runs"] if run["id"] in group["members"]]


def rate(run):
    return run["config"]["optimizer"]["learning_rate"]
