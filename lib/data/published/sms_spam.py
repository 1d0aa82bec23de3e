"""SMS Spam Collection v.1: 5,574 English text messages, 4,827 ham and 747 spam.

One line a message, "ham" or "spam", a tab, the message; in the order of the file. 403
messages repeat an earlier one: remove them before splitting.
"""

from collections.abc import Mapping

from lib.data.source import Records, Source


def _read(files: Mapping[str, bytes]) -> Records:
    [content] = files.values()
    lines = content.decode().removesuffix("\n").split("\n")
    pairs = [line.split("\t", 1) for line in lines]
    return {"all": [{"text": text, "label": label} for label, text in pairs]}


SMS_SPAM = Source(
    name="sms_spam",
    version="1.0.0",
    title="SMS Spam Collection: text messages, spam or ham",
    records="5,574 messages: 4,827 ham and 747 spam",
    licence="its readme: free to use, cite the paper",
    homepage="https://archive.ics.uci.edu/dataset/228/sms+spam+collection",
    citation="Almeida, Gomez Hidalgo & Yamakami (2011), Contributions to the study of "
    "SMS spam filtering: new collection and results, DocEng",
    size=477_907,
    downloads=(
        (
            "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
            "https://archive.ics.uci.edu/ml/machine-learning-databases/00228/"
            "smsspamcollection.zip",
        ),
    ),
    folder="sms_spam",
    stems=("SMSSpamCollection", "sms+spam+collection", "smsspamcollection"),
    members=r"(?:^|/)(SMSSpamCollection)(?:\.txt)?$",
    features={"text": "text", "label": "text"},
    read=_read,
    digest="7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
)
