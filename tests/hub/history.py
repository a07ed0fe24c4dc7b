"""What a Hub keeps of one repository: commits, branches, tags, files by their SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Data = bytes  # StoredRepository has a method of that name.
Kind = Literal["model", "dataset", "space"]
KINDS: tuple[Kind, ...] = ("model", "dataset", "space")
MAIN = "main"
LARGE = (
    ".safetensors", ".bin", ".pt", ".h5", ".parquet", ".arrow", ".npy", ".npz", ".zip", ".tar", ".gz",
    ".png", ".jpg", ".jpeg", ".webp", ".gif",
)  # fmt: skip


@dataclass
class Rules:
    """Which files go by the road for large ones (LFS), as the Hub decides it from name, size, first bytes."""

    large_bytes: int = 10 * 1024 * 1024
    large_extensions: tuple[str, ...] = LARGE

    def large(self, path: str, size: int, sample: bytes) -> bool:
        return size > self.large_bytes or path.endswith(self.large_extensions) or b"\0" in sample

    def attributes(self) -> bytes:
        """The .gitattributes of a new repository."""
        lines = [f"*{ending} filter=lfs diff=lfs merge=lfs -text" for ending in self.large_extensions]
        return "\n".join([*lines, ""]).encode()


class Stored(NamedTuple):
    """A file of a commit. `oid`: git's name for it (of the pointer, where it is large)."""

    sha256: str
    size: int
    oid: str
    large: bool

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.oid

    @property
    def pointer_size(self) -> int:
        return len(pointer(self.sha256, self.size))


class Commit(NamedTuple):
    sha: str
    parent: str | None
    tree: Mapping[str, Stored]
    title: str
    description: str
    author: str
    date: datetime


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class StoredRepository:
    """Branches and tags name commits; a commit names files; their bytes lie by SHA-256.

    `uploaded`: the large files that arrived whole. `gated`: files are for those in `granted` alone.
    """

    kind: Kind
    name: str
    rules: Rules
    private: bool = False
    gated: bool = False
    sdk: str | None = None
    clock: Callable[[], datetime] = now
    granted: set[str] = field(default_factory=set)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    tag_messages: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    blobs: dict[str, Data] = field(default_factory=dict)
    uploaded: set[str] = field(default_factory=set)

    def begin(self, author: str) -> None:
        """The first commit that the Hub makes by itself."""
        attributes = self.store(self.rules.attributes(), large=False)
        self.record(MAIN, {".gitattributes": attributes}, title="initial commit", author=author)

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch, a tag, a commit, or the first 7 and more signs of a commit."""
        named = self.branches.get(revision) or self.tags.get(revision)
        if named:
            return named
        if re.fullmatch(r"[0-9a-f]{7,40}", revision):
            found = [sha for sha in self.commits if sha.startswith(revision)]
            return found[0] if len(found) == 1 else None
        return None

    def at(self, revision: str) -> Commit:
        sha = self.resolve(revision)
        if sha is None:
            raise KeyError(f"{self.name} has no revision {revision}")
        return self.commits[sha]

    def tree(self, revision: str = MAIN) -> dict[str, str]:
        """The SHA-256 of every file by its path."""
        return {path: stored.sha256 for path, stored in sorted(self.at(revision).tree.items())}

    def bytes(self, revision: str, path: str) -> Data:
        return self.blobs[self.at(revision).tree[path].sha256]

    def history(self, revision: str = MAIN) -> list[Commit]:
        """Newest first."""
        found: list[Commit] = []
        sha: str | None = self.at(revision).sha
        while sha is not None:
            found.append(self.commits[sha])
            sha = found[-1].parent
        return found

    def store(self, data: Data, *, large: bool) -> Stored:
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        if large:
            self.uploaded.add(sha256)
        oid = git_oid(pointer(sha256, len(data)) if large else data)
        return Stored(sha256, len(data), oid, large)

    def commit(
        self,
        branch: str,
        added: Mapping[str, Data],
        removed: Sequence[str] = (),
        *,
        title: str = "by hand",
        author: str = "somebody",
    ) -> str:
        """A commit made by the test itself, past HTTP; the branch begins at `main` where it is new."""
        head = self.branches.get(branch) or self.branches[MAIN]
        tree = {path: stored for path, stored in self.commits[head].tree.items() if path not in removed}
        for path, data in added.items():
            large = bool(data) and self.rules.large(path, len(data), data[:512])
            tree[path] = self.store(data, large=large)
        self.branches.setdefault(branch, head)
        return self.record(branch, tree, title=title, author=author)

    def record(
        self,
        branch: str,
        tree: Mapping[str, Stored],
        *,
        title: str,
        author: str,
        description: str = "",
    ) -> str:
        """The branch moves to a new commit with these files; its 40 signs."""
        parent, date = self.branches.get(branch), self.clock()
        told = hashlib.sha1(
            f"{parent}\n{author}\n{date}\n{title}\n{description}".encode(), usedforsecurity=False
        )
        for path, stored in sorted(tree.items()):
            told.update(f"\n{path} {stored.oid}".encode())
        sha = told.hexdigest()
        self.commits[sha] = Commit(sha, parent, dict(tree), title, description, author, date)
        self.branches[branch] = sha
        return sha
