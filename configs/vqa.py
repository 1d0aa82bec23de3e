"""VQA v2: open questions about photographs, of your own copy of the data set.

Claim. None: nothing was trained here. The files are those of visualqa.org, the pictures
COCO's, as they are published:

    python -m experiments.train --config=configs/vqa.py
        --config.task.questions=v2_OpenEnded_mscoco_train2014_questions.json
        --config.task.annotations=v2_mscoco_train2014_annotations.json
        --config.task.pictures=train2014
        --config.task.test_questions=v2_OpenEnded_mscoco_val2014_questions.json
        --config.task.test_annotations=v2_mscoco_val2014_annotations.json
        --config.task.test_pictures=val2014

Without the three test files a fixed fifth of the pictures tests. Pictures are scaled to
64 x 64 pixels once and kept; all of COCO's 82,783 take 1 GB of memory. Scored by the
accuracy of VQA over ten answers, beside the best answer to each question alone.
"""

from ml_collections import ConfigDict

TITLE = "Questions about photographs of one's own copy"


def get_config() -> ConfigDict:
    """One run; the files are empty until they are named."""
    return ConfigDict(
        {
            "task": {
                "name": "vqa",
                "length": 32,
                "questions": "",
                "annotations": "",
                "pictures": "",
                "test_questions": "",
                "test_annotations": "",
                "test_pictures": "",
                "side": 64,
                "num_answers": 1000,
                "questions_per_picture": 4,
            },
            "model": {
                "name": "relation_chain",
                "num_hops": 1,
                "filters": (32, 48, 64),
                "hidden_size": 128,
                "relation_size": 128,
                "dropout": 0.3,
            },
            "optimizer": {
                "name": "adam",
                "learning_rate": 1e-3,
                "schedule": "cosine",
                "clip_norm": 1.0,
            },
            "train": {"num_steps": 20_000, "batch_size": 128, "eval_every": 1000},
            "evaluation": {"batch_size": 256, "num_answers": 4},
            "seed": 0,
        }
    )
