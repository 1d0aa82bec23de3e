"""A report as Markdown with pictures, for a folder of documents."""

from pathlib import Path

from lib.report.file import replace_file


def copy_report(report: Path, folder: Path) -> Path:
    """Put a report's tables and figures into a folder; returns the Markdown page.

    `report` is <store>/report/<sweep>. The page, report.md, is its tables.md with every
    figure below; figures of an earlier copy that this report lacks are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = sorted((report / "figures").glob("*.png"))
    for old in set(folder.glob("*.png")) - {folder / f.name for f in figures}:
        old.unlink()
    for figure in figures:
        replace_file(folder / figure.name, figure.read_bytes())
    pictures = [_picture(figure) for figure in figures]
    text = (report / "tables.md").read_text()
    page = folder / "report.md"
    replace_file(page, "\n".join([text, "## Figures\n", *pictures]).encode())
    return page


def _picture(figure: Path) -> str:
    """A picture in Markdown, with what it says of itself."""
    from PIL import Image

    with Image.open(figure) as opened:
        shown = str(opened.info.get("Description", ""))
    place = figure.stem.rpartition("-")[0].replace("-", " ")
    alternative = shown.replace("[", "(").replace("]", ")")
    return f"![{alternative}]({figure.name})\n\n*{place}: {shown.partition('. ')[0]}*\n"
