"""Where people's addresses lie in a text, and the text without them.

Whatever shows a message masks it first. Found are e-mail addresses, written whole, in
pieces as tokenizers leave them ("ann @ host . edu") or in words ("ann (at) host");
message ids; routes of older mail (a!b!ann); user names in URLs; and telephone numbers,
with any other run of seven digits or more that is no date. It errs on the side of
masking: a handle, a serial number or a long decimal goes as well. Names of people are
not addresses and stay.

Every pattern begins with a literal, from where it is extended to the left over a
bounded window, so that the time is linear in the text, whatever it holds.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Address(NamedTuple):
    """An address as text[start:stop], and what is shown in its place."""

    start: int
    stop: int
    mask: str


_WINDOW = 128  # characters to the left that are looked at
_WORD = r"[^\s<>()\[\]{}\"',;:@]"
_HOST = r"[^\s<>()\[\]{}\"',;:@/]"
_NAME = r"[\w-]+"
_DOT = r"(?:[ ]\.[ ]|\.)"
_OPEN, _CLOSE = r"[(\[<{]\s?", r"\s?[)\]>}]"

# What follows, and what stands before it, read backwards.
_URL_USER = re.compile(r"://[^\s/?#@]{0,256}@[^\s/?#]+")
_HOME = re.compile(r"/~[\w.-]+")
_AT_DOMAIN = rf"@\s{{0,2}}{_NAME}(?:{_DOT}{_NAME}){{0,16}}{_DOT}[A-Za-z]{{2,}}{_HOST}*"
_AT_WORD = rf"@(?:\[[\d.]+\]|{_HOST}+(?:@{_HOST}*)*)"
_AT = re.compile(rf"(?P<domain>{_AT_DOMAIN})|{_AT_WORD}")
_SPELT = re.compile(
    rf"{_OPEN}(?i:at){_CLOSE}\s?{_NAME}"
    rf"(?:\s?(?:\.|{_OPEN}(?i:dot){_CLOSE})\s?{_NAME}){{0,16}}"
)
_ROUTE = re.compile(r"![\w.%-]+(?:![\w.%-]+)+")
_DIGITS = re.compile(r"\d(?:[ \t().\-/]{0,3}\d){6,}")
_DATE = re.compile(
    r"(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d"
)
_TIGHT = re.compile(rf"\"[^\"\n]{{1,64}}\"|{_WORD}*")
_SPACED = re.compile(rf"[ \t]{{0,2}}(?:{_WORD}+(?:[ ]\.[ ]{_NAME}){{0,8}})?")
_RELAY = re.compile(r"[\w.-]*")
_PLUS = re.compile(r"[+(]{0,2}")


def find_addresses(text: str) -> list[Address]:
    """The addresses in a text from its start to its end; none overlap."""
    found: list[Address] = []
    for address in sorted(_candidates(text)):
        if found and address.start < found[-1].stop:
            stop = max(found[-1].stop, address.stop)
            found[-1] = found[-1]._replace(stop=stop)
        else:
            found.append(address)
    return found


def mask_addresses(text: str) -> str:
    """The text with [e-mail], [phone] or [user] in the place of every address."""
    parts, stop = [], 0
    for address in find_addresses(text):
        parts += [text[stop : address.start], address.mask]
        stop = address.stop
    return "".join(parts) + text[stop:]


def mask_pieces(pieces: Sequence[str]) -> list[str]:
    """The pieces of a text, with the addresses of the whole text masked.

    The piece in which an address begins has its mask, what else of it is gone.
    """
    text, shown, start = "".join(pieces), [], 0
    addresses = find_addresses(text)
    for piece in pieces:
        parts, at, stop = [], start, start + len(piece)
        for address in addresses:
            if at < address.stop and address.start < stop:
                parts.append(text[at : max(at, address.start)])
                if start <= address.start:
                    parts.append(address.mask)
                at = min(address.stop, stop)
        shown.append("".join([*parts, text[at:stop]]))
        start = stop
    return shown


def _candidates(text: str) -> Iterator[Address]:
    def before(start: int, pattern: re.Pattern[str]) -> int:
        """Where what the pattern finds, read backwards from `start`, begins."""
        backwards = text[max(0, start - _WINDOW) : start][::-1]
        match = pattern.match(backwards)
        return start - match.end() if match else start

    for match in _URL_USER.finditer(text):
        yield Address(match.start() + len("://"), match.end(), "[user]")
    for match in _HOME.finditer(text):
        yield Address(match.start() + len("/"), match.end(), "[user]")
    for match in _AT.finditer(text):
        left = _SPACED if match["domain"] else _TIGHT
        start = min(before(match.start(), p) for p in (left, _TIGHT))
        yield Address(start, match.end(), "[e-mail]")
    for match in _SPELT.finditer(text):
        yield Address(before(match.start(), _SPACED), match.end(), "[e-mail]")
    for match in _ROUTE.finditer(text):
        if (start := before(match.start(), _RELAY)) < match.start():
            yield Address(start, match.end(), "[e-mail]")
    for match in _DIGITS.finditer(text):
        if not _DATE.fullmatch(match[0]):
            yield Address(before(match.start(), _PLUS), match.end(), "[phone]")
