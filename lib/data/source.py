"""What a published data set is: where it comes from, what it holds, how it is read."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

Record = dict[str, Any]
Records = dict[str, list[Record]]  # by split, in an order that packing cannot change
# frames: uint8 [T, 88]; pictures of one size: uint8 [N, H, W, C]; bytes: uint8 [N]
Feature = Literal["text", "integer", "frames", "pictures", "bytes"]


class Source(NamedTuple):
    """One published data set.

    `members` is a regular expression that finds the files that matter in whatever
    folder or archive they lie; its first group is a file's path without the folders
    above. `read` makes records by split of those files' bytes by path.

    `digest` is `lib.data.archive.content_digest` of the files. A set that is published
    in parts has `known` instead: the SHA-256 of each known file by path. A file may
    then be absent, and one that is not listed is taken as it is; what was found is told
    apart by the fingerprint.
    """

    name: str
    version: str
    title: str
    records: str  # how many of what
    licence: str
    homepage: str
    citation: str
    size: int  # bytes of the files that matter, unpacked
    downloads: tuple[tuple[str, ...], ...]  # a row a file: addresses to try in order
    folder: str  # under $HORIZON_DATA
    stems: tuple[str, ...]  # names of its files or archives, without packing suffixes
    members: str
    features: Mapping[str, Feature]
    read: Callable[[Mapping[str, bytes]], Records]
    digest: str = ""
    known: Mapping[str, str] = {}

    def key(self, path: str) -> str:
        """A member's path from where the set begins; "" for one that is not of it."""
        found = re.search(self.members, path)
        return found[1] if found else ""
