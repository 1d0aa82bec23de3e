"""draft"""

from ml_collections import ConfigDict

TITLE = "Questions about pictures of one coloured shape"


def get_config() -> ConfigDict:
    return ConfigDict(
        {
            "task": {
                "name": "easy_vqa",
                "length": 12,
                "questions_per_picture": 4,
                "blind": "none",
            },
            "model": {"name": "relation_chain", "num_hops": 0},
            "optimizer": {
                "name": "adam",
                "learning_rate": 2e-3,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 1000, "batch_size": 128, "eval_every": 250},
            "evaluation": {"batch_size": 256, "num_answers": 4},
            "seed": 0,
        }
    )
