"""Writes a store as a finished battery leaves it: models on tasks of three abilities.

Scores follow a made-up law: a model's reach on a task, in octaves, plus noise by seed.
"""

import random
from pathlib import Path

from synthetic_store import recall_config, recall_result, run_id, write_json, write_run

LENGTHS = (8, 16, 32, 64)
SEEDS = range(5)
ABILITIES = {
    "copy_memory": "distance",
    "adding_any": "distance",
    "mqar": "binding",
    "induction": "binding",
    "parity": "state tracking",
    "flip_flop": "state tracking",
}
# The longest length solved on tasks of distance, binding and state tracking.
REACH = {
    "lstm": (20, 10, 64),
    "gru": (30, 8, 64),
    "lru": (128, 8, 4),
    "mamba": (64, 40, 6),
    "delta net": (40, 128, 16),
    "transformer": (128, 90, 4),
}
KNOBS = {"mqar": "num_pairs"}  # harder by load, at one length of 64 tokens
UNBOUND = 4  # accuracy times pairs, made up so that it begins above the floor
COST = {"lstm": (20, 64), "gru": (16, 32), "lru": (12, 64), "mamba": (30, 512),
        "delta net": (25, 1024), "transformer": (28, 4096)}  # fmt: skip


def battery_result(model: str, task: str, place: int, seed: int) -> dict:
    """The result of a run at a length, or at a load."""
    draw = random.Random(f"{model}/{task}/{place}/{seed}")
    kind = ("distance", "binding", "state tracking").index(ABILITIES[task])
    reach = REACH[model][kind] * 2 ** random.Random(f"{model}{task}{seed}").gauss(
        0, 0.5
    )
    accuracy = 0.99 if place <= reach else 0.12 + 0.6 * reach / place * draw.random()
    result = recall_result("rnn", 16, seed)
    length = 64 if task in KNOBS else place
    values = {"loss": 1 - accuracy, "accuracy": accuracy, "num_targets": 1024}
    result["metrics"] = {"test": {str(length): values}}
    result["task"] |= {"name": task, "window_score": None}
    for name, value in (("floor", 0.125), ("optimum", 1.0)):
        result["task"][name] = {str(length): value}
    if task == "mqar":
        result["task"]["facts"] = {"unbound_accuracy": UNBOUND / place}
    thousands, state = COST[model]
    result["cost"] |= {"parameters": 1000 * thousands, "state_size": state}
    result["cost"] |= {"flops_per_token": 2100 * thousands, "receptive_field": None}
    return result


def write_battery(
    store: Path,
    models=tuple(REACH),
    tasks=tuple(ABILITIES),
    seeds=SEEDS,
    name: str = "battery",
) -> Path:
    """A store with the sweep `battery`, all done but one run that diverged."""
    runs = []
    for task in tasks:
        for model in models:
            for length in LENGTHS:
                for seed in seeds:
                    config = recall_config(model, length, seed, 0.01)
                    knob = KNOBS.get(task, "length")
                    config["task"] = {"name": task, "length": 64, knob: length}
                    entry = {
                        "id": run_id(task, model, length, seed),
                        "part": task,
                        "cell": {"model": model, knob: length},
                        "stage": "replicate",
                        "config": config,
                    }
                    runs.append(entry)
                    result = battery_result(model, task, length, seed)
                    if (task, model, length, seed) == ("parity", "gru", 32, 1):
                        result |= {"state": "diverged", "metrics": {}}
                    write_run(store, entry, result)
    sweep = {"format": 1, "name": name, "title": "The measure of memory"}
    sweep |= {"runs": runs, "choices": [], "pending": [], "expected": []}
    sweep["abilities"] = {task: ABILITIES[task] for task in tasks}
    write_json(store / "sweeps" / f"{name}.json", sweep)
    return store
