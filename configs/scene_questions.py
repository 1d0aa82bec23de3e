"""draft"""

from ml_collections import ConfigDict

TITLE = "Questions about pictures of coloured shapes"


def get_config() -> ConfigDict:
    return ConfigDict(
        {
            "task": {
                "name": "scene_questions",
                "length": 12,
                "questions_per_picture": 20,
                "num_clauses": 0,
                "blind": "none",
            },
            "model": {"name": "relation_chain"},
            "optimizer": {
                "name": "adam",
                "learning_rate": 2e-3,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 6000, "batch_size": 160, "eval_every": 500},
            "evaluation": {
                "batch_size": 1280,
                "num_validation": 1280,
                "num_test": 12800,
            },
            "seed": 0,
        }
    )
