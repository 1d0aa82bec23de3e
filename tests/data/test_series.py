"""Forecasting of series: windows, splits, bases, and the trivial forecasters."""

import gzip
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.data.series import make_series
from lib.error import UserError

DATA = Path(os.environ.get("HORIZON_DATA", "/nowhere"), "timeseries")
ROWS, LENGTH, HORIZON, SEASON, BATCH = 60, 6, 3, 4, 5
BOUNDS = (0, 30, 45, 60)
SIZES = {"rows": (30, 15, 15), "horizon": HORIZON, "season": SEASON}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("series") / "two.csv"
    rows = np.random.default_rng(0).normal(5, 2, size=(ROWS, 2)).round(3)
    lines = [f"day {i},{a},{b}" for i, (a, b) in enumerate(rows)]
    path.write_text("\n".join(["day,a,b", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def values(path):
    """The columns as z-scores of the training rows."""
    cells = [line.split(",")[1:] for line in path.read_text().splitlines()[1:]]
    rows = np.array(cells, np.float64)
    return (rows - rows[:30].mean(0)) / rows[:30].std(0)


def make(path, split, base="zero", **settings):
    settings = {**SIZES, "source": "file", "path": str(path), **settings}
    return make_series(split, BATCH, LENGTH, relative_to=base, **settings)


def base_of(values, row, base):
    """What the forecast at a row is relative to [HORIZON, 2]."""
    if base == "zero":
        return np.zeros((HORIZON, 2))
    if base == "last":
        return np.repeat(values[row : row + 1], HORIZON, 0)
    # horizon < season: the same phase of the last season read is SEASON rows before
    return values[row + 1 - SEASON : row + 1 - SEASON + HORIZON]


def every_batch(task, read_at, count, length=LENGTH):
    jitted = jax.jit(read_at)
    batches = [jitted(task.data, jnp.int32(i), jnp.int32(length)) for i in range(count)]
    return [jax.tree.map(np.asarray, batch) for batch in batches]


@pytest.mark.parametrize("base", ["zero", "last", "season"])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_every_forecast_origin_of_a_split_counts_once(path, values, split, base):
    task = make(path, split, base)
    place = ["train", "validation", "test"].index(split)
    start, stop = BOUNDS[place : place + 2]
    # All targets in the split; of training also the whole window.
    origins = range(max(start - 1, LENGTH - 1), stop - HORIZON)
    found = []
    for batch in every_batch(task, task.batch_at, task.eval_batches):
        for inputs, targets, mask in zip(*batch[:3], strict=True):
            assert set(np.flatnonzero(mask)) <= {LENGTH - 1}
            if mask.any():
                found.append((inputs, targets[LENGTH - 1]))
    assert len(found) == len(origins) == task.facts["num_origins"]
    for row, (inputs, targets) in zip(origins, found, strict=True):
        np.testing.assert_allclose(
            inputs, values[row + 1 - LENGTH : row + 1], atol=1e-6
        )
        ahead = values[row + 1 : row + 1 + HORIZON] - base_of(values, row, base)
        np.testing.assert_allclose(targets, ahead.ravel(), atol=1e-6)


def test_shorter_windows_are_scored_at_the_same_origins(path):
    task = make(path, "test")
    full = every_batch(task, task.batch_at, task.eval_batches)
    short = every_batch(task, task.batch_at, task.eval_batches, 4)
    for a, b in zip(full, short, strict=True):
        assert not b.inputs[:, 4:].any() and not b.mask[:, 4:].any()
        np.testing.assert_array_equal(a.mask[:, -1], b.mask[:, 3])
        np.testing.assert_array_equal(a.targets[:, -1], b.targets[:, 3])
        np.testing.assert_array_equal(a.inputs[:, -4:], b.inputs[:, :4])


@pytest.mark.parametrize("base", ["last", "season"])
def test_training_scores_every_step_that_has_a_base(path, values, base):
    task = make(path, "train", base)
    draw = jax.jit(task.sample)
    begins = set()
    for seed in range(20):
        batch = draw(jax.random.key(seed), task.data, jnp.int32(LENGTH))
        for inputs, targets, mask in zip(*map(np.asarray, batch[:3]), strict=True):
            first = int(np.argmin(np.abs(values[:, 0] - inputs[0, 0])))
            begins.add(first)
            for t in range(LENGTH):
                known = base == "last" or first + t + 1 >= SEASON
                assert mask[t] == known
                if known:
                    row = first + t
                    ahead = values[row + 1 : row + 1 + HORIZON]
                    expected = (ahead - base_of(values, row, base)).ravel()
                    np.testing.assert_allclose(targets[t], expected, atol=1e-6)
    # 100 draws from the 22 windows whose targets lie in the training rows
    assert min(begins) == 0 and max(begins) == 30 - HORIZON - LENGTH


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_streams_pass_every_origin_once_in_order(path, values, split):
    task = make(path, split, "last")
    batches = every_batch(task, task.stream_at, task.stream_batches)
    rows = {tuple(np.round(row, 4)): i for i, row in enumerate(values)}
    passed: list[list[int]] = [[] for _ in range(BATCH)]
    for index, batch in enumerate(batches):
        assert batch.reset[:, 0].all() == (index == 0)
        assert not batch.reset[:, 1:].any()
        for b, t in zip(*np.nonzero(batch.mask), strict=True):
            row = rows[tuple(np.round(batch.inputs[b, t].astype(float), 4))]
            passed[b].append(row)
            ahead = values[row + 1 : row + 1 + HORIZON] - values[row]
            np.testing.assert_allclose(batch.targets[b, t], ahead.ravel(), atol=1e-6)
    for stream in passed:
        assert stream == list(range(stream[0], stream[0] + len(stream)))
    first, count = int(task.data["first"]), task.facts["num_origins"]
    assert sorted(sum(passed, [])) == list(range(first, first + count))


@pytest.mark.parametrize(("base", "back"), [("last", 1), ("season", SEASON)])
def test_changes_are_read_in_place_of_values(path, values, base, back):
    plain, changed = (
        make(path, "train", base, inputs=i) for i in ("values", "changes")
    )
    index, length = jnp.int32(0), jnp.int32(LENGTH)
    a, b = (task.batch_at(task.data, index, length) for task in (plain, changed))
    np.testing.assert_array_equal(a.targets, b.targets)
    for row in range(BATCH):  # window `row` begins at that row
        expected = [
            values[t] - values[t - back] if t >= back else [0, 0]
            for t in range(row, row + LENGTH)
        ]
        np.testing.assert_allclose(b.inputs[row], expected, atol=1e-6)


def test_trivial_forecasters_are_those_of_their_definition(path, values):
    task = make(path, "test")
    errors = {"training mean": [], "last value": [], "same phase, last season": []}
    for row in range(44, 60 - HORIZON):
        for k in range(1, HORIZON + 1):
            truth = values[row + k]
            errors["training mean"] += list(truth**2)
            errors["last value"] += list((truth - values[row]) ** 2)
            season = values[row + k - SEASON]
            errors["same phase, last season"] += list((truth - season) ** 2)
    for name, squares in errors.items():
        assert task.facts["trivial"][name] == pytest.approx(np.mean(squares))
    assert task.floor(LENGTH) == task.facts["trivial"]["training mean"]


def test_a_horizon_beyond_a_season_repeats_the_last_one_read(path, values):
    task = make_series(
        "test", BATCH, LENGTH, source="file", path=str(path), rows=(30, 15, 15),
        horizon=5, season=2, relative_to="season",
    )  # fmt: skip
    batch = task.batch_at(task.data, jnp.int32(0), jnp.int32(LENGTH))
    row = 44
    base = values[[row - 1, row, row - 1, row, row - 1]]
    expected = (values[row + 1 : row + 6] - base).ravel()
    np.testing.assert_allclose(batch.targets[0, LENGTH - 1], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"columns": ("c",)}, "no column 'c'"),
        ({"path": "/nowhere.csv"}, "/nowhere.csv"),
        ({"path": ""}, "source 'file' and a path go together"),
        ({"source": "airline"}, "source 'file' and a path go together"),
        ({"rows": (30, 15, 16)}, "together at most 60, got"),
        ({"rows": (30, 30)}, "rows must be those of training, validation and test"),
        ({"rows": (), "train_share": 0.9}, "leave a rest to test on"),
        ({"rows": (8, 15, 15)}, "length must be at least 1 and at most 5.*got 6"),
        ({"rows": (30, 15, 2)}, "the test split has 2 rows, too few for a horizon"),
        ({"season": 0, "relative_to": "season"}, "'season' needs a season"),
    ],
)
def test_what_cannot_be_forecast_is_refused(path, settings, said):
    given = {**SIZES, "source": "file", "path": str(path), **settings}
    with pytest.raises(UserError, match=said):
        make_series("test", BATCH, LENGTH, **given)


