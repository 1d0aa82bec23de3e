"""Small labelled texts in the place of the published ones, so that tests are quick."""

import contextlib
import random
from collections.abc import Iterator
from unittest import mock

from lib.data import newsgroups, spam

_COMMON = "the of and to a in is it you that this on we for with have from".split()
_OWN = {
    "sci.space": "orbit moon rocket launch shuttle".split(),
    "rec.autos": "car engine wheel dealer mileage".split(),
    "sci.med": "doctor patient disease diet pain".split(),
    "ham": "later lunch home sorry bus".split(),
    "spam": "free prize claim cash winner".split(),
}


def message(group: str, place: int, num_words: int = 14) -> str:
    """A text that holds words of its group among common ones, and an address."""
    choose = random.Random(f"{group} {place}")
    words = choose.choices(_COMMON, k=num_words) + choose.choices(_OWN[group], k=4)
    choose.shuffle(words)
    return f"user{place}@host.org {' '.join(words)}!"


def pairs(groups: tuple[str, ...], count: int) -> list[tuple[str, str]]:
    """`count` texts of each group with its name."""
    return [(message(g, i), g) for i in range(count) for g in groups]


def _records(name: str) -> dict[str, list[dict]]:
    def listed(groups: tuple[str, ...], start: int, stop: int) -> list[dict]:
        return [
            {"text": message(group, i), "label": group, "part": 1 + i % 10}
            for i in range(start, stop)
            for group in groups
        ]

    if name == "newsgroups":
        groups = ("sci.space", "rec.autos", "sci.med")
        return {"train": listed(groups, 0, 60), "test": listed(groups, 60, 90)}
    mixed = listed(("ham",), 0, 200) + listed(("spam",), 0, 50)
    return {"all": [*mixed, *mixed[:20]]}  # some are there twice


@contextlib.contextmanager
def small_texts() -> Iterator[None]:
    """Within it the published sets of labelled texts are small made-up ones."""
    makers = (newsgroups._corpus, spam._sms_spam, spam._ling_spam)
    makers += (spam._sms_folds, spam._ling_folds)
    with contextlib.ExitStack() as stack:
        for module in (newsgroups, spam):
            stack.enter_context(mock.patch.object(module, "load", _records))
            stack.enter_context(
                mock.patch.object(module, "fingerprint", lambda name: name)
            )
        for maker in makers:
            maker.cache_clear()
        yield
        for maker in makers:
            maker.cache_clear()
