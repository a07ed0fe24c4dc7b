"""What names a model."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vitrina.errors import ModelUnavailable
from vitrina.repositories.folder import is_folder_repository
from vitrina.repositories.opening import folder_of
from vitrina.repositories.repository import RepositoryError

_REVISION = r"[\w./-]+"
# The Hub's own rule for names: letters, digits, ".", "_", "-", one slash.
_HUB = re.compile(
    rf"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>{_REVISION}))?", re.ASCII
)
_FOLDER = re.compile(rf"(?P<name>.+)@(?P<revision>{_REVISION})", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A bundled name, a folder, a Hub id or a folder that is a repository; "scratch" stands for a new model, which is
    never read.

    `name` is "efficientnet-lite0" (bundled), a path (folder), "org/name" (hub), "file:///srv/food" (repository) or
    "resnet-18" (scratch); `revision` is a branch, tag or commit of a hub or repository, "main" where it is None.
    """

    kind: Literal["bundled", "folder", "hub", "repository", "scratch"]
    name: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str | Path) -> ModelReference:
        """Read "bundled/efficientnet-lite0", "path/to/folder", "org/name", "org/name@revision", and of a folder that
        is a repository "path/to/folder", "path/to/folder@revision" or "file:///path/to/folder@revision".

        A folder that exists is a folder, whatever its name looks like; so is a `Path`, a text without
        exactly one slash, and one that begins with ".", "~" or a slash. Raises ModelUnavailable for an
        empty text, an address that is none.
        """
        if isinstance(text, Path):
            return cls._in(str(text))
        stripped = text.strip()
        if not stripped or "\0" in stripped:
            raise ModelUnavailable(
                "the name of a model",
                repr(text),
                "Write bundled/efficientnet-lite0, a folder, or org/name@revision.",
            )
        if stripped.startswith("bundled/"):
            return cls("bundled", stripped.removeprefix("bundled/"))
        if stripped.startswith("file:"):
            return cls._at(stripped)
        hub = _HUB.fullmatch(stripped)
        if hub is None or Path(stripped).is_dir() or is_folder_repository(Path(hub["name"])):
            return cls._in(stripped)
        return cls("hub", hub["name"], hub["revision"])

    @classmethod
    def _in(cls, text: str) -> ModelReference:
        whole, parted = Path(text).expanduser(), _FOLDER.fullmatch(text)
        if is_folder_repository(whole):
            return cls("repository", whole.absolute().as_uri())
        if parted is not None and not whole.exists():
            before = Path(parted["name"]).expanduser()
            if is_folder_repository(before):
                return cls("repository", before.absolute().as_uri(), parted["revision"])
        return cls("folder", text)

    @classmethod
    def _at(cls, address: str) -> ModelReference:
        whole, parted = _path(address), _FOLDER.fullmatch(address)
        if parted is not None and not whole.exists():
            return cls("repository", _path(parted["name"]).as_uri(), parted["revision"])
        if is_folder_repository(whole) or not whole.exists():
            return cls("repository", whole.as_uri())
        return cls("folder", str(whole))

    @property
    def is_versioned(self) -> bool:
        """Whether it names a version of a repository, on the Hub or in a folder."""
        return self.kind in ("hub", "repository")

    def at(self, revision: str | None) -> ModelReference:
        """The same repository at another revision."""
        return replace(self, revision=revision)

    def __str__(self) -> str:
        if self.kind in ("bundled", "scratch"):
            return f"{self.kind}/{self.name}"
        return self.name if self.revision is None else f"{self.name}@{self.revision}"


def _path(address: str) -> Path:
    try:
        path = folder_of(address)
    except RepositoryError as error:
        raise ModelUnavailable(error.expected, error.found, error.next_step) from error
    assert path is not None
    return path
