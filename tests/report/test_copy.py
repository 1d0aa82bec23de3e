"""A report copied into a folder of documents."""

from lib.report.copy import copy_report


def test_a_copy_holds_the_tables_and_every_figure_and_no_older_one(tmp_path):
    report, folder = tmp_path / "report", tmp_path / "docs"
    (report / "figures").mkdir(parents=True)
    (report / "tables.md").write_text("# Title\n\n| a |\n|---|\n| 1 |\n")
    (report / "figures/recall-mean.png").write_bytes(b"new")
    (report / "figures/recall-mean.svg").write_bytes(b"vector")
    folder.mkdir()
    (folder / "gone.png").write_bytes(b"of an earlier report")
    page = copy_report(report, folder)
    text = page.read_text()
    assert text.startswith("# Title\n\n| a |\n|---|\n| 1 |\n")
    assert "![recall mean](recall-mean.png)" in text
    assert sorted(f.name for f in folder.iterdir()) == ["recall-mean.png", "report.md"]
    assert (folder / "recall-mean.png").read_bytes() == b"new"
