"""The program that finds a figure or a cut-out, on a run of a few steps."""

import json
import os
import re

import numpy as np
import pytest
from PIL import Image

import lib.probe.location as probe
from lib.driver import Control, Group, run_group
from lib.library import identify, load_run, make_config
from lib.picture import decode_png
from lib.tasks.crowd_pool import draw_scene
from tests.experiments.test_train_generate_reproduce import ROOT, ask
from tests.test_template import smooth

CROWD = {
    "task": {
        "name": "crowd",
        "length": 72,
        "density": 0.5,
        "num_scenes": 2,
        "scene_side": 256,
    },
    "model": {"name": "locator", "filters": [4, 4, 4], "context": []},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "train": {"num_steps": 4, "batch_size": 4, "eval_every": 4},
    "evaluation": {
        "batch_size": 4,
        "num_validation": 4,
        "num_test": 4,
        "num_scenes": 2,
    },
    "seed": 0,
}
COMMANDS = {
    "figure": ("--run={crowd}", "{folder}/scene.png", "--out={folder}/figure.png"),
    "cut": (
        "--template={folder}/cut.png",
        "{folder}/photo.png",
        "--out={folder}/cut-at.png",
    ),
    "turned": (
        "--template={folder}/cut.png",
        "{folder}/turned.jpg",
        "--out={folder}/t.png",
    ),
    "absent": (
        "--template={folder}/other.png",
        "{folder}/photo.png",
        "--out={folder}/a.png",
    ),
    "measured": ("--benchmark", "{folder}/photo.png", "--num_cases=2"),
    "neither": ("{folder}/photo.png",),
    "both": ("--run={crowd}", "--template={folder}/cut.png", "{folder}/photo.png"),
    "no picture": ("--template={folder}/cut.png",),
    "large": ("--template={folder}/photo.png", "{folder}/cut.png"),
    "flat": ("--template={folder}/flat.png", "{folder}/photo.png"),
    "text": ("--template={folder}/cut.png", "{folder}/letter.txt"),
    "one": ("--run={crowd}", "{folder}/one.png"),
    "megapixels": ("--run={crowd}", "{folder}/photo.png", "--max_megapixels=0.01"),
    "threshold": ("--run={crowd}", "{folder}/photo.png", "--threshold=2"),
    "unknown": ("--run=0123456789abcdef", "{folder}/photo.png"),
    "nowhere": (
        "--template={folder}/cut.png",
        "{folder}/photo.png",
        "--out={folder}/b/a.png",
    ),
    "drawn": ("--run={crowd}", "--benchmark", "{folder}/photo.png"),
    "density": ("--run={crowd}", "{folder}/photo.png", "--density=3"),
}
REFUSED = {
    "neither": "either --run or --template",
    "both": "either --run or --template",
    "no picture": "give the picture to search",
    "large": "--template: 170 x 150 pixels do not fit into the picture's 40 x 30",
    "flat": "--template: is flat",
    "text": r"letter\.txt: is no picture of a known format",
    "one": r"one\.png: 1 x 1 pixels",
    "megapixels": r"170 x 150 pixels are .* the limit is 0\.01, .*--max_megapixels",
    "threshold": "--threshold must be from 0 to 1, got 2",
    "unknown": "0123456789abcdef",
    "nowhere": "--out: there is no folder .*b",
    "density": "--density and --similarity are of --benchmark alone",
    "drawn": "draws its scenes; .*photo",
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store with a run that locates, and pictures."""
    root = tmp_path_factory.mktemp("locate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe, "SIDE", 160)
        config = make_config(CROWD)
        run_id = identify(config)
        group = Group(run_id, (run_id,), (config,), 1)
        run_group(root, group, Control(checkpoint_seconds=float("inf")))
    folder = root / "pictures"
    folder.mkdir()
    photo, other = smooth(150, 170, seed=1), smooth(30, 40, seed=2)
    save = lambda name, array, **more: Image.fromarray(array).save(
        folder / name, **more
    )
    save("photo.png", photo)
    save("cut.png", photo[61:91, 35:75].copy())
    save("other.png", other)
    save("flat.png", np.full((20, 20, 3), 9, np.uint8))
    save("one.png", photo[:1, :1].copy())
    save("scene.png", draw_scene("test", 0, 160, 200, 0.5, 0.4).picture)
    exif = Image.Exif()
    exif[274] = 6  # to be turned by a quarter, clockwise
    save("turned.jpg", np.rot90(photo).copy(), quality=90, exif=exif)
    (folder / "letter.txt").write_text("no picture")
    return root, {"crowd": run_id, "folder": str(folder)}


@pytest.fixture(scope="module")
def answers(stored):
    root, places = stored
    fill = lambda words: [word.format(**places) for word in words]
    commands = [("locate", f"--store={root}", *fill(c)) for c in COMMANDS.values()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return dict(zip(COMMANDS, ask(environment, *commands), strict=True))


def test_a_figure_comes_with_place_score_and_threshold(stored, answers):
    said = json.loads(answers["figure"].output)
    result = load_run(stored[0], stored[1]["crowd"]).result["location"]
    assert said["threshold"] == round(result["threshold"], 4)
    assert said["found"] == (said["score"] >= result["threshold"])
    assert said["false_alarm_rate"] == result["false_alarms"] / 2
    assert 0 <= said["row"] < 160 and 0 <= said["column"] < 200
    top, left, bottom, right = said["box"]
    assert (top + bottom) / 2 == pytest.approx(said["row"], abs=0.1)
    assert (left + right) / 2 == pytest.approx(said["column"], abs=0.1)
    with Image.open(said["picture"]) as drawn:
        assert drawn.size[0] > 1000


def test_a_cut_out_is_found_where_it_was_cut(answers):
    said = json.loads(answers["cut"].output)
    assert said["found"] is True and said["score"] > 0.99 and said["scale"] == 1
    assert (said["row"], said["column"]) == (75.5, 54.5)
    assert said["box"] == [60.5, 34.5, 90.5, 74.5]


def test_the_picture_is_searched_as_its_exif_turns_it(answers):
    said = json.loads(answers["turned"].output)
    assert said["found"] is True
    assert (said["row"], said["column"]) == (75.5, 54.5)


def test_what_is_not_in_the_picture_is_not_found(answers):
    said = json.loads(answers["absent"].output)
    assert said["found"] is False and 0 < said["false_alarm_rate"] < 0.2


def test_the_benchmark_counts_cut_outs_of_a_picture(answers):
    said = json.loads(answers["measured"].output)
    assert said["within_4"]["plain"]["count"] == [2, 2]
    assert set(said["within_4"]) == set(said["varied"]) and len(said["found"]) == 5


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_clear_line(answers, name):
    answer = answers[name]
    assert answer.code == 2 and answer.output == "", answer
    assert len(answer.errors.splitlines()) == 1
    assert re.search(REFUSED[name], answer.errors), answer.errors


def test_the_result_counts_scenes_and_keeps_some(stored):
    result = load_run(stored[0], stored[1]["crowd"]).result["location"]
    assert result["num_scenes"] == 2 and result["side"] == 160
    assert 0 <= result["found_above"] <= result["found"] <= 2
    assert 1 <= len(result["examples"]) <= 2
    example = result["examples"][0]
    assert decode_png(example["picture"]).shape == (250, 250, 3)
    assert decode_png(example["response"]).shape == (20, 20)
    assert decode_png(example["at_figure"]).shape == (90, 90, 3)
