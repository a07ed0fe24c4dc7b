"""Files of a folder that plays the part of the Hub: laid down so that they last, named so that nothing leaves it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from vitrina.repositories.repository import RepositoryError

# What says that a folder is a repository.
SIGN = "repository.json"


def lay(content: Path | bytes, place: Path) -> None:
    """Writes a file of bytes, or a copy of one, read-only, on the disk when this returns."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
    place.chmod(0o444)


def link(source: Path, place: Path) -> None:
    """The same file once more, without its bytes where the file system can."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, place)
    except OSError:
        # No hard links here (another file system, FAT): the same bytes once more.
        lay(source, place)


def require_path(path: str) -> None:
    """Raises RepositoryError for a path that leads outside, or is none."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or "\0" in path or {"..", "."} & set(parts):
        raise RepositoryError(
            "paths inside the repository", repr(path)[:100], "Name files relative to its top, without '..'."
        )


def require_name(name: str) -> None:
    """Raises RepositoryError for what cannot name a branch or a tag."""
    plain = bool(name) and not name.startswith(".") and all(sign.isalnum() or sign in "._-" for sign in name)
    if not plain or name in ("commits", "refs", SIGN):
        raise RepositoryError(
            "a name of letters, digits, '.', '_' and '-'", repr(name)[:100], "Choose a plain one."
        )


def flush(path: Path) -> None:
    """What was renamed or made in a folder, or written to a file, is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
