"""COCO's captions: from a folder or a .tar in its format, or in none."""

import json
import os
import tarfile
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from lib.data.coco_captions import make_coco_captions, pictures_of, words_of
from lib.data.coco_file import read_coco, shrink
from lib.error import UserError

CAPTIONS = {
    # id: the picture's colour and what is said of it
    "train2017": {7: ((250, 0, 0), ["A red wall.", "A wall, red!"]),
                  3: ((0, 0, 250), ["A blue  wall."])},
    "val2017": {1: ((0, 250, 0), ["A green wall."]),
                2: ((250, 250, 0), ["A yellow wall.", "Bananas"])},
}  # fmt: skip


def name_of(number):
    return f"{number:012}.jpg"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small COCO, and an empty folder to prepare it in."""
    monkeypatch.setenv("HORIZON_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "coco"
    (place / "annotations").mkdir(parents=True)
    for part, pictures in CAPTIONS.items():
        (place / part).mkdir()
        for number, (colour, _) in pictures.items():
            Image.new("RGB", (40, 24), colour).save(place / part / name_of(number))
        rows = [
            {"image_id": n, "id": 10 * n + i, "caption": said}
            for n, (_, captions) in pictures.items()
            for i, said in enumerate(captions)
        ]
        images = [{"id": n, "file_name": name_of(n)} for n in (*pictures, 99)]
        write(place, part, {"images": images, "annotations": rows})
    return place


def write(place, part, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (place / "annotations" / f"captions_{part}.json").write_text(text)


def make(folder, split="train", **settings):
    settings = {"side": 8, "min_count": 1, "path": str(folder), **settings}
    return make_coco_captions(split, 4, 6, **settings)


def test_pictures_come_in_the_order_of_their_ids_with_all_their_captions(folder):
    parts, _ = read_coco(folder, 8)
    assert parts["train2017"].captions == (
        ("A blue  wall.",),
        ("A red wall.", "A wall, red!"),
    )
    # JPEG moves colours a little.
    middle = parts["train2017"].images[:, 4, 4].astype(int)
    assert np.abs(middle - [(0, 0, 250), (250, 0, 0)]).max() < 8


def test_an_archive_is_read_as_its_folder(folder, tmp_path):
    packed = tmp_path / "coco.tar"
    with tarfile.open(packed, "w") as archive:
        archive.add(folder, ".")
    given, packed = read_coco(folder, 8), read_coco(packed, 8)
    assert given[1] == packed[1]
    np.testing.assert_array_equal(
        given[0]["val2017"].images, packed[0]["val2017"].images
    )


def test_pictures_are_made_small_once_and_again_where_the_folder_has_changed(folder):
    first, digest = read_coco(folder, 8)
    picture = folder / "val2017" / name_of(1)
    content, date = picture.read_bytes(), picture.stat().st_mtime_ns
    picture.write_bytes(bytes(len(content)))  # no picture, of the same size and date
    os.utime(picture, ns=(date, date))
    again, same = read_coco(folder, 8)
    assert same == digest
    np.testing.assert_array_equal(first["val2017"].images, again["val2017"].images)
    Image.new("RGB", (12, 12), (9, 9, 9)).save(picture)
    assert read_coco(folder, 8)[1] != digest
    picture.write_bytes(content)  # a new date, the old content
    assert read_coco(folder, 8)[1] == digest
    assert read_coco(folder, 4)[1] != digest


def test_small_pictures_that_are_damaged_are_made_again(folder):
    first, digest = read_coco(folder, 8)
    made = Path(first["val2017"].images.filename)
    expected = np.array(first["val2017"].images)
    made.write_bytes(made.read_bytes()[:100])
    again, same = read_coco(folder, 8)
    assert same == digest
    np.testing.assert_array_equal(again["val2017"].images, expected)


def test_one_held_out_picture_is_too_few(folder):
    with pytest.raises(UserError, match="val2017 .*2 pictures"):
        make(folder, max_pictures=1)


def test_every_caption_of_the_held_out_half_is_read_once(folder):
    task = make(folder, "test")
    batch = task.batch_at(task.data, jnp.int32(0), jnp.int32(6))
    said = [
        " ".join(task.symbols[t] for t in row[scored > 0])
        for row, scored in zip(batch.targets, batch.mask, strict=True)
    ]
    # Of the validation pictures 1 and 2 the second is tested on; no training caption
    # says yellow or bananas.
    assert said == ["a <unknown> wall .", "<unknown> .", "", ""]
    assert task.eval_batches == 1
    image = np.asarray(batch.inputs["image"])[0, 4, 4]
    np.testing.assert_allclose(image, np.array([250, 250, 0]) / 255, atol=0.03)


def test_pictures_of_a_split_have_their_references(folder):
    (blue, said), (_, more) = pictures_of(make(folder))
    np.testing.assert_allclose(blue[4, 4], np.array([0, 0, 250]) / 255, atol=0.03)
    assert said == (("a", "blue", "wall", "."),)
    assert more == (("a", "red", "wall", "."), ("a", "wall", "red", "."))


def test_rare_words_are_unknown_and_long_captions_are_cut(folder):
    task = make(folder, min_count=2)
    assert task.symbols == ("", "<unknown>", ".", "<begin>", "a", "red", "wall")
    short = make_coco_captions("train", 4, 3, side=8, min_count=1, path=str(folder))
    assert [c for _, row in pictures_of(short) for c in row][0] == ("a", "blue", "wall")
    assert short.facts["num_cut"] == 5


def test_the_floor_is_the_commonest_word_of_each_place(folder):
    # a a a; blue red wall; wall wall red; . . .: right 3 + 1 + 2 + 3 of 12
    assert make(folder).floor(6) == pytest.approx(9 / 12)
    assert make(folder).floor(1) == 1


def test_words_are_lower_case_without_marks():
    assert words_of("A man's HAT, on\n a dog .") == (
        "a",
        "man's",
        "hat",
        "on",
        "a",
        "dog",
    )


def test_the_middle_square_is_scaled_by_the_mean_of_each_area():
    picture = np.zeros((4, 8, 3), np.uint8)
    picture[:, 2:6] = np.arange(4).reshape(1, 4, 1) * 10  # columns 0, 10, 20, 30
    picture[:, :2] = 255
    np.testing.assert_array_equal(shrink(picture, 2)[:, :, 0], [[5, 25], [5, 25]])


def test_a_bound_on_pictures_keeps_the_first_of_each_part(folder):
    parts, _ = read_coco(folder, 8, most=1)
    assert [len(part.images) for part in parts.values()] == [1, 1]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "annotations/captions_val2017.json").unlink(),
         "has no annotations/captions_val2017.json"),
        (lambda f: write(f, "val2017", "{"), "not in COCO's caption format"),
        (lambda f: write(f, "val2017", "[" * 100_000), "not in COCO's caption format"),
        (lambda f: write(f, "val2017", []), "not in COCO's caption format"),
        (lambda f: write(f, "val2017", {"images": [{"id": 1}], "annotations": []}),
         "not in COCO's caption format: KeyError.'file_name'"),
        (lambda f: write(f, "val2017", {"images": [], "annotations": []}),
         "has no picture with a caption"),
        (lambda f: write(f, "val2017", {
            "images": [{"id": 1, "file_name": "../../secret"}],
            "annotations": [{"image_id": 1, "caption": "x"}]}), "is not a file's name"),
        (lambda f: (f / "val2017" / name_of(1)).unlink(), "has no val2017/0+1.jpg"),
        (lambda f: (f / "val2017" / name_of(1)).write_bytes(b"no picture"), "0+1.jpg"),
    ],
)  # fmt: skip
def test_what_is_no_coco_is_one_line_that_says_what_is_missing(folder, damage, message):
    damage(folder)
    with pytest.raises(UserError, match=message) as caught:
        make(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="there is no .*nowhere"):
        make(tmp_path / "nowhere")
    monkeypatch.delenv("HORIZON_DATA", raising=False)
    with pytest.raises(UserError, match="give task.path"):
        make("")
