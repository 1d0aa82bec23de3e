"""What the page says of a part's training: steps, batch, lengths."""

from lib.report.provenance import budget_text
from tests.report.test_extrapolation import run

TRAIN = {"num_steps": 100, "batch_size": 8}


def trained(**train):
    made = run("rnn", 40, 0, {})
    made.config["train"] = {**TRAIN, **train}
    return made


def test_a_part_on_one_length_says_steps_and_batch():
    assert budget_text([trained()]) == (
        "Budget of a run: at most 100 steps of 8 sequences."
    )


def test_a_part_on_mixed_lengths_says_which():
    runs = [
        trained(),
        trained(curriculum="uniform"),
        trained(curriculum="mix", min_length=5),
    ]
    assert budget_text(runs).endswith(
        " Lengths of the batches: 40, mix 5 or 40, uniform 1 to 40."
    )
