"""20 Newsgroups "bydate": 18,846 Usenet messages of 1993 in 20 groups.

Collected by Ken Lang, cut by date and freed of duplicates by Jason Rennie; the
customary split is 11,314 messages to train and the 7,532 later ones to test. A message
is latin-1 and has its headers; records are in the order of the files' paths.
Messages hold people's addresses: show them through `lib.data.address` only.
"""

from collections.abc import Mapping

from lib.data.source import Records, Source


def _read(files: Mapping[str, bytes]) -> Records:
    records: Records = {"train": [], "test": []}
    for path in sorted(files):
        folder, group, _ = path.split("/")
        text = files[path].decode("latin-1")
        records[folder.rpartition("-")[2]].append({"text": text, "label": group})
    return records


NEWSGROUPS = Source(
    name="newsgroups",
    version="1.0.0",
    title="20 Newsgroups, split by date: messages in 20 groups",
    records="11,314 train and 7,532 test messages",
    licence="none stated; Usenet posts, customary research use",
    homepage="http://qwone.com/~jason/20Newsgroups/",
    citation="Lang (1995), NewsWeeder: Learning to filter netnews, ICML",
    size=35_854_868,
    downloads=(
        (
            "http://qwone.com/~jason/20Newsgroups/20news-bydate.tar.gz",
            "https://ndownloader.figshare.com/files/5975967",
        ),
    ),
    folder="20newsgroups",
    stems=("20news-bydate", "20newsbydate"),
    members=r"(?:^|/)(20news-bydate-(?:train|test)/[^/]+/\d+)$",
    features={"text": "text", "label": "text"},
    read=_read,
    digest="ff6e13d2ebba73d949e65c79b38a1415ec22812e2bc671f38a0b2688cb749b7d",
)
