"""Reads a report's page as a browser would, without one."""

from html.parser import HTMLParser

from lib.report.collect import collect
from lib.report.score import model_scores

ALLOWED = set(
    "html head meta title style body header h1 h2 h3 h4 p nav a main section div table "
    "thead tbody tr th td small figure picture source img figcaption pre details "
    "summary dl dt dd span".split()
)


class Page(HTMLParser):
    """Every element with its attributes, and the text between them."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def recall(store):
    """The models of the part `recall`, by label."""
    runs = [run for run in collect(store, "horizon").replicates if run.part == "recall"]
    return {model.label: model for model in model_scores(runs)}
