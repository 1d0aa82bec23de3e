"""The battery: what each way of remembering can do, one ability a part.

Claims of the literature, each put to the same test with the same budget:

- distance (`recall`): a window answers as far as it sees and no further; what recurrent
  networks learn is a matter of how they start, chrono biases above all (Tallec &
  Ollivier 2018, arXiv:1804.11188).
- load (`selective_copy`): gates that depend on the input choose what to keep; a fixed
  linear recurrence cannot (Gu & Dao 2023, arXiv:2312.00752, section 4.1.1).
- binding (`mqar`): attention and the delta rule bind values to keys, a state that is a
  vector does so for a few (Arora et al. 2023, arXiv:2312.04927).
- state tracking (`group_word`): a linear recurrence with positive eigenvalues alone
  cannot keep a sum modulo 2 at every length (Grazzi et al. 2024, arXiv:2411.12537);
  words of a group whose elements do not commute are harder (Merrill et al. 2024,
  arXiv:2404.08819, prove it of S5; S3 is its small stand-in).
- hierarchy (`reverse`): what must come back in reverse order needs a stack, and all but
  the transformer have to do with a state of fixed size (Deletang et al. 2023,
  arXiv:2207.02098).

Each claim has its control beside it: lstm with and without biases for a long memory,
the delta net with and without negative eigenvalues.

    python -m experiments.sweep --config=configs/battery.py  # about 90 minutes, 2 cores
    python -m experiments.report --name=battery
    ... --config=configs/battery.py:full-mqar  # every model on one task, research size
    ... --config=configs/battery.py:full       # every model on every task: weeks

The full size asks every generated task over lengths to 4096, and, where a task has a
setting for it, over the load at one length: "binding: mqar" and "load: mqar by pairs".

What came of the quick size is in docs/battery.md.
"""

from typing import Any, NamedTuple

from ml_collections import ConfigDict

from lib.budget import match
from lib.registry import (
    ABILITIES,
    LINEAR_MODELS,
    MATRIX_MODELS,
    RECURRENT_MODELS,
    WINDOW_MODELS,
)
from lib.sweep import Axis, compare, product, replicate, tune

TITLE = "The battery: distance, load, binding, state tracking, hierarchy"

TWO_LAYERS = {"num_layers": 2}
MODELS = {
    "rnn": {"name": "rnn", **TWO_LAYERS},
    "gru": {"name": "gru", **TWO_LAYERS},
    "lstm": {"name": "lstm", **TWO_LAYERS},
    "lstm, chrono": {"name": "lstm", "chrono_max": 128.0, **TWO_LAYERS},
    "lru": {"name": "lru", **TWO_LAYERS},
    "mamba": {"name": "mamba", "state_size": 8, **TWO_LAYERS},
    "gated delta net": {"name": "gated_delta_net", **TWO_LAYERS},
    "delta net, beta < 1": {"name": "delta_net", "max_beta": 1.0, **TWO_LAYERS},
    "delta net, beta < 2": {"name": "delta_net", "max_beta": 2.0, **TWO_LAYERS},
    "transformer": {
        "name": "transformer",
        "num_heads": 2,
        "mlp_factor": 2,
        "context": 128,  # no task of the quick size is longer
        **TWO_LAYERS,
    },
    "tcn, sees 64": {
        "name": "tcn",
        "num_layers": 3,
        "kernel_size": 4,
        "dilation_base": 4,
        "convolutions_per_block": 1,
    },
}

BUDGET = "lstm, chrono"  # whose parameters the widths of the others are solved for


class Part(NamedTuple):
    """A task, and the setting of it that makes it harder."""

    task: dict[str, Any]
    setting: str
    values: tuple[int, ...]
    batch_size: int = 16
    num_steps: int = 800


PARTS = {
    "distance: recall": Part(
        {"name": "recall", "num_symbols": 8}, "length", (16, 32, 64, 128)
    ),
    "load: selective copy": Part(
        {"name": "selective_copy", "length": 32, "alphabet_size": 10},
        "num_tokens",
        (2, 4, 8, 16),
        batch_size=32,
    ),
    "binding: mqar": Part(
        {"name": "mqar", "length": 32, "vocabulary_size": 32},
        "num_pairs",
        (1, 2, 4, 8),
        batch_size=32,
        num_steps=1000,
    ),
    "state tracking: parity": Part(
        {"name": "group_word", "group": "Z2"}, "length", (8, 16, 32, 64)
    ),
    "state tracking: S3": Part(
        {"name": "group_word", "group": "S3"}, "length", (8, 16, 32, 64)
    ),
    "hierarchy: reverse": Part(
        {"name": "reverse", "num_symbols": 4}, "length", (4, 8, 16, 32)
    ),
}


