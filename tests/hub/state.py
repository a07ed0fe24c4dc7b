"""All that the small Hub knows: repositories, tokens, uploads on their way."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.hub.history import KINDS, MAIN, Commit, Kind, Rules, StoredRepository
from tests.hub.sign_in import SignIn
from tests.hub.wire import Account, Refusal, Request

TOKEN, READ_TOKEN = "hf_write_token_of_ana", "hf_read_token_of_ben"


@dataclass
class HubState:
    """`page`: entries a page of a listing. `part_bytes`: larger files are uploaded in such parts."""

    endpoint: str = ""
    rules: Rules = field(default_factory=Rules)
    tokens: dict[str, Account] = field(
        default_factory=lambda: {TOKEN: Account("ana"), READ_TOKEN: Account("ben", write=False)}
    )
    page: int = 1000
    part_bytes: int = 20 * 1024 * 1024
    repositories: dict[tuple[Kind, str], StoredRepository] = field(default_factory=dict)
    # What an upload's address stands for: its repository, SHA-256, size; and the parts that have come.
    grants: dict[str, tuple[StoredRepository, str, int]] = field(default_factory=dict)
    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)
    sign_in: SignIn = field(default_factory=SignIn)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def repository(self, kind: Kind, name: str) -> StoredRepository:
        """For tests. KeyError where there is none."""
        return self.repositories[kind, name]

    def begin(self, kind: Kind, name: str, *, author: str, private: bool = False) -> StoredRepository:
        made = StoredRepository(kind, name, self.rules, private=private)
        made.begin(author)
        self.repositories[kind, name] = made
        return made

    def add(
        self, kind: Kind, name: str, files: Mapping[str, bytes] | Path, *, private: bool = False
    ) -> StoredRepository:
        """A repository that is there from the start, with these files (or a folder's) on `main`."""
        if isinstance(files, Path):
            inside = [path for path in sorted(files.rglob("*")) if path.is_file()]
            files = {path.relative_to(files).as_posix(): path.read_bytes() for path in inside}
        with self.lock:
            made = self.begin(kind, name, author=name.split("/")[0], private=private)
            made.commit(MAIN, files, title="as it was")
        return made

    def account(self, request: Request) -> Account | None:
        """Whose token came; a wrong one is refused even where none is needed, as on the Hub."""
        told = request.headers.get("Authorization") or ""
        if not told.startswith("Bearer "):
            return None
        known = self.tokens.get(told.removeprefix("Bearer "))
        if known is None:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return known

    def readable(self, kind: Kind, name: str, request: Request) -> StoredRepository:
        """The repository, for one who may see it."""
        found = self.repositories.get((kind, name))
        if found is None or (found.private and request.account is None):
            # The Hub does not tell strangers which private repositories exist.
            if request.account is None:
                raise Refusal(401, "Invalid username or password.", code="RepoNotFound")
            raise Refusal(404, "Repository not found", code="RepoNotFound")
        return found

    def writable(self, kind: Kind, name: str, request: Request) -> StoredRepository:
        author(request)
        return self.readable(kind, name, request)


def author(request: Request) -> str:
    """Who writes: 401 without a token, 403 with one that only reads."""
    if request.account is None:
        raise Refusal(401, "Invalid username or password.")
    if not request.account.write:
        raise Refusal(403, "Forbidden: you don't have the right role to write here with this token")
    return request.account.name


def commit_at(repository: StoredRepository, revision: str) -> Commit:
    sha = repository.resolve(revision)
    if sha is None:
        raise Refusal(404, f"Invalid rev id: {revision}", code="RevisionNotFound")
    return repository.commits[sha]


def kind_of(plural: str) -> Kind:
    return next(kind for kind in KINDS if f"{kind}s" == plural)


def folder_oid(commit: Commit, folder: str) -> str:
    inside = [
        f"{path} {stored.oid}" for path, stored in sorted(commit.tree.items()) if path.startswith(folder)
    ]
    return hashlib.sha1("\n".join(inside).encode(), usedforsecurity=False).hexdigest()
