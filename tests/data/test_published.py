"""Published data sets: the numbers their authors state, read through the builder."""

import collections
import hashlib
import re
import tarfile

import numpy as np
import pytest

from lib.data import dataset
from lib.data.address import mask_addresses
from lib.data.file_set import find_files, read_files
from lib.data.published import DATASETS
from lib.data.table import read_table
from lib.error import UserError
from tests.data.place import PUBLISHED, needs_published


def sizes(records):
    return {split: len(rows) for split, rows in records.items()}


def test_newsgroups_by_date_has_its_published_counts(load):
    records = load("newsgroups")
    assert sizes(records) == {"train": 11_314, "test": 7_532}
    for rows in records.values():
        assert len({record["label"] for record in rows}) == 20


# scikit-learn's example on text features prints these sizes of four groups (in UTF-8).
@pytest.mark.parametrize(
    ("split", "count", "megabytes"), [("train", 2034, 3.980), ("test", 1353, 2.867)]
)
def test_four_newsgroups_are_as_large_as_published(load, split, count, megabytes):
    groups = {"alt.atheism", "talk.religion.misc", "comp.graphics", "sci.space"}
    texts = [r["text"] for r in load("newsgroups")[split] if r["label"] in groups]
    size = sum(len(text.encode()) for text in texts)
    assert (len(texts), round(size / 1e6, 3)) == (count, megabytes)


def test_sms_spam_has_its_published_counts(load):
    rows = load("sms_spam")["all"]
    counts = collections.Counter(record["label"] for record in rows)
    assert counts == {"ham": 4_827, "spam": 747}
    texts = {record["text"] for record in rows}
    assert len(rows) - len(texts) == 403


def test_ling_spam_has_its_published_counts(load):
    rows = load("ling_spam")["all"]
    counts = collections.Counter(record["label"] for record in rows)
    assert counts == {"ham": 2_412, "spam": 481}
    assert sorted({record["part"] for record in rows}) == list(range(1, 11))
    assert all(record["text"].startswith("Subject:") for record in rows)


def test_penn_treebank_has_its_published_counts(load):
    tokens = {
        split: record["text"].replace("\n", " <eos> ").split()
        for split, [record] in load("ptb").items()
    }
    assert {split: len(words) for split, words in tokens.items()} == {
        "train": 929_589,
        "validation": 73_760,
        "test": 82_430,
    }
    assert len(set(tokens["train"])) == 10_000


def test_babi_has_a_file_a_task_size_and_split(load):
    files = {record["name"]: record["text"] for record in load("babi")["all"]}
    questions = collections.Counter()
    for name, text in files.items():
        size, split = name.split("/")[0], name.rpartition("_")[2]
        questions[size, split] += text.count("\t") // 2
    assert questions == {
        ("en", "train"): 18_000,
        ("en", "test"): 18_000,
        ("en-10k", "train"): 170_000,  # without task 3
        ("en-10k", "test"): 18_000,
    }
    assert "en-10k/qa3_three-supporting-facts_train" not in files
    assert list(files)[:3] == [
        "en/qa1_single-supporting-fact_test",
        "en/qa1_single-supporting-fact_train",
        "en/qa3_three-supporting-facts_test",
    ]


def test_jsb_chorales_have_their_published_counts(load):
    records = load("jsb_chorales")
    assert sizes(records) == {"train": 229, "validation": 76, "test": 77}
    for rows in records.values():
        for record in rows:
            assert record["frames"].dtype == np.uint8
            assert record["frames"].shape[1:] == (88,)
            assert set(np.unique(record["frames"])) == {0, 1}


def test_mnist_has_its_published_counts_and_brightness(load):
    records = load("mnist")
    train, test = (records[split][0] for split in ("train", "test"))
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(train["labels"]).tolist() == counts
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(test["labels"]).tolist() == counts
    assert train["pictures"].shape == (60_000, 28, 28, 1)
    # The mean and standard deviation that PyTorch's example normalises with.
    mean = train["pictures"].mean() / 255
    std = train["pictures"].std(dtype=np.float32) / 255
    assert (round(float(mean), 4), round(float(std), 4)) == (0.1307, 0.3081)


@pytest.mark.parametrize(
    ("name", "shape", "first", "last"),
    [
        ("etth1", (17_420, 7), 5.827000141143799, 9.56700038909912),
        ("sunspots", (2_820, 1), 58.0, 33.4),
        ("airline", (144, 1), 112.0, 432.0),
    ],
)
def test_a_series_has_its_published_values(load, name, shape, first, last):
    [record] = load(name)["all"]
    values = read_table(name, record["text"]).values
    assert values.shape == shape
    assert values[0, 0] == first
    assert values[-1, -1] == last