def test_a_constant_column_is_refused(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_text("x\n" + "1\n" * 40)
    with pytest.raises(UserError, match="column 'x' is constant in the training rows"):
        make_series("train", 1, 2, source="file", path=str(path))


@pytest.fixture(scope="module")
def etth1():
    if not (DATA / "ETTh1.csv.gz").is_file():
        pytest.skip("no timeseries/ETTh1.csv.gz in $HORIZON_DATA")
    return make_series("test", 64, 96, source="etth1", horizon=24)


def test_etth1_gives_the_errors_of_trivial_forecasters_that_were_published(etth1):
    trivial = etth1.facts["trivial"]
    assert trivial["last value"] == pytest.approx(1.222, abs=5e-4)
    # 0.4244 over all 2,857 origins. The trial's 0.425 leaves the last origin out,
    # as the next test works out.
    assert trivial["same hour, yesterday"] == pytest.approx(0.425, abs=1e-3)


def test_etth1_errors_are_those_worked_out_from_the_file(etth1):
    with gzip.open(DATA / "ETTh1.csv.gz", "rt") as file:
        lines = file.read().splitlines()[1:]
    rows = np.array([line.split(",")[1:] for line in lines], np.float64)
    z = (rows - rows[:8640].mean(0)) / rows[:8640].std(0)

    def errors(origins):
        truth = np.stack([z[origins + k] for k in range(1, 25)])
        yesterday = np.stack([z[origins + k - 24] for k in range(1, 25)])
        return np.mean((truth - z[origins]) ** 2), np.mean((truth - yesterday) ** 2)

    last, season = errors(np.arange(11519, 14400 - 24))
    trivial = etth1.facts["trivial"]
    assert trivial["last value"] == pytest.approx(last, rel=1e-9)
    assert trivial["same hour, yesterday"] == pytest.approx(season, rel=1e-9)
    without_the_last = errors(np.arange(11519, 14400 - 25))
    assert np.round(without_the_last, 3).tolist() == [1.222, 0.425]


def test_etth1_is_cut_at_12_4_and_4_months(etth1):
    assert etth1.facts["bounds"] == [0, 8640, 11520, 14400]
    assert etth1.interface.output_size == 24 * 7
