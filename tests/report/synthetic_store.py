"""Writes a store as a finished sweep leaves it, with every awkward case in it.

The scores are made up around a small trial: bimodal seeds, a diverged run, a failed
one, runs never started, and three text models.
"""

import hashlib
import json
import random
from collections.abc import Iterable
from pathlib import Path

LENGTHS = (16, 32, 64, 128, 256)
SEEDS = range(5)
FLOOR = 0.125
# For each length the fraction of seeds that solve it; the rest sit near the floor.
SOLVED = {
    "window_mlp": (1.0, 1.0, 0.0, 0.0, 0.0),
    "gru": (1.0, 0.2, 0.0, 0.0, 0.0),
    "lstm": (1.0, 0.4, 0.2, 0.0, 0.0),
    "rnn": (1.0, 1.0, 0.6, 0.4, 0.2),
    "tcn": (1.0, 1.0, 1.0, 0.0, 0.0),
    "lru": (1.0, 1.0, 1.0, 0.8, 0.2),
    "lstm, chrono": (1.0, 1.0, 1.0, 1.0, 1.0),
}
FIELDS = {"window_mlp": 32, "tcn": 64}
TEXT = {"rnn": (1.72, 9), "lstm": (1.60, 22), "lru": (1.63, 48)}
FACTS = {
    "unit": "character",
    "symbols": 96,
    "tokens": {"train": 418_000, "validation": 23_000, "test": 23_001},
    "unknown": {"train": 0.0, "validation": 0.0012, "test": 0.0},
    "frequent": [[" ", 0.21], ["e", 0.08], ["\n", 0.03], ["<", 0.001]],
}
HOSTILE = "<img src=x onerror=alert(1)>"


def run_id(*parts) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def recall_config(model: str, length: int, seed: int, rate: float) -> dict:
    return {
        "task": {"name": "recall", "length": length, "num_symbols": 8},
        "model": {"name": model.split(",")[0], "hidden_size": 32},
        "optimizer": {"name": "adam", "learning_rate": rate},
        "train": {"num_steps": 800, "batch_size": 16, "eval_every": 100},
        "evaluation": {"num_test": 1024},
        "seed": seed,
    }


def recall_result(model: str, length: int, seed: int) -> dict:
    draw = random.Random(f"{model}/{length}/{seed}")
    solved = seed < round(SOLVED[model][LENGTHS.index(length)] * len(SEEDS))
    accuracy = 1 - 0.002 * draw.random() if solved else 0.12 + 0.03 * draw.random()
    if model == "rnn" and not solved:
        accuracy = 0.2 + 0.55 * draw.random()
    steps = draw.choice([100, 200, 300, 500]) if solved else 800
    score = min(max((accuracy - FLOOR) / (1 - FLOOR), 0), 1)
    values = {"loss": 2.1 * (1 - score), "accuracy": accuracy, "score": score}
    return {
        "format": 1,
        "state": "done",
        "step": steps,
        "stopped": "solved" if solved else "budget",
        "metrics": {
            "test": {str(length): {**values, "num_targets": 1024}},
            "validation": {str(length): {**values, "num_targets": 1024}},
        },
        "task": {
            "name": "recall",
            "system": "memory",
            "score_metric": "accuracy",
            "floor": {str(length): FLOOR},
            "optimum": {str(length): 1.0},
            "window_score": {
                str(length): {str(k): float(k >= length) for k in (32, 64)}
            },
        },
        "cost": {
            "parameters": 1000 + 411 * len(model),
            "state_size": 64 if "lstm" in model else FIELDS.get(model, 32),
            "flops_per_token": 9216 + 128 * len(model),
            "tokens": steps * 16 * length,
            "receptive_field": FIELDS.get(model),
        },
        "measured": measured(draw, steps * length / 16_000),
    }


def measured(draw: random.Random, seconds: float) -> dict:
    seconds *= 1 + 0.1 * draw.random()
    return {
        "train_seconds": seconds,
        "compile_seconds": 2.4,
        "evaluation_seconds": 0.2,
        "peak_memory_bytes": 412_000_000,
        "device": "cpu cpu",
        "processor": "AMD EPYC 7B13",
        "mode": "map",
        "jax": "0.10.2",
        "python": "3.11.7",
        "commit": "3f2a9c1d7b",
        "dirty": False,
        "attempts": 2 if draw.random() < 0.03 else 1,
    }


def text_result(model: str, seed: int) -> dict:
    limit, reach = TEXT[model]
    draw = random.Random(f"{model}/{seed}")
    limit += 0.01 * draw.random()
    losses = {
        str(2**i): limit + 0.9 * (2 ** (-(2**i) / reach)) ** 0.5 - 0.0001 * i
        for i in range(10)
    }
    values = {"loss": limit, "accuracy": 0.5, "num_targets": 23_000}
    return {
        "format": 1,
        "state": "done",
        "step": 1500,
        "stopped": "budget",
        "metrics": {"test": {"128": values}, "validation": {"128": values}},
        "task": {
            "name": "python_docs",
            "system": "language",
            "score_metric": "loss",
            "floor": {"128": 3.11},
            "optimum": None,
            "window_score": None,
            "facts": FACTS,
        },
        "context": losses,
        "free_running": {
            "read": 16,
            "windows": 64,
            "forced": [limit] * 16,
            "free": [limit + 2 - 2 / (j + 1) for j in range(16)],
        },
        "passage": {
            "symbols": list("a <b> &\nc"),
            "nats": [0.1, 0.3, 0.7, 1.5, 2.5, 3.5, 5.0, 7.0],
            "separator": "",
        },
        "effective_context": 64,
        "sample": "The following <methods> are & called to implement the\n"
        "class object.__getitem__(self, key)\n    Called to the sequence " * 4,
        "cost": {
            "parameters": 65_123,
            "state_size": 128,
            "flops_per_token": 131_072,
            "tokens": 3_072_000,
            "receptive_field": None,
        },
        "measured": measured(draw, 38.0),
    }


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))


