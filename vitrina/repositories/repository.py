"""What a repository can do, wherever it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from vitrina.errors import VitrinaError

Kind = Literal["model", "dataset", "space"]
KINDS: tuple[Kind, ...] = ("model", "dataset", "space")
# What a commit is called: 40 hexadecimal digits, on the Hub and in a folder.
COMMIT_LENGTH = 40


class RepositoryError(VitrinaError):
    """A repository that does not hold, or does not take, what it should."""


class RepositoryUnreachable(RepositoryError):
    """A repository that does not answer; what was asked of it may or may not have happened."""


class RepositoryChanged(RepositoryError):
    """Somebody else was faster: the branch is no longer where it was."""


class StoredFile(NamedTuple):
    """`size` in bytes; `sha256` as 64 hex digits, None where the far end does not tell it (small files of the Hub)."""

    size: int
    sha256: str | None


class References(NamedTuple):
    """Names of branches and tags -> their commits."""

    branches: dict[str, str]
    tags: dict[str, str]


@dataclass(frozen=True)
class Change:
    """What one commit does: files `added` or replaced (from a path, or bytes), `removed`, and `copied` from the
    commit that is told beside their path."""

    added: Mapping[str, Path | bytes] = field(default_factory=dict)
    removed: Sequence[str] = ()
    copied: Mapping[str, str] = field(default_factory=dict)


class Repository(Protocol):
    """One repository. Every method may raise RepositoryUnreachable and RepositoryError (refused, no such thing)."""

    @property
    def kind(self) -> Kind: ...

    @property
    def name(self) -> str:
        """ "org/name" on the Hub, else the folder's path."""

    def exists(self) -> bool: ...

    def account(self) -> str:
        """Who writes to it: the account of the token on the Hub, of the machine for a folder."""

    def create(self, *, private: bool) -> None:
        """Makes it; one that is there stays as it is."""

    def is_private(self) -> bool:
        """Whether strangers cannot read it; of a folder, True: the system says who may."""

    def references(self) -> References: ...

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, a tag or a commit names; None where there is none."""

    def settle(self) -> None:
        """Before something is moved: what is kept beside the references is as they are, whatever was cut off."""

    def files(self, revision: str) -> dict[str, StoredFile]:
        """Path -> what is stored, in the order of the paths."""

    def read(self, path: str, *, revision: str) -> bytes: ...

    def hashes(self, revision: str) -> dict[str, str]:
        """Path -> SHA-256 of the bytes that lie there now."""

    def altered(self, revision: str) -> set[str]:
        """Paths whose bytes are no longer those that were committed: a folder is open to every editor and disk."""

    def download(
        self, revision: str, *, wanted: Sequence[str] | None = None, fresh: Path | None = None
    ) -> Path:
        """A local folder with the files, those that match `wanted` (patterns as in `fnmatch`).

        With `fresh`, an empty folder, everything travels anew; else what came before is not fetched again. Whoever
        got a folder may read it, not write it.
        """

    def commit(self, branch: str, change: Change, *, message: str, parent: str | None) -> str:
        """All of `change` in one step on a branch whose head is `parent`; the new commit.

        Raises RepositoryChanged where the head is another one.
        """

    def create_branch(self, name: str, *, at: str) -> None:
        """A branch at a commit. Raises RepositoryChanged where it is there, at another commit."""

    def create_tag(self, name: str, *, at: str, message: str) -> None:
        """A tag at a commit; the same once more changes nothing. Raises RepositoryChanged: another commit has it."""


def is_commit(text: str) -> bool:
    """Whether it is a whole commit: 40 hexadecimal digits."""
    return len(text) == COMMIT_LENGTH and all(digit in "0123456789abcdef" for digit in text)


def sha256_of(content: Path | bytes) -> str:
    """64 hexadecimal digits; a file is read in parts."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(content: Path | bytes) -> int:
    """In bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def stored(content: Path | bytes) -> StoredFile:
    """Size and SHA-256 of what is to be sent."""
    return StoredFile(size_of(content), sha256_of(content))
