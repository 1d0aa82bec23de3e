"""Ling-Spam, "bare": 2,893 mails of a linguists' list, 481 of them spam, in 10 parts.

The parts are the folds of the authors' cross-validation. A file whose name begins with
"spmsg" is spam; the first line is "Subject: ...". Records are in the order of part and
file name.
"""

from collections.abc import Mapping

from lib.data.source import Records, Source


def _read(files: Mapping[str, bytes]) -> Records:
    rows = []
    for path, content in files.items():
        folder, name = path.split("/")[-2:]
        label = "spam" if name.startswith("spmsg") else "ham"
        part = int(folder.removeprefix("part"))
        record = {"text": content.decode("latin-1"), "label": label, "part": part}
        rows.append((part, name, record))
    return {"all": [record for *_, record in sorted(rows, key=lambda row: row[:2])]}


LING_SPAM = Source(
    name="ling_spam",
    version="1.0.0",
    title="Ling-Spam, bare: mails of a linguists' list, spam or ham",
    records="2,893 messages: 2,412 ham and 481 spam, in 10 parts",
    licence="its readme: free for research, acknowledge and notify the authors",
    homepage="http://www.aueb.gr/users/ion/publications.html",
    citation="Androutsopoulos et al. (2000), An evaluation of naive Bayesian anti-spam "
    "filtering, ECML workshop on machine learning in the new information age",
    size=9_468_242,
    downloads=(("http://www.aueb.gr/users/ion/data/lingspam_public.tar.gz",),),
    folder="ling_spam",
    stems=("lingspam_bare", "lingspam_public"),
    members=r"(?:^|/)(bare/part\d+/[^/]+\.txt)$",
    features={"text": "text", "label": "text", "part": "integer"},
    read=_read,
    digest="4e8b88db012826c1b027b8175240c817669aac0b3a7353dc73cfc836076abdcb",
)