def test_the_last_value_forecasts_etth1_with_its_published_error(load):
    [record] = load("etth1")["all"]
    values = read_table("etth1", record["text"]).values
    month = 30 * 24
    train = values[: 12 * month]
    scaled = (values - train.mean(0)) / train.std(0)
    first, stop = 16 * month, 20 * month
    errors = [
        np.mean((scaled[t : t + 24] - scaled[t - 1]) ** 2)
        for t in range(first, stop - 24 + 1)
    ]
    assert np.mean(errors) == pytest.approx(1.222, abs=5e-4)


def num_addresses(text):
    """E-mail addresses, whole or spaced as tokenizers do, and telephone numbers."""
    found = re.finditer(r"@[\w-]", text)
    whole = sum(bool(re.match(r"[\w.+%-]", text[m.start() - 1])) for m in found)
    spaced = re.findall(r" @ [\w-]+(?: \. [\w-]+)* \. [a-z]{2,}", text)
    return whole + len(spaced) + len(re.findall(r"\d{9,}", text))


# Counted, never shown: a failure must not print an address.
@pytest.mark.parametrize(
    ("name", "least"), [("newsgroups", 60_000), ("sms_spam", 400), ("ling_spam", 4_000)]
)
def test_no_address_survives_masking(load, name, least):
    texts = [record["text"] for rows in load(name).values() for record in rows]
    before = num_addresses("\n\n".join(texts))
    after = num_addresses("\n\n".join(map(mask_addresses, texts)))
    assert before >= least
    assert after == 0


def repack_babi(tmp_path, change):
    """bAbI's small archive as another, with files changed."""
    packed = tmp_path / "given" / "tasks_1-20_v1-2.tar.gz"
    packed.parent.mkdir()
    with (
        tarfile.open(PUBLISHED / "babi" / "babi_en.tar.xz") as old,
        tarfile.open(packed, "w:gz", compresslevel=1) as new,
    ):
        for entry in old:
            file = old.extractfile(entry)
            if file and "/en/qa1_" in entry.name:
                change(new, entry, file)
    return packed.parent


@needs_published
def test_a_part_of_babi_is_a_data_set_of_its_own(prepared, tmp_path):
    given = repack_babi(tmp_path, lambda new, entry, file: new.addfile(entry, file))
    dataset.prepare("babi", given)
    names = [record["name"] for record in dataset.load("babi")["all"]]
    assert names == [f"en/qa1_single-supporting-fact_{s}" for s in ("test", "train")]
    part = dataset.fingerprint("babi")
    dataset.prepare("babi", PUBLISHED)
    assert dataset.fingerprint("babi") != part


@needs_published
def test_a_task_of_babi_that_is_not_listed_is_taken(prepared, tmp_path):
    def rename(new, entry, file):
        entry.name = entry.name.replace("qa1_single", "qa2_two")
        new.addfile(entry, file)

    dataset.prepare("babi", repack_babi(tmp_path, rename))
    names = [record["name"] for record in dataset.load("babi")["all"]]
    assert names == [f"en/qa2_two-supporting-fact_{s}" for s in ("test", "train")]


@needs_published
def test_a_changed_file_of_babi_is_refused(prepared, tmp_path):
    def shorten(new, entry, file):
        entry.size -= 1
        new.addfile(entry, file)

    message = "SHA-256 of en/qa1_single-supporting-fact_.*tasks_1-20_v1-2.tar.gz"
    with pytest.raises(UserError, match=message):
        dataset.prepare("babi", repack_babi(tmp_path, shorten))


@needs_published
@pytest.mark.parametrize("name", DATASETS)
def test_the_stated_size_is_that_of_the_files(name):
    source = DATASETS[name]
    files = read_files(source, find_files(source, PUBLISHED / source.folder))
    assert sum(map(len, files.values())) == source.size
    if source.known:
        assert set(files) == set(source.known)


@pytest.mark.parametrize("name", DATASETS)
def test_a_digest_is_a_sha256(name):
    source = DATASETS[name]
    digests = source.known.values() if source.known else [source.digest]
    length = hashlib.sha256().digest_size * 2
    assert all(re.fullmatch(f"[0-9a-f]{{{length}}}", digest) for digest in digests)