# Of the quick size: mean score over seeds at one place, with its spread.
EXPECTED = (
    ("binding: mqar", "transformer", 4, 1.0, 0.02),  # attention wins
    ("binding: mqar", "delta net, beta < 2", 8, 1.0, 0.02),
    ("binding: mqar", "lstm, chrono", 4, 0.2, 0.03),  # values without their keys
    ("binding: mqar", "gru", 4, 0.2, 0.03),
    ("state tracking: parity", "transformer", 64, 0.05, 0.05),  # attention fails
    ("state tracking: parity", "gru", 64, 1.0, 0.02),
    ("state tracking: parity", "delta net, beta < 2", 32, 0.98, 0.05),
    ("state tracking: parity", "delta net, beta < 1", 32, 0.46, 0.15),
    ("state tracking: parity", "lstm", 64, 1.0, 0.02),
    ("state tracking: parity", "lstm, chrono", 64, 0.0, 0.03),
    ("state tracking: S3", "lstm", 32, 1.0, 0.02),
    ("state tracking: S3", "transformer", 8, 0.33, 0.1),
    ("distance: recall", "lru", 128, 1.0, 0.02),
    ("distance: recall", "lstm", 128, 0.0, 0.03),
    ("distance: recall", "lstm, chrono", 128, 0.91, 0.15),
    ("distance: recall", "tcn, sees 64", 128, 0.0, 0.03),
    ("load: selective copy", "mamba", 4, 0.94, 0.06),
    ("load: selective copy", "lru", 4, 0.6, 0.1),
    ("hierarchy: reverse", "lru", 16, 0.98, 0.03),
)

# The full size: its lengths, and that of the parts along which only the load grows.
LENGTHS = tuple(2**i for i in range(5, 13))
LOAD_LENGTH = 512
LONGEST = 3 * max(LENGTHS)  # inputs of `duplicate`: a string, and room for it twice

# Beside those of the quick size every other model, of two layers as they have, except:
FULL_MODELS = {
    "linear attention": {"name": "linear_attention", "conv_size": 4},
    "gated linear attention": {"name": "gated_linear_attention", "conv_size": 4},
    "transformer": {**MODELS["transformer"], "context": LONGEST},
    "tcn": {**MODELS["tcn, sees 64"], "num_layers": 7},  # sees 4^7 inputs
    # Controls: how far they see, or how much they hold, is known and too little. Stacks
    # of all steps are kept for the gradient: 49 GB for those of 256 at LONGEST.
    "window mlp, sees 32": {"name": "window_mlp", "window": 32},
    "stack rnn, holds 256": {"name": "stack_rnn", "stack_size": 256},
}
CHRONO = ("lstm, chrono", "min gru", "min lstm")  # whose chrono_max is tuned too

# How much is to be kept, at one length: settings that leave inputs and classes as they
# are, so that models stay equal along them; more symbols, say, would not.
LOADS = (
    ({"name": "copy_memory"}, "num_copied", (5, 10, 20, 40, 80)),
    ({"name": "copy_tcn"}, "num_copied", (5, 10, 20, 40, 80)),
    ({"name": "copy_bits"}, "num_steps", (5, 10, 20, 40, 80)),
    ({"name": "selective_copy"}, "num_tokens", (4, 8, 16, 32, 64)),
    ({"name": "noisy_recall"}, "num_cues", (1, 4, 16, 64)),
    ({"name": "mqar", "vocabulary_size": 256}, "num_pairs", (4, 8, 16, 32, 64)),
    (
        {"name": "forgetting_mqar", "vocabulary_size": 256, "num_updates": 4},
        "num_pairs",
        (4, 8, 16, 32, 64),
    ),
    (
        {"name": "compositional_mqar", "vocabulary_size": 256},
        "num_pairs",
        (4, 16, 36, 64),
    ),
    ({"name": "dyck"}, "max_depth", (2, 4, 8, 16, 32)),
    ({"name": "listops"}, "max_depth", (1, 2, 4, 8)),
)


