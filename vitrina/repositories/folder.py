"""A folder that plays the part of the Hub: commits, branches, tags."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from vitrina.durable import flush
from vitrina.repositories.folder_files import (
    SIGN,
    account_here,
    damaged,
    lay,
    lead,
    link,
    names_in,
    put,
    require_free,
    require_leadable,
    require_name,
    require_path,
    unwritable,
    wait_for,
)
from vitrina.repositories.repository import (
    KINDS,
    Change,
    Kind,
    References,
    RepositoryChanged,
    RepositoryError,
    StoredFile,
    is_commit,
    sha256_of,
    stored,
)

_FORMAT = 1


def is_folder_repository(folder: Path) -> bool:
    """Whether such a repository lies there."""
    return (folder / SIGN).is_file()


class FolderRepository:
    """FOLDER/commits/<40 hex digits> holds the files of each commit whole, FOLDER/refs the branches and tags.

    FOLDER/champion, FOLDER/v1, ... lead to the same files, for programs that load from a path. A file that two commits
    share lies on the disk once, where the file system has hard links; all are read-only. One writer at a time; a reader
    needs no lock: a name is changed in one step, to a commit that is complete.
    """

    def __init__(self, folder: Path, kind: Kind = "model", *, lock_seconds: float = 120.0) -> None:
        self.folder = folder
        self.kind: Kind = kind
        self.lock_seconds = lock_seconds

    @property
    def name(self) -> str:
        return str(self.folder)

    def exists(self) -> bool:
        if not is_folder_repository(self.folder):
            return False
        told = self._json(self.folder / SIGN)
        if told.get("format") != _FORMAT or told.get("kind") not in KINDS:
            raise RepositoryError(
                f"a repository of format {_FORMAT} at {self.folder}",
                f"format {told.get('format')!r}, kind {told.get('kind')!r}",
                "Open it with the version of Vitrina that wrote it.",
            )
        if told["kind"] != self.kind:
            raise RepositoryError(
                f"a {self.kind} repository at {self.folder}",
                f"one of a {told['kind']}",
                "Name another folder.",
            )
        return True

    def account(self) -> str:
        return account_here()

    def create(self, *, private: bool) -> None:
        """`private` means nothing here: who may read the folder may read the repository."""
        try:
            if not self.exists():
                require_free(self.folder)
                self.folder.mkdir(parents=True, exist_ok=True)
                put(self.folder / SIGN, json.dumps({"format": _FORMAT, "kind": self.kind}) + "\n")
            for part in ("commits", "refs/heads", "refs/tags"):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise unwritable(self.name, problem) from problem

    def is_private(self) -> bool:
        """Who may read the folder is said by the system, not by the repository."""
        return True

    def references(self) -> References:
        self._require()
        return References(self._names("heads"), self._names("tags"))

    def resolve(self, revision: str) -> str | None:
        self._require()
        branches, tags = self.references()
        if revision in branches or revision in tags:
            return branches.get(revision) or tags[revision]
        return revision if is_commit(revision) and self._record_of(revision).is_file() else None

    def settle(self) -> None:
        self._require()
        try:
            with self._one_writer():
                for what in ("heads", "tags"):
                    for name, commit in self._names(what).items():
                        lead(self.folder, name, commit)
        except OSError as problem:
            raise unwritable(self.name, problem) from problem

    def files(self, revision: str) -> dict[str, StoredFile]:
        place = self._record_of(self._commit_of(revision))
        try:
            return {path: StoredFile(*told) for path, told in sorted(self._json(place)["files"].items())}
        except (KeyError, TypeError, AttributeError) as problem:
            raise damaged(self.name, place.name, problem) from problem

    def read(self, path: str, *, revision: str) -> bytes:
        commit = self._commit_of(revision)
        if path not in self.files(commit):
            raise RepositoryError(
                f"{path} in {self.name} at {revision[:12]}", "no such file", "Name another file or version."
            )
        try:
            return (self.folder / "commits" / commit / path).read_bytes()
        except OSError as problem:
            raise damaged(self.name, path, problem) from problem

    def hashes(self, revision: str) -> dict[str, str]:
        place = self.folder / "commits" / self._commit_of(revision)
        return {path: sha256_of(place / path) for path in self.files(revision) if (place / path).is_file()}

    def altered(self, revision: str) -> set[str]:
        there = self.hashes(revision)
        return {path for path, told in self.files(revision).items() if there.get(path) != told.sha256}

    def download(
        self, revision: str, *, wanted: Sequence[str] | None = None, fresh: Path | None = None
    ) -> Path:
        """The commit's own folder, which may hold more than `wanted`; with `fresh` a copy of what is wanted."""
        commit = self._commit_of(revision)
        place = self.folder / "commits" / commit
        if fresh is None:
            return place
        for path in self.files(commit):
            if wanted is None or any(fnmatch.fnmatch(path, pattern) for pattern in wanted):
                (fresh / path).parent.mkdir(parents=True, exist_ok=True)
                try:
                    shutil.copyfile(place / path, fresh / path)
                except OSError as problem:
                    raise damaged(self.name, path, problem) from problem
        return fresh

    def commit(self, branch: str, change: Change, *, message: str, parent: str | None) -> str:
        self._require()
        require_name(branch)
        try:
            with self._one_writer():
                head = self._names("heads").get(branch)
                if head != parent:
                    raise RepositoryChanged(
                        f"{branch} of {self.name} at {(parent or 'no commit')[:12]}",
                        (head or "no commit")[:12],
                        "Somebody else was faster: look at what is there, then run the command again.",
                    )
                commit = self._write(change, message=message, parent=parent)
                self._set("heads", branch, commit)
                return commit
        except OSError as problem:
            raise unwritable(self.name, problem) from problem

    def create_branch(self, name: str, *, at: str) -> None:
        self._point("heads", name, at)

    def create_tag(self, name: str, *, at: str, message: str) -> None:
        """`message` is what the commit says already; a folder keeps none beside a tag."""
        self._point("tags", name, at)

    def _point(self, what: Literal["heads", "tags"], name: str, at: str) -> None:
        require_name(name)
        commit = self._commit_of(at)
        try:
            with self._one_writer():
                there = self._names(what).get(name)
                if there not in (None, commit):
                    raise RepositoryChanged(
                        f"no {name} in {self.name} yet",
                        f"one at {str(there)[:12]}",
                        "Look at what is there, then run the command again.",
                    )
                self._set(what, name, commit)
        except OSError as problem:
            raise unwritable(self.name, problem) from problem

    def _set(self, what: str, name: str, commit: str) -> None:
        # What counts first, then the link to it: killed between the two, a path reader still sees what was in force
        # before, and `settle`, with which whatever writes begins, brings the link along.
        require_leadable(self.folder, name)
        put(self.folder / "refs" / what / name, commit + "\n")
        lead(self.folder, name, commit)

    def _write(self, change: Change, *, message: str, parent: str | None) -> str:
        """A complete commit that no name points to yet."""
        before = {} if parent is None else self.files(parent)
        partial = self.folder / "commits" / f".{uuid4().hex}.partial"
        partial.mkdir()
        try:
            files = {path: told for path, told in before.items() if path not in set(change.removed)}
            for path, commit in change.copied.items():
                files[path] = self.files(commit)[path]
            for path, content in change.added.items():
                require_path(path)
                files[path] = stored(content)
                lay(content, partial / path)
            for path in files.keys() - change.added.keys():
                source = change.copied.get(path, parent)
                assert source is not None
                link(self.folder / "commits" / source / path, partial / path)
            record = {
                "parent": parent,
                "message": message,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "id": uuid4().hex,
                "files": {path: list(told) for path, told in sorted(files.items())},
            }
            text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
            commit = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            for folder in [partial, *(path for path in partial.rglob("*") if path.is_dir())]:
                flush(folder)
            os.replace(partial, self.folder / "commits" / commit)
            put(self._record_of(commit), text)
            return commit
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as lock:
            wait_for(lock, self.lock_seconds, said=self.name)
            # Whoever writes holds the lock: what is half written now was left by one that was killed.
            for left in (self.folder / "commits").glob(".*.partial"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    def _require(self) -> None:
        if not self.exists():
            raise RepositoryError(
                f"a {self.kind} repository at {self.name}",
                "none",
                "Publish to it first, or correct the name.",
            )

    def _commit_of(self, revision: str) -> str:
        commit = self.resolve(revision)
        if commit is None:
            raise RepositoryError(
                f"the revision {revision} of {self.name}",
                "none of that name",
                "Name a branch, tag or commit that it has.",
            )
        return commit

    def _record_of(self, commit: str) -> Path:
        return self.folder / "commits" / f"{commit}.json"

    def _names(self, what: str) -> dict[str, str]:
        try:
            return names_in(self.folder / "refs" / what)
        except (OSError, ValueError) as problem:
            raise damaged(self.name, f"refs/{what}", problem) from problem

    def _json(self, path: Path) -> dict[str, Any]:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise damaged(self.name, path.name, problem) from problem
        if not isinstance(told, Mapping):
            raise damaged(self.name, path.name, TypeError("no object"))
        return dict(told)
