"""The table of data sets: what each is, its licence, and where it comes from."""

from lib.data.published import DATASETS
from lib.data.source import Source
from lib.markdown import table

_COLUMNS = ("name", "what", "records", "licence", "unpacked bytes", "source")


def data_set_table() -> list[str]:
    """One row for each published data set that can be prepared."""
    return table(_COLUMNS, [_row(name, source) for name, source in DATASETS.items()])


def _row(name: str, source: Source) -> list[str]:
    addresses = [
        " or ".join(f"<{address}>" for address in addresses)
        for addresses in source.downloads
    ]
    what = f"[{source.title}]({source.homepage}); {source.citation}"
    size, places = f"{source.size:,}", " ".join(addresses)
    return [f"`{name}`", what, source.records, source.licence, size, places]
