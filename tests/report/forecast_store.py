"""Writes a store of finished regression runs, their forecasts made up by formulas."""

import json
import math
import random
from pathlib import Path

from synthetic_store import measured, run_id, write_json, write_run

MODELS = ("rnn", "lstm")
SEEDS = range(3)


def sine(model: str, seen: str, seed: int) -> dict:
    """A wave that is continued when 30 % of it were seen, and drifts else."""
    truth = [math.sin(2 * math.pi * n / 50) for n in range(200)]
    num_train = 60 if seen == "30 %" else 20
    drift = 0.002 * (seed + 1) if seen == "30 %" else 0.02 * (seed + 1)
    free = [v - drift * i for i, v in enumerate(truth[num_train:])]
    free_mse = sum((a - b) ** 2 for a, b in zip(free, truth[num_train:], strict=True))
    facts = {
        "metric": "mse",
        "train_points": num_train,
        "num_points": 200,
        "period": 50.0,
        "trivial": {"last value": 0.0076, "mean of the training part": 0.1 + drift},
    }
    forecast = {
        "kind": "sine",
        "truth": truth,
        "one_step": [v + 0.01 for v in truth[1:]],
        "free": free,
        "free_mse": free_mse / len(free),
    }
    return _result({"mse": drift, "score": 1 - drift}, 199, facts, forecast)


def series(model: str, seed: int, horizon: int = 4) -> dict:
    """Two columns, predicted with a constant error."""
    wave = lambda n: [math.sin(n / 4), math.cos(n / 9)]
    rows = lambda first, count: [wave(n) for n in range(first, first + count)]
    shifted = lambda values, by: [[v + by for v in row] for row in values]
    by = 0.1 * (seed + 1)
    facts = {
        "metric": "mse",
        "unit": "z-scored by the training rows",
        "columns": ["HUFL", "OT"],
        "mean": [10.0, 200.0],
        "std": [2.0, 30.0],
        "bounds": [0, 100, 150, 200],
        "horizon": horizon,
        "season": 12,
        "trivial": {
            "training mean": 1.0,
            "last value": 0.5,
            "same hour, yesterday": 0.4,
        },
    }
    example = {
        "row": 170,
        "context": rows(158, 12),
        "truth": rows(170, horizon),
        "forecast": shifted(rows(170, horizon), by),
        "trivial": {
            "last": [wave(169)] * horizon,
            "season": rows(158, horizon),
        },
    }
    forecast = {
        "kind": "series",
        "first_row": 150,
        "truth": rows(150, 40),
        "one_step": shifted(rows(150, 40), by),
        "example": example,
    }
    return _result({"mse": by**2, "mae": by}, 24, facts, forecast)


def chorale(model: str, seed: int) -> dict:
    """Four voices; the model is nearly sure of them."""
    draw = random.Random(seed)
    truth = [[int(k in (40 + t % 7, 45, 52, 57 + t % 3)) for k in range(88)]
             for t in range(30)]  # fmt: skip
    chance = [[min(0.9 * k + 0.05 * draw.random(), 1) for k in row] for row in truth]
    facts = {
        "metric": "nll",
        "unit": "nats a frame",
        "trivial": {"independent notes": 11.09, "each note by its last": 10.49},
    }
    forecast = {"kind": "chorale", "truth": truth, "chance": chance}
    return _result({"nll": 8.5 + 0.01 * seed}, 160, facts, forecast)


def gradient_rows(model: str, seed: int, lags: int = 40) -> list[dict]:
    """Norms that fall exponentially, less so the longer a run has trained."""
    length = {"rnn": 6, "lstm": 12}[model] + seed
    norms = lambda step: [math.exp(-k / (length + step / 20)) for k in range(1, lags)]
    return [
        {"attempt": 1, "step": step, "split": "gradient", "norms": norms(step)}
        for step in range(0, 301, 50)
    ]


def write_forecasts(store: Path) -> Path:
    """A sweep `waves` of four parts: sine, series, chorale and one with gradients."""
    runs, cells = [], []
    for model in MODELS:
        for seed in SEEDS:
            for seen in ("30 %", "10 %"):
                cells.append(("sine", {"model": model, "seen": seen}, seed,
                              sine(model, seen, seed), []))  # fmt: skip
            cells.append(("series", {"model": model}, seed, series(model, seed), []))
            cells.append(("chorale", {"model": model}, seed, chorale(model, seed), []))
            rows = gradient_rows(model, seed)
            cells.append(
                ("gradient", {"model": model}, seed, series(model, seed), rows)
            )
    for part, cell, seed, result, rows in cells:
        config = {"model": {"name": cell["model"]}, "seed": seed, "task": {}}
        entry = {"id": run_id(part, *cell.values(), seed), "part": part, "cell": cell}
        runs.append({**entry, "stage": "replicate", "config": config})
        write_run(store, runs[-1], result)
        folder = store / "runs" / entry["id"][:2] / entry["id"]
        with (folder / "metrics.jsonl").open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    wanted = {"cell": {"model": "rnn", "seen": "30 %"}, "part": "sine", "spread": 0.01}
    expected = [
        {**wanted, "metric": "forecast/free_mse", "value": 0.0},
        {**wanted, "metric": "test/mse", "value": 0.004},
        {
            "cell": {"model": "rnn"},
            "part": "gradient",
            "spread": 0.1,
            "value": 7.0,
            "metric": "decay_before",
        },
    ]
    sweep = {"format": 1, "name": "waves", "title": "Waves", "runs": runs,
             "choices": [], "pending": [], "expected": expected}  # fmt: skip
    write_json(store / "sweeps" / "waves.json", sweep)
    return store


def _result(metrics: dict, length: int, facts: dict, forecast: dict) -> dict:
    values = {"loss": 1.0, **metrics, "num_targets": 100}
    return {
        "format": 1,
        "state": "done",
        "step": 100,
        "stopped": "budget",
        "metrics": {"test": {str(length): values}, "validation": {str(length): values}},
        "task": {
            "name": "made up",
            "system": "regression",
            "score_metric": facts["metric"],
            "floor": {str(length): 1.0},
            "optimum": None,
            "window_score": None,
            "facts": facts,
        },
        "forecast": forecast,
        "cost": {"parameters": 100, "state_size": 8, "flops_per_token": 1000},
        "measured": measured(random.Random(0), 2.0),
    }
