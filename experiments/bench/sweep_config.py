"""What the sweeps of the benchmark train: recall of 16 symbols by a gru, many seeds.

    python -m experiments.sweep --config=experiments/bench/sweep_config.py:16x1000x64

The argument is the hidden size, the number of steps and the number of runs.
`experiments/bench/sweep_torch.py` trains the same with torch.
"""

from ml_collections import ConfigDict

from lib.sweep import Axis, product, replicate

TITLE = "A sweep for the benchmark"
LENGTH, NUM_SYMBOLS, BATCH_SIZE = 16, 8, 16
EVAL_EVERY, NUM_VALIDATION, NUM_TEST = 50, 256, 1024
LEARNING_RATE, CLIP_NORM = 1e-2, 1.0


def get_config(argument: str = "16x1000x64") -> ConfigDict:
    """One run."""
    hidden_size, num_steps, _ = map(int, argument.split("x"))
    return ConfigDict(
        {
            "task": {"name": "recall", "length": LENGTH, "num_symbols": NUM_SYMBOLS},
            "model": {"name": "gru", "hidden_size": hidden_size},
            "optimizer": {
                "name": "adam",
                "learning_rate": LEARNING_RATE,
                "clip_norm": CLIP_NORM,
            },
            "train": {
                "num_steps": num_steps,
                "batch_size": BATCH_SIZE,
                "eval_every": EVAL_EVERY,
            },
            "evaluation": {
                "batch_size": 256,
                "num_validation": NUM_VALIDATION,
                "num_test": NUM_TEST,
            },
            "seed": 0,
        }
    )


def get_sweep(argument: str = "16x1000x64") -> dict[str, tuple[Axis, ...]]:
    """The seeds."""
    num_runs = int(argument.split("x")[2])
    return {"sweep_config": product(replicate(range(num_runs)))}
