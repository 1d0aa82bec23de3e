"""A disk that forgets: every state that a power cut may leave of a series of writes.

Names and contents are kept twice, as programs see them and as the platters have them;
`fsync` of a file carries its content over, `fsync` of a folder its names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Node:
    """A file or folder: what was written, and what of it is durable."""

    content: bytes | None = None  # None: a folder
    durable_content: bytes = b""
    names: dict[str, "Node"] = field(default_factory=dict)
    durable_names: dict[str, "Node"] = field(default_factory=dict)


class Disk:
    """Carries out `lib.store.files`' five steps for real, and remembers each."""

    def __init__(self, root: Path, patch, files):
        self.root, self.steps = root, []
        for name in ("write_new", "sync", "rename", "unlink", "remove_tree"):
            patch.setattr(files, name, self._recorded(name, getattr(files, name)))
        patch.setattr(files, "sync_folder", files.sync)

    def _recorded(self, name, real):
        def step(path, *rest):
            real(path, *rest)
            if name == "write_new":  # it syncs the content itself
                self.steps.append(("write", path, *rest))
                self.steps.append(("sync", path))
            else:
                self.steps.append((name, path, *rest))

        return step

    def write_unsynced(self, path: Path, content: bytes) -> None:
        """As a library may write, which leaves the syncing to its caller."""
        path.write_bytes(content)
        self.steps.append(("write", path, content))

    def cuts(self, folder: Path) -> Iterator[tuple[int, Path]]:
        """Each number of steps done, with a folder as a power cut then leaves it."""
        for count in range(len(self.steps) + 1):
            top = Node()
            for name, *arguments in self.steps[:count]:
                self._apply(top, name, *arguments)
            for names in ("names", "durable_names"):
                for part in (0.0, 0.5, 1.0):
                    place = folder / f"{count}-{names}-{part}"
                    _leave(top, place, names, part)
                    yield count, place

    def _apply(self, top: Node, name: str, path: Path, *rest) -> None:
        if name == "sync":
            node = self._find(top, path)
            node.durable_content = node.content or b""
            node.durable_names = dict(node.names)
            return
        parent, last = self._find(top, path.parent), path.name
        if name == "write":
            parent.names[last] = Node(rest[0])
        elif name == "rename":
            self._find(top, rest[0].parent).names[rest[0].name] = parent.names.pop(last)
        else:
            parent.names.pop(last, None)

    def _find(self, top: Node, path: Path) -> Node:
        node = top
        for part in path.relative_to(self.root).parts:
            node = node.names.setdefault(part, Node())
        return node


def _leave(node: Node, place: Path, names: str, part: float) -> None:
    place.mkdir(parents=True)
    for name, child in getattr(node, names).items():
        if child.content is None:
            _leave(child, place / name, names, part)
        elif child.durable_content == child.content:
            (place / name).write_bytes(child.content)
        else:
            (place / name).write_bytes(child.content[: int(part * len(child.content))])
