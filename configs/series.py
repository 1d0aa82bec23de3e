"""Any series: columns of numbers in a CSV file, forecast from the rows before.

Claim. Monthly airline passengers, 1949 to 1960, read as a user's own file: from 24
months, as changes against the same month of the year before, an lstm trained on 86
months beats the last value and the month of last year over the last 30.

    python -m experiments.train --config=configs/series.py \\
        --config.task.path=FILE.csv \\
        --config.task.season=12 --config.task.relative_to=season

Reached (3 seeds, 1 s of training): z-scored squared error on the test months 0.073,
0.082, 0.088; the month of last year has 0.595, the last value 0.794. Against the last
value in place of the last season one seed reached 0.405.

`columns` () are all columns of numbers, `season` is in rows (0: none). For a stream
longer than what is remembered, `--config.train.state=carried` reads it in order with
truncated backpropagation, and `--config.evaluation.state=carried` scores it so.
"""

from typing import Any

from ml_collections import ConfigDict

TITLE = "A series from a file"


def get_config() -> ConfigDict:
    """One run."""
    return ConfigDict(
        {
            "task": {
                "name": "series",
                "source": "file",
                "path": "",
                "columns": (),
                "encoding": "utf-8",
                "train_share": 0.6,
                "validation_share": 0.2,
                "length": 24,
                "horizon": 1,
                "season": 0,
                "relative_to": "last",
                "inputs": "changes",
            },
            "model": {"name": "lstm", "hidden_size": 16},
            "optimizer": {
                "name": "adamw",
                "learning_rate": 3e-3,
                "weight_decay": 0.1,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {
                "num_steps": 300,
                "batch_size": 16,
                "eval_every": 50,
                "state": "initial",
            },
            "evaluation": {"batch_size": 32, "state": "initial"},
            "seed": 0,
        }
    )


def get_expected() -> list[dict[str, Any]]:
    """Of a user's own file nothing is known before."""
    return []