def write_run(store: Path, entry: dict, result: dict | None, failure=None) -> None:
    folder = store / "runs" / entry["id"][:2] / entry["id"]
    write_json(
        folder / "config.json",
        {
            "format": 1,
            "id": entry["id"],
            "config": entry["config"],
            "versions": {"task": 1, "model": 1},
            "fingerprint": "",
        },
    )
    rows = [
        {"attempt": 1, "step": step, "split": split, "length": 16, "loss": 100 / step}
        for step in (100, 200)
        for split in ("train", "validation")
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "metrics.jsonl").write_text(lines)
    if result is not None:
        write_json(folder / "result.json", {**result, "id": entry["id"]})
        manifest = {"format": 1, "owner": entry["id"], "step": 1, "files": []}
        write_json(folder / "MANIFEST.json", manifest)
    if failure is not None:
        write_json(folder / "failure.json", failure)


def plan(models: Iterable[str] = tuple(SOLVED)) -> dict:
    """The sweep file: tuned with one seed, then five others per cell."""
    runs, choices = [], []
    for model in models:
        for length in LENGTHS:
            cell = {"model": model, "length": length}
            chosen = 0.01 if model != "rnn" or length < 128 else 0.003
            stages = [("tune", 100, rate) for rate in (0.003, 0.01)]
            stages += [("replicate", seed, chosen) for seed in SEEDS]
            for stage, seed, rate in stages:
                config = recall_config(model, length, seed, rate)
                entry = {"id": run_id(stage, model, length, seed, rate)}
                entry |= {"part": "recall", "cell": cell, "stage": stage}
                runs.append({**entry, "config": config})
            choices.append(
                {
                    "part": "recall",
                    "cell": cell,
                    "setting": "optimizer.learning_rate",
                    "values": [0.003, 0.01],
                    "scores": [0.9, 0.4] if chosen == 0.003 else [0.55, 0.98],
                    "chosen": chosen,
                }
            )
    for model in TEXT:
        for seed in SEEDS:
            config = recall_config(model, 128, seed, 0.003)
            config["task"] = {"name": "language", "source": "python_docs"}
            entry = {"id": run_id("text", model, seed), "part": "python_docs"}
            entry |= {"cell": {"model": model}, "stage": "replicate", "config": config}
            runs.append(entry)
    cell = {"model": "window_mlp", "length": 32}
    beyond = {"model": "window_mlp", "length": 64}
    chrono = {"model": "lstm, chrono"}
    score = {"part": "recall", "metric": "test/score"}
    expected = [
        {**score, "cell": cell, "value": 1.0, "spread": 0.02},
        {**score, "cell": beyond, "value": 0.0, "spread": 0.02},
        {**score, "cell": {"model": "rnn", "length": 64}, "value": 0.1, "spread": 0.1},
        {
            "part": "recall",
            "cell": chrono,
            "metric": "horizon",
            "value": 256,
            "spread": 0,
        },
        {
            "part": "python_docs",
            "cell": {"model": "lstm"},
            "metric": "validation/loss",
            "value": 1.75,
            "spread": 0.1,
        },
        {**score, "cell": {"model": "absent"}, "value": 1.0, "spread": 0.1},
    ]
    return {
        "format": 1,
        "name": "horizon",
        "title": "How far back does each model remember?",
        "config_file": "configs/horizon.py",
        "runs": runs,
        "choices": choices,
        "pending": [],
        "expected": expected,
    }


def write_store(
    store: Path,
    hostile: bool = False,
    share: float = 1.0,
    models: Iterable[str] = tuple(SOLVED),
) -> Path:
    """A store with the sweep `horizon`, of whose runs the first `share` have ended."""
    sweep = plan(models)
    if hostile:
        sweep["title"] = f"Title {HOSTILE}"
        for entry in sweep["runs"]:
            if entry["cell"].get("model") == "gru":
                entry["cell"]["model"] = HOSTILE
    write_json(store / "sweeps" / "horizon.json", sweep)
    last = round(share * len(sweep["runs"]))
    for entry in sweep["runs"][:last]:
        cell, config = entry["cell"], entry["config"]
        model, seed = cell["model"].replace(HOSTILE, "gru"), config["seed"]
        if entry["part"] == "python_docs":
            result = text_result(model, seed)
            if hostile:
                result["sample"] = HOSTILE
            write_run(store, entry, result)
            continue
        length = cell["length"]
        if (model, length, seed) == ("gru", 128, 1):
            write_run(store, entry, None, failed("out of memory: 2 GiB " + HOSTILE))
        elif (model, length) == ("lru", 128) and seed in (3, 4):
            continue  # planned, never started
        elif (model, length, seed) == ("rnn", 128, 2):
            result = recall_result(model, length, seed)
            write_run(store, entry, {**result, "state": "diverged", "metrics": {}})
        else:
            write_run(store, entry, recall_result(model, length, seed))
    return store


def failed(reason: str) -> dict:
    return {"format": 1, "attempt": 2, "state": "failed", "reason": reason, "step": 120}
