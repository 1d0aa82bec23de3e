"""The smallest run that learns to answer: shared by the tests of answering."""

from typing import Any

STORIES: dict[str, Any] = {
    "task": {
        "name": "stories",
        "length": 16,
        "questions": "what",
        "deeds": 0.3,
        "num_names": 3,
        "num_verbs": 2,
        "num_adjectives": 2,
        "num_nouns": 2,
        "num_places": 3,
        "held_out_names": 0,
        "held_out_verbs": 0,
    },
    "model": {"name": "gru", "hidden_size": 24},
    "optimizer": {"name": "adam", "learning_rate": 0.03, "clip_norm": 1.0},
    "train": {"num_steps": 240, "batch_size": 32, "eval_every": 80},
    "evaluation": {
        "batch_size": 128,
        "num_validation": 128,
        "num_test": 128,
        "num_answers": 3,
    },
    "seed": 0,
}
