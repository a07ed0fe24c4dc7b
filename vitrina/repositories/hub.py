"""A repository on the Hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from vitrina.repositories.deadline import bound_the_client
from vitrina.repositories.hub_failures import as_ours
from vitrina.repositories.patience import Patience, status_of
from vitrina.repositories.repository import (
    Change,
    Kind,
    References,
    RepositoryChanged,
    RepositoryError,
    StoredFile,
    is_commit,
    sha256_of,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
_SECONDS = 30.0


class HubRepository:
    """ "org/name" on the Hub, through `huggingface_hub`; the token is that of HF_TOKEN or of `hf auth login`.

    A request that fails for now is sent again; whether one whose answer was lost has happened is looked up first.
    """

    def __init__(
        self,
        name: str,
        kind: Kind = "model",
        *,
        endpoint: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.kind: Kind = kind
        self.endpoint = endpoint
        self.patience = patience or Patience()

    def exists(self) -> bool:
        def asked() -> bool:
            try:
                self._api().repo_info(self.name, repo_type=self.kind, timeout=_SECONDS)
            except Exception as problem:
                if _is_missing(problem):
                    return False
                raise
            return True

        return self._asked(asked)

    def account(self) -> str:
        return str(self._asked(lambda: self._api().whoami())["name"])

    def create(self, *, private: bool) -> None:
        self._asked(
            lambda: self._api().create_repo(
                self.name,
                repo_type=self.kind,
                private=private,
                exist_ok=True,
                space_sdk="gradio" if self.kind == "space" else None,
            )
        )

    def is_private(self) -> bool:
        info: Any = self._asked(
            lambda: self._api().repo_info(self.name, repo_type=self.kind, timeout=_SECONDS)
        )
        # What is not told is taken for public.
        return bool(info.private)

    def references(self) -> References:
        refs = self._asked(lambda: self._api().list_repo_refs(self.name, repo_type=self.kind))
        return References(
            {ref.name: ref.target_commit for ref in refs.branches},
            {ref.name: ref.target_commit for ref in refs.tags},
        )

    def resolve(self, revision: str) -> str | None:
        if is_commit(revision):
            return self._info(revision)
        branches, tags = self.references()
        return branches.get(revision) or tags.get(revision)

    def settle(self) -> None:
        """Nothing is kept beside the Hub's own references."""

    def files(self, revision: str) -> dict[str, StoredFile]:
        def listed() -> dict[str, StoredFile]:
            from huggingface_hub import RepoFile

            tree = self._api().list_repo_tree(
                self.name, recursive=True, revision=revision, repo_type=self.kind
            )
            found = [one for one in tree if isinstance(one, RepoFile)]
            return {
                one.path: StoredFile(one.size, one.lfs.sha256 if one.lfs else None)
                for one in sorted(found, key=lambda one: one.path)
            }

        return self._asked(listed)

    def read(self, path: str, *, revision: str) -> bytes:
        from huggingface_hub import hf_hub_download

        found = self._asked(
            lambda: hf_hub_download(
                self.name, path, repo_type=self.kind, revision=revision, endpoint=self.endpoint
            )
        )
        return Path(found).read_bytes()

    def hashes(self, revision: str) -> dict[str, str]:
        # Large files lie there under their hash; of the small ones it is not told.
        return {
            path: one.sha256 or sha256_of(self.read(path, revision=revision))
            for path, one in self.files(revision).items()
        }

    def altered(self, revision: str) -> set[str]:
        """None: the Hub keeps what it was given under its hash."""
        return set()

    def download(
        self, revision: str, *, wanted: Sequence[str] | None = None, fresh: Path | None = None
    ) -> Path:
        from huggingface_hub import snapshot_download

        return Path(
            self._asked(
                lambda: snapshot_download(
                    self.name,
                    repo_type=self.kind,
                    revision=revision,
                    allow_patterns=None if wanted is None else list(wanted),
                    cache_dir=fresh,
                    endpoint=self.endpoint,
                )
            )
        )

    def commit(self, branch: str, change: Change, *, message: str, parent: str | None) -> str:
        if parent is None:
            raise RepositoryError(
                f"a branch {branch} of {self.name} to commit to", "none yet", "Create the branch first."
            )
        mark = f"vitrina-change: {uuid4().hex}"

        def send() -> str:
            # Large files travel first; nobody sees them until the commit names them.
            done = self._api().create_commit(
                self.name,
                _operations(change),
                commit_message=message,
                commit_description=mark,
                repo_type=self.kind,
                revision=branch,
                parent_commit=parent,
            )
            return str(done.oid)

        return self._asked(send, happened=lambda: self._marked(branch, mark))

    def create_branch(self, name: str, *, at: str) -> None:
        self._name(
            lambda: self._api().create_branch(self.name, branch=name, revision=at, repo_type=self.kind),
            name,
            at,
        )

    def create_tag(self, name: str, *, at: str, message: str) -> None:
        self._name(
            lambda: self._api().create_tag(
                self.name, tag=name, revision=at, tag_message=message, repo_type=self.kind
            ),
            name,
            at,
        )

    def _name(self, call: Callable[[], None], name: str, at: str) -> None:
        def send() -> str:
            call()
            return at

        there = self._asked(send, happened=lambda: self.resolve(name))
        if there != at:
            raise RepositoryChanged(
                f"no {name} in {self.name} yet",
                f"one at {there[:12]}",
                "Look at what is there, then run the command again.",
            )

    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        bound_the_client()
        return HfApi(endpoint=self.endpoint)

    def _asked(self, call: Callable[[], T], *, happened: Callable[[], T | None] | None = None) -> T:
        try:
            return self.patience.ask(call, happened=happened)
        except RepositoryError:
            raise
        except Exception as problem:
            raise as_ours(problem, said=f"the {self.kind} repository {self.name}") from problem

    def _info(self, revision: str) -> str | None:
        def asked() -> str | None:
            from huggingface_hub.errors import RevisionNotFoundError

            try:
                info: Any = self._api().repo_info(
                    self.name, repo_type=self.kind, revision=revision, timeout=_SECONDS
                )
            except RevisionNotFoundError:
                return None
            return str(info.sha)

        return self._asked(asked)

    def _marked(self, branch: str, mark: str) -> str | None:
        """The commit that carries the mark, if it is among the branch's."""
        commits = self._api().list_repo_commits(self.name, repo_type=self.kind, revision=branch)
        return next((str(one.commit_id) for one in commits if mark in one.message), None)


def hub_address() -> str:
    """Where the Hub's pages are: HF_ENDPOINT, else huggingface.co."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def _operations(change: Change) -> list[Any]:
    from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete

    added = [CommitOperationAdd(path, content) for path, content in sorted(change.added.items())]
    removed = [CommitOperationDelete(path, is_folder=False) for path in sorted(change.removed)]
    copied = [
        CommitOperationCopy(path, path, src_revision=commit) for path, commit in sorted(change.copied.items())
    ]
    return [*added, *copied, *removed]


def _is_missing(problem: Exception) -> bool:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    # Without a token the Hub says 401 of what is missing, so as not to tell what is private.
    return (
        isinstance(problem, RepositoryNotFoundError)
        and not isinstance(problem, GatedRepoError)
        and status_of(problem) in (401, 404)
    )