def get_config(size: str = "quick") -> ConfigDict:
    """The base config of each part; `size` is "quick", "full" or "full-TASK"."""
    return ConfigDict({name: _config(part, size) for name, part in _parts(size)})


def get_sweep(size: str = "quick") -> dict[str, tuple[Axis, ...]]:
    """The axes of each part."""
    full = _is_full(size)
    rates = (3e-4, 1e-3, 3e-3, 1e-2) if full else (1e-3, 3e-3, 1e-2)
    tuning = (1000, 1001, 1002) if full else (1000,)
    tuned = [tune("optimizer.learning_rate", rates, seeds=tuning)]
    if full:  # the one more scalar that models with gates need: how long they remember
        spans = (float(min(LENGTHS)), 512.0, 2.0 * max(LENGTHS))
        tuned += [
            tune("model.chrono_max", spans, seeds=tuning, where={"model": CHRONO})
        ]
    return {
        name: product(
            match(
                "parameters", BUDGET, _models(size), _config(part, size), tolerance=0.1
            ),
            compare(f"task.{part.setting}", part.values),
            *tuned,
            replicate(range(10 if full else 5)),
        )
        for name, part in _parts(size)
    }


def get_expected(size: str = "quick") -> list[dict[str, Any]]:
    """What it should give: where attention wins and where it fails, and the others."""
    if _is_full(size):
        return []  # no full run has been recorded yet
    return [
        {
            "part": part,
            "cell": {"model": model, PARTS[part].setting: place},
            "metric": "test/score",
            "value": value,
            "spread": spread,
        }
        for part, model, place, value, spread in EXPECTED
    ]


def _models(size: str) -> dict[str, dict[str, Any]]:
    """The models of the quick size, or of all that read sequences on, each once."""
    if not _is_full(size):
        return MODELS
    quick = {label: m for label, m in MODELS.items() if m["name"] != "tcn"}
    chosen = {label: {**TWO_LAYERS, **m} for label, m in (quick | FULL_MODELS).items()}
    known = {model["name"] for model in chosen.values()}
    others = {
        _words(name): {"name": name, **TWO_LAYERS}
        for family in (RECURRENT_MODELS, LINEAR_MODELS, MATRIX_MODELS, WINDOW_MODELS)
        for name in family
        if name not in known
    }
    return {**chosen, **others}


def _parts(size: str) -> list[tuple[str, Part]]:
    """The parts of the quick size, or of every generated task: by length, by load."""
    if not _is_full(size):
        return list(PARTS.items())
    parts = [
        (f"{ability}: {_words(task)}", ({"name": task}, "length", LENGTHS))
        for family, tasks in ABILITIES.items()
        for ability in ["distance" if family == "memory" else family]
        for task in tasks
    ]
    parts += [
        (
            f"load: {_words(task['name'])} by {_words(setting.removeprefix('num_'))}",
            ({"length": LOAD_LENGTH, **task}, setting, values),
        )
        for task, setting, values in LOADS
    ]
    return [
        (name, Part(task, setting, values, batch_size=64, num_steps=20_000))
        for name, (task, setting, values) in parts
        if size in ("full", f"full-{task['name']}")
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _config(part: Part, size: str) -> dict[str, Any]:
    full = _is_full(size)
    return {
        "task": {"length": min(LENGTHS), **part.task},
        "model": {"name": "lstm", "hidden_size": 128 if full else 32},
        "optimizer": {"name": "adam", "learning_rate": 3e-3, "clip_norm": 1.0},
        "train": {
            "num_steps": part.num_steps,
            "batch_size": part.batch_size,
            "eval_every": 500 if full else 50,
            "stop_score": 0.99,
            "stop_patience": 2,
        },
        "evaluation": {
            "batch_size": 128,
            "num_validation": 128,
            "num_test": 4096 if full else 1024,
        },
        "seed": 0,
    }


def _is_full(size: str) -> bool:
    tasks = [name for tasks in ABILITIES.values() for name in tasks]
    if size not in ("quick", "full", *(f"full-{name}" for name in tasks)):
        raise ValueError(
            "battery: size must be 'quick', 'full', or 'full-' and one of "
            f"{', '.join(tasks)}; got {size!r}"
        )
    return size != "quick"
