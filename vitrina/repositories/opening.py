"""One door to every repository."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vitrina.repositories.folder_files import kind_told
from vitrina.repositories.repository import KINDS, Kind, Repository, RepositoryError

# The Hub's own rule for names: letters, digits, ".", "_", "-", one slash.
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def open_repository(address: str | Path, kind: Kind = "model", *, endpoint: str | None = None) -> Repository:
    """The repository at "org/name" on the Hub, or in a folder: "file:///srv/food", "./food", a `Path`.

    Nothing is read yet. `endpoint` is the Hub's address, else that of HF_ENDPOINT. A folder that is there is a folder,
    whatever its name looks like. Raises RepositoryError for an address that is neither.
    """
    folder = folder_of(address)
    if folder is not None:
        from vitrina.repositories.folder import FolderRepository

        return FolderRepository(folder, kind)
    from vitrina.repositories.hub import HubRepository

    return HubRepository(str(address), kind, endpoint=endpoint)


def find_repository(
    address: str | Path, kind: Kind | None = None, *, endpoint: str | None = None
) -> Repository:
    """The repository that is there, of `kind`; where none is said, of whatever kind it is. On the Hub several kinds may
    have one name: a model goes before a data set, that before a Space. A model's where there is none. Raises
    RepositoryError.
    """
    if kind is not None:
        return open_repository(address, kind, endpoint=endpoint)
    folder = folder_of(address)
    if folder is not None:
        return open_repository(folder, kind_told(folder) or "model")
    each = (open_repository(address, one, endpoint=endpoint) for one in KINDS)
    return next((one for one in each if one.exists()), open_repository(address, endpoint=endpoint))


def folder_of(address: str | Path) -> Path | None:
    """The folder that an address names; None for one of the Hub. Raises RepositoryError."""
    if isinstance(address, Path):
        return address.expanduser().absolute()
    text = address.strip()
    if text.startswith("file:"):
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise _refused(address)
        return Path(unquote(parts.path))
    if "\0" in text or not text:
        raise _refused(address)
    if _HUB.fullmatch(text) and not Path(text).is_dir():
        return None
    if text.startswith(("/", ".", "~")) or Path(text).is_dir():
        return Path(text).expanduser().absolute()
    raise _refused(address)


def _refused(address: str | Path) -> RepositoryError:
    return RepositoryError(
        "a repository: org/name on the Hub, or a folder as ./folder or file:///folder",
        repr(str(address))[:100],
        "Write it in one of these ways.",
    )
