"""A published data set from its original address."""

import http.client
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from lib.data.archive import LIMIT
from lib.data.file_set import holds_any
from lib.data.source import Source
from lib.error import UserError

_TIMEOUT = 30  # seconds without an answer


def download(source: Source, folder: Path) -> list[Path]:
    """Fetch the published files into a folder, each from the first address that works.

    Raises:
      UserError: none of a file's addresses gives a file of the set; says why of each.
    """
    # Not by TFDS: it retries for three minutes before it says that one is offline.
    return [_fetch(source, addresses, folder) for addresses in source.downloads]


def _fetch(source: Source, addresses: Iterable[str], folder: Path) -> Path:
    problems = []
    for address in addresses:
        path = folder / Path(urllib.parse.urlsplit(address).path).name
        try:
            path.write_bytes(_content(address))
            if holds_any(source, path):
                return path
            problems.append(f"{address}: holds no file of the set")
        except (OSError, http.client.HTTPException) as error:
            problems.append(f"{address}: {error}")
        except UserError as error:  # such as a page of excuses or half an archive
            problems.append(f"{address}: {error}".replace(f"{path}: ", ""))
    reason = "; ".join(problem.rstrip(".") for problem in problems)
    raise UserError(f"{source.name}: cannot download {reason}; give --manual_dir.")


def _content(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"User-Agent": "horizon"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
        content = answer.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise UserError(f"more than {LIMIT:,} bytes")
    return content
