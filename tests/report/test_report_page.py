"""The page of a made-up sweep: what it says, and that it is only a page."""

from page_reader import ALLOWED, Page, recall
from synthetic_store import HOSTILE, write_store

from lib.report import write_report
from lib.report.collect import collect
from lib.report.expected import compare_expected

FIGURES = ("recall-horizon", "recall-score", "recall-mean", "python-docs-context")
FIGURES += ("python-docs-curves", "python-docs-free-running")


def test_page_has_no_script_and_loads_nothing(page):
    assert {tag for tag, _ in page.tags} <= ALLOWED
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "srcset"):
            assert attributes.get(name, "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")


def test_page_shows_horizons_rates_and_seeds(page):
    assert "lstm, chrono ≥ 256 [≥ 256, ≥ 256] ≥ 256 5/5 [0.57, 1.00]" in page.text
    assert "window_mlp 32 [32, 32] 32 0/5 [0.00, 0.43]" in page.text
    assert "3 of 5" in page.text
    assert "187 of 190 runs done, of which 1 diverged; 1 failed, 2 pending" in page.text
    assert "learned to remember within this budget" in page.text
    assert "out of memory: 2 GiB" in page.text


def test_models_stand_from_the_longest_memory_to_the_shortest(store):
    order = list(recall(store))
    assert order == "lstm, chrono|lru|rnn|tcn|window_mlp|lstm|gru".split("|")


def test_diverged_and_failed_runs_score_0_and_only_waiting_ones_are_missing(store):
    models = recall(store)
    assert models["rnn"].scores[2][128] == 0.0
    assert models["gru"].scores[1][128] == 0.0
    assert models["gru"].lost == {(1, 128)} and models["rnn"].lost == {(2, 128)}
    assert models["gru"].missing() == {}
    assert models["lru"].missing() == {128: 2}


def test_text_parts_show_effective_context_and_a_sample_each(page):
    bits = "2.486 [2.484, 2.490]"  # 1.723 / ln 2
    losses = "rnn 1.723 [1.721, 1.726] 1.723 [1.721, 1.726]"
    assert f"{losses} {bits} 128 [128, 128]" in page.text
    assert sum(tag == "pre" for tag, _ in page.tags) == 3 + 3  # passages, samples
    assert "The following <methods> are & called" in page.text


def test_a_text_part_says_what_is_in_the_text(page):
    assert "train 418,000 0 %" in page.text
    assert "validation 23,000 0.12 %" in page.text
    assert "96 characters known" in page.text
    assert "The commonest: ␣ 21.0 %, e 8.0 %, ⏎ 3.0 %, < 0.1 %." in page.text


def test_the_symbols_of_a_passage_are_tinted_by_their_loss(page):
    tints = [a for tag, a in page.tags if tag == "span" and "nats" in a["title"]]
    passage = [a for a in tints if not a["title"].startswith("from")]
    assert [a["class"] for a in passage[:8]] == [f"nats{i}" for i in range(8)]
    assert passage[3]["title"] == "1.50 nats"
    assert "2.58 nats in the mean a < b > & ⏎ c" in page.text


def test_figures_hold_their_labels_as_text(store):
    folder = store / "report" / "horizon" / "figures"
    for stem in FIGURES:
        assert (folder / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / f"{stem}-narrow.svg").is_file()
        svg = (folder / f"{stem}.svg").read_text()
        assert ">rnn</text>" in svg
        assert "<script" not in svg and "<dc:date>" not in svg
    assert (
        ">score (0 floor, 1 optimum)</text>"
        in (folder / "recall-score.svg").read_text()
    )
    assert (
        ">horizon (tokens; upright stroke: what a model sees)</text>"
        in (folder / "recall-horizon.svg").read_text()
    )


def test_names_from_data_stay_text(tmp_path):
    store = write_store(tmp_path, hostile=True, models=["gru"])
    path = write_report(store, "horizon")
    page = Page(path)
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert HOSTILE in page.text
    assert not any("onerror" in attributes for _, attributes in page.tags)
    for svg in (path.parent / "figures").glob("*.svg"):
        assert "<img" not in svg.read_text()


def test_expected_numbers_have_a_verdict_each(store):
    found = compare_expected(collect(store, "horizon"))
    verdicts = [(item.metric, item.verdict) for item in found]
    assert verdicts == [
        ("test/score", "reached"),
        ("test/score", "reached"),
        ("test/score", "above"),
        ("horizon", "reached"),
        ("validation/loss", "below"),
        ("test/score", "missing"),
    ]
    assert found[3].reached == ">= 256"
