"""Files of a folder that plays the part of the Hub: laid down so that they last, named so that nothing leaves it."""

from __future__ import annotations

import errno
import fcntl
import filecmp
import getpass
import json
import os
import shutil
import time
from pathlib import Path, PurePosixPath
from typing import IO
from uuid import uuid4

from vitrina.durable import flush
from vitrina.repositories.repository import (
    KINDS,
    Kind,
    RepositoryError,
    RepositoryUnreachable,
    is_commit,
)

# A file system without symbolic links: FAT, a mounted bucket, Windows without the right to make them.
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
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


def account_here() -> str:
    """Of this machine; "unknown" where it has no name, as in containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def kind_told(folder: Path) -> Kind | None:
    """What the sign of the repository in a folder says; None where there is none, or none that can be read."""
    try:
        told = json.loads((folder / SIGN).read_bytes())
    except (OSError, ValueError):
        return None
    found = told.get("kind") if isinstance(told, dict) else None
    return found if found in KINDS else None


def names_in(folder: Path) -> dict[str, str]:
    """Name -> commit of the references that lie there, a file each. Raises OSError, ValueError for one that is none."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            found[path.name] = path.read_text(encoding="utf-8").strip()
            if not is_commit(found[path.name]):
                raise ValueError(path.name)
    return found


def put(place: Path, text: str) -> None:
    """Writes a small file in one step: who reads it meanwhile sees the one before."""
    partial = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, place)
    finally:
        partial.unlink(missing_ok=True)
    flush(place.parent)


def link(source: Path, place: Path) -> None:
    """The same file once more without its bytes: a hard link, else a symbolic one, else a copy after all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    real = source.resolve()
    try:
        os.link(real, place)
    except OSError:
        # No hard links here (a mounted bucket, FAT), or too many of this file (65,000 on ext4).
        try:
            place.symlink_to(os.path.relpath(real, place.parent))
        except OSError:
            lay(source, place)


def lead(folder: Path, name: str, commit: str) -> None:
    """FOLDER/name leads to the files of the commit, for whoever loads from a path and knows nothing of Vitrina.

    Nothing stands there where the file system has no symbolic links. A copy of the repository made with the links
    followed has folders instead: these give way. Raises OSError, RepositoryError as `require_leadable`.
    """
    place, target = folder / name, Path("commits") / commit
    if place.is_symlink() and Path(os.readlink(place)) == target:
        return
    require_leadable(folder, name)
    mark = uuid4().hex
    beside, aside = folder / f".{name}.{mark}", folder / f".{name}.{mark}.copy"
    try:
        beside.symlink_to(target, target_is_directory=True)
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
    try:
        if place.is_dir() and not place.is_symlink():
            os.replace(place, aside)
        if beside.is_symlink():
            os.replace(beside, place)
    finally:
        beside.unlink(missing_ok=True)
    for left in folder.glob(".*.copy"):
        shutil.rmtree(left)
    flush(folder)


def require_leadable(folder: Path, name: str) -> None:
    """Raises RepositoryError where FOLDER/name is a folder with files that lie in none of the commits."""
    place = folder / name
    if place.is_symlink() or not place.is_dir():
        return
    commits = [one for one in (folder / "commits").iterdir() if one.is_dir() and not one.name.startswith(".")]
    if not any(_are_alike(place, one) for one in commits):
        raise RepositoryError(
            f"{place} as a link to one of the commits",
            "a folder with other files than any of them",
            f"Move {place} away, then run the command again.",
        )


def _are_alike(one: Path, other: Path) -> bool:
    there = [
        {path.relative_to(place) for path in place.rglob("*") if path.is_file()} for place in (one, other)
    ]
    return there[0] == there[1] and all(
        filecmp.cmp(one / path, other / path, shallow=False) for path in there[0]
    )


def require_free(folder: Path) -> None:
    """Raises RepositoryError but for a new or empty folder; what a first try that was killed left there may stay."""
    there = folder.iterdir() if folder.is_dir() else ()
    if any(not path.name.startswith(f".{SIGN}.") for path in there):
        raise RepositoryError(
            f"a repository, or a new or empty folder, at {folder}",
            "a folder with other files",
            "Name another folder.",
        )


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


def wait_for(lock: IO[str], seconds: float, *, said: str) -> None:
    """The lock on an open file, which ends when that is closed. Raises RepositoryUnreachable after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as problem:
            if time.monotonic() > end:
                raise RepositoryUnreachable(
                    f"to be the only one who writes to {said}",
                    f"another one, for {seconds:g} seconds",
                    "Wait until it is done, or end it, then run the command again.",
                ) from problem
            time.sleep(0.05)


def damaged(name: str, path: str, problem: Exception) -> RepositoryError:
    """What is said of a file of the repository that cannot be read as it was written."""
    return RepositoryError(
        f"{path} of {name} as it was written",
        _found(problem),
        "Restore the folder from a copy, or publish the version again.",
    )


def unwritable(name: str, problem: OSError) -> RepositoryError:
    """What is said where the system lets nothing be written."""
    return RepositoryError(
        f"room to write in {name}",
        problem.strerror or type(problem).__name__,
        "Put that right, then run the command again.",
    )


def _found(problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return "no such file"
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    return "something else"
