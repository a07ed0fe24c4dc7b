"""The door through which collections of pictures come in, one file per source format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vitrina.errors import BadRequest, NotFound
from vitrina.readers.folder import read_folder
from vitrina.readers.item import FolderSource, Item, Skipped

__all__ = ["READERS", "FolderSource", "Item", "Skipped", "open_source", "read_folder"]

# (what it reads, whether a path is that, the reader); the first that fits decides.
READERS: tuple[tuple[str, Callable[[Path], bool], Callable[[Path], FolderSource]], ...] = (
    ("a folder of pictures", Path.is_dir, read_folder),
)


def open_source(path: Path) -> FolderSource:
    """Read `path` with the reader that fits.

    Raises NotFound where nothing is there, BadRequest where no reader fits.
    """
    readable = " or ".join(what for what, _, _ in READERS)
    if not path.exists():
        raise NotFound(readable, f"nothing at {path}", "Check the path for a typing error.")
    for _, fits, read in READERS:
        if fits(path):
            return read(path)
    raise BadRequest(readable, f"a file, {path.name}", "Name the folder that holds the pictures.")
