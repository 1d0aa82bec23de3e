"""Addresses are found however they are written, and nothing else is lost."""

import time

import pytest

from lib.data.address import find_addresses, mask_addresses, mask_pieces

MASKED = {
    "mail ann.li+x@host.edu, now": "mail [e-mail], now",
    "From: <ann@host.edu>": "From: <[e-mail]>",
    "From: ann@host.edu (Ann Li)": "From: [e-mail] (Ann Li)",
    '"Ann Li"@host.edu': "[e-mail]",
    "mailto:ann@host.edu": "mailto:[e-mail]",
    "ann@[128.3.4.5]": "[e-mail]",
    "ann%vax@relay.org": "[e-mail]",
    "Message-ID: <1993Apr5.1@news.edu>": "Message-ID: <[e-mail]>",
    "mail ann @ host . edu now": "mail [e-mail] now",
    "mail ann . li @ cs . host . edu , now": "mail [e-mail] , now",
    "mail ann @host.edu now": "mail [e-mail] now",
    "mail ann@\nhost.edu now": "mail [e-mail] now",
    "ann (at) host (dot) edu": "[e-mail]",
    "ann [AT] host.edu": "[e-mail]",
    "Path: uunet!relay!ann": "Path: [e-mail]",
    "follow @ann_li": "follow [e-mail]",
    "ftp://ann:secret@host.edu/x": "ftp://[user]/x",
    "http://host.edu/~ann/a.html": "http://host.edu/[user]/a.html",
    "call 555-123-4567.": "call [phone].",
    "call +44 (0)20 7946 0958 now": "call [phone] now",
    "call 08001234567now": "call [phone]now",
    "call (555) 123 4567": "call [phone]",
    "\N{LATIN SMALL LETTER E WITH ACUTE}va@host.edu": "[e-mail]",
}
KEPT = """
meet @ home at 5
Great!See you, really!
5 for 3.50, 1,000,000 of them
1993-04-15 or 15/04/1993
on 2/3 and 4/5 at 10:30
look at host.edu
Hello :-) <b> [1] {x}
""".strip().splitlines()


@pytest.mark.parametrize("text", MASKED)
def test_an_address_is_masked(text):
    assert mask_addresses(text) == MASKED[text]


@pytest.mark.parametrize("text", KEPT)
def test_other_text_is_kept(text):
    assert mask_addresses(text) == text


def test_addresses_are_in_order_and_do_not_overlap():
    text = " ".join(MASKED)
    found = find_addresses(text)
    bounds = [bound for address in found for bound in address[:2]]
    assert bounds == sorted(bounds)
    assert len(found) >= len(MASKED) - 1  # two may run into each other


def test_masking_a_masked_text_changes_nothing():
    masked = mask_addresses("\n".join(MASKED))
    assert mask_addresses(masked) == masked


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_pieces_of_a_text_are_masked_as_the_whole_is(size):
    text = " and ".join(MASKED)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    shown = mask_pieces(pieces)
    assert len(shown) == len(pieces)
    assert "".join(shown) == mask_addresses(text)


@pytest.mark.parametrize(
    "unit", ["a", "-", "1", "a@", "1 ", '"', "a!", "( ", "a . ", "a (at", "@", "://a"]
    + [" ", "@ a . ", "~/", "a (at) b.", "(at) ", "+", '"a"@', "1-", "\t", "@ a", "://"],
)  # fmt: skip
def test_the_time_is_linear_in_any_text(unit):
    text = "a" + unit * 100_000 + "b"
    start = time.process_time()
    mask_addresses(text)
    assert time.process_time() - start < 4  # a quadratic pattern takes minutes
