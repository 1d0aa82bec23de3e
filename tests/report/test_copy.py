"""A report copied into a folder of documents."""

from lib.report.copy import copy_report
from lib.report.figure import new_figure, save_drawing


def draw(narrow):
    figure = new_figure(1.0, 1.0)
    figure.subplots()
    return figure


def test_a_copy_holds_the_tables_and_every_figure_and_no_older_one(tmp_path):
    report, folder = tmp_path / "report", tmp_path / "docs"
    (report / "figures").mkdir(parents=True)
    (report / "tables.md").write_text("# Title\n\n| a |\n|---|\n| 1 |\n")
    said = "Mean score of all models. Median horizons: gru: 16 [≥ 16, 32]. Five seeds."
    save_drawing(report / "figures", "recall-mean", draw, said)
    folder.mkdir()
    (folder / "gone.png").write_bytes(b"of an earlier report")
    page = copy_report(report, folder)
    text = page.read_text()
    assert text.startswith("# Title\n\n| a |\n|---|\n| 1 |\n")
    said = "Mean score of all models. Median horizons: gru: 16 (≥ 16, 32). Five seeds."
    picture = f"![{said}](recall-mean.png)\n\n*recall: Mean score of all models*\n"
    assert text.endswith(picture)
    assert sorted(f.name for f in folder.iterdir()) == ["recall-mean.png", "report.md"]
    drawn = report / "figures/recall-mean.png"
    assert (folder / "recall-mean.png").read_bytes() == drawn.read_bytes()
