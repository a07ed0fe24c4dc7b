"""A version is published: sent, read back, tried, named, put in force."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vitrina.repositories.folder_files import require_free
from vitrina.repositories.manifest import BESIDE, MANIFEST, Manifest, check_files
from vitrina.repositories.opening import folder_of
from vitrina.repositories.repository import Change, Repository, RepositoryError, size_of, stored
from vitrina.repositories.versions import (
    HISTORY,
    MAIN,
    VERSIONS,
    Champion,
    Version,
    manifest_there,
    move_champion,
    versions,
)

# What a repository may hold that somebody made by hand before the first version.
_NEW = (".gitattributes", "README.md")


@dataclass(frozen=True)
class Content:
    """What a version is made of: `files` by their paths, all of them in `manifest`."""

    files: Mapping[str, Path | bytes]
    manifest: Manifest

    @classmethod
    def of(cls, files: Mapping[str, Path | bytes], manifest: Manifest) -> Content:
        """With the size and SHA-256 of every file put into the manifest."""
        told = {path: stored(content) for path, content in sorted(files.items())}
        return cls(dict(sorted(files.items())), replace(manifest, files=told))

    def listing(self) -> list[tuple[str, int]]:
        """(path, bytes) of everything that is sent."""
        sizes = [(path, size_of(content)) for path, content in self.files.items()]
        return sorted([*sizes, (MANIFEST, len(self.manifest.to_bytes()))])


@dataclass(frozen=True)
class Released:
    """`version` lies at `revision` and is in force; `sent` is False where it was there already."""

    version: str
    revision: str
    champion: Champion
    sent: bool


@dataclass(frozen=True)
class Foreseen:
    """What `release` would do: `version`, in a repository that it makes first (`made`), or that has it already
    (`there`)."""

    version: str
    made: bool = False
    there: bool = False


def foresee(repository: Repository, content: Content) -> Foreseen:
    """Look, change nothing. Raises RepositoryError, also where `release` would not begin."""
    if not repository.exists():
        folder = folder_of(repository.name)
        if folder is not None:
            require_free(folder)
        return Foreseen("v1", made=True)
    _refuse_strangers(repository)
    known = versions(repository)
    found = _sent_before(repository, content.manifest)
    name = None if found is None else next((one.name for one in known if one.revision == found[0]), None)
    return Foreseen(name or _next(known), there=name is not None)


def release(
    repository: Repository,
    content: Content,
    *,
    verify: Callable[[Path], Any],
    by: str,
    at: str,
    reason: str = "",
    private: bool = False,
    expected: str | None = None,
    step: Callable[[str], None] = lambda name: None,
) -> Released:
    # Who, when and why go into the log; the rest is what is sent and how it is tried.
    """Send the files in one commit, fetch them back, compare every SHA-256, `verify` them, tag, move the alias.

    Until the last step whoever reads the alias, or main, sees what was in force before. Stopped anywhere, the same call
    goes on from there: what was sent, tagged or moved is found by its content. `step` is told each step before it is
    taken. `expected` is the version in force that this one was compared with, "" for none: where it is another by then,
    this one does not take its place. Raises RepositoryError, RepositoryChanged, RepositoryUnreachable, and what
    `verify` raises; then nothing is in force that was not before.
    """
    step("create")
    repository.create(private=private)
    repository.settle()
    _refuse_strangers(repository)
    step("look")
    found = _sent_before(repository, content.manifest)
    if found is None:
        step("send")
        revision = _send(repository, content)
    else:
        revision, content = found[0], replace(content, manifest=found[1])
    step("read back")
    _read_back(repository, revision, content, verify)
    step("tag")
    version = _tag(repository, revision, content.manifest)
    step("alias")
    moved = move_champion(
        repository,
        version,
        reason=reason,
        by=by,
        at=at,
        expected=expected,
        content={**content.files, MANIFEST: content.manifest.to_bytes()},
    )
    return Released(version, revision, moved, found is None)


def _refuse_strangers(repository: Repository) -> None:
    """main will hold what is published and nothing else: what somebody else keeps there must not go."""
    branches = repository.references().branches
    if VERSIONS in branches or MAIN not in branches:
        return
    others = [path for path in repository.files(branches[MAIN]) if path not in _NEW]
    # A Space that was just made comes with an example.
    if others and not (repository.kind == "space" and set(others) <= {"app.py", "requirements.txt"}):
        raise RepositoryError(
            f"a new repository at {repository.name}, or one that Vitrina publishes to",
            f"other files: {', '.join(others[:5])}",
            "Name another repository: main will hold what is published alone.",
        )


def _sent_before(repository: Repository, manifest: Manifest) -> tuple[str, Manifest] | None:
    """(commit, its manifest) of a version, or of what was sent last, with the same files."""
    branches, tags = repository.references()
    sent = [tags[one.name] for one in reversed(versions(repository))]
    for commit in [*([branches[VERSIONS]] if VERSIONS in branches else []), *sent]:
        there = manifest_there(repository, commit)
        same = there is not None and replace(there, created="") == replace(manifest, created="")
        # One that was altered since is none: what is at hand is sent again, as a version of its own.
        if there is not None and same and not repository.altered(commit):
            return commit, there
    return None


def _send(repository: Repository, content: Content) -> str:
    branches = repository.references().branches
    if VERSIONS not in branches and MAIN in branches:
        repository.create_branch(VERSIONS, at=branches[MAIN])
    head = repository.references().branches.get(VERSIONS)
    there = {} if head is None else repository.files(head)
    change = Change(
        added={**content.files, MANIFEST: content.manifest.to_bytes()},
        removed=[path for path in there if path not in content.files and path not in BESIDE],
    )
    return repository.commit(VERSIONS, change, message=f"{content.manifest.name}", parent=head)


def _read_back(
    repository: Repository, revision: str, content: Content, verify: Callable[[Path], Any]
) -> None:
    names = set(repository.files(revision)) - set(BESIDE) - {HISTORY}
    if names != set(content.files):
        odd = sorted(names ^ set(content.files))
        raise RepositoryError(
            f"the {len(content.files)} files that were sent, in {repository.name} at {revision[:12]}",
            f"others: {', '.join(odd[:5])}",
            "Run the command again.",
        )
    with tempfile.TemporaryDirectory(prefix="vitrina-read-back-") as place:
        # Not out of a cache: what counts is what a stranger gets.
        folder = repository.download(revision, fresh=Path(place))
        if (folder / MANIFEST).read_bytes() != content.manifest.to_bytes():
            raise RepositoryError(
                f"the manifest that was sent, in {repository.name} at {revision[:12]}",
                "another one",
                "Run the command again.",
            )
        check_files(folder, content.manifest)
        verify(folder)


def _tag(repository: Repository, revision: str, manifest: Manifest) -> str:
    known = versions(repository)
    for one in known:
        if one.revision == revision:
            return one.name
    name = _next(known)
    repository.create_tag(name, at=revision, message=manifest.name)
    return name


def _next(known: Sequence[Version]) -> str:
    return f"v{1 + max((int(one.name[1:]) for one in known), default=0)}"
