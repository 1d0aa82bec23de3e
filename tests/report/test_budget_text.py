"""What the page says of a part's training: steps, batch, lengths."""

from dataclasses import replace

from lib.report.collect import Sweep
from lib.report.provenance import about_text, budget_text, matched_text
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


def test_numbers_that_differ_are_alternatives():
    runs = [trained(), trained(num_steps=200)]
    assert budget_text(runs) == (
        "Budget of a run: at most 100 or 200 steps of 8 sequences."
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


def test_pages_and_tables_say_in_what_models_were_made_equal():
    runs = (trained(), replace(trained(), part="load"))
    sweep = Sweep("s", "", "", runs, (), 0, (), ())
    assert matched_text(sweep).startswith("Models are as the config sets them")
    said = {run.part: "equal parameters: 17 as gru has" for run in runs}
    equal = replace(sweep, matched=said)
    assert (
        matched_text(equal) == "Widths are solved for equal parameters, part by part."
    )
    assert about_text(equal, "load", runs).endswith(
        "8 sequences. Widths: equal parameters: 17 as gru has."
    )
    one = replace(sweep, matched={"load": said["load"]})
    assert matched_text(one).endswith("equal differs between the parts.")
