"""Which version an alias names now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vitrina.errors import BadRequest
from vitrina.models.hub import commit_of
from vitrina.models.reference import ModelReference
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.opening import open_repository
from vitrina.repositories.patience import Patience
from vitrina.repositories.repository import Repository, RepositoryError, is_commit
from vitrina.repositories.versions import CHAMPION, MAIN, history_at, versions


@dataclass(frozen=True)
class Target:
    """`pinned` is "org/name@<commit>": the commit of the version that is in force, which stays the same however often
    the alias comes back to it; of an alias that keeps no log the commit it points to. `version` is "v3", None there.
    `head` is the commit that the alias itself is at."""

    pinned: ModelReference
    version: str | None
    head: str


class Aliases:
    """Resolves aliases; what an alias's head says is read once."""

    def __init__(self, *, endpoint: str | None, patience: Patience) -> None:
        self.endpoint = endpoint
        self.patience = patience
        self._known: dict[tuple[str, str], Target] = {}

    def resolve(self, alias: ModelReference) -> Target:
        """Raises RepositoryError: unreachable, no such repository or branch."""
        repository, branch = self.open(alias), alias.revision or CHAMPION
        head = repository.references().branches.get(branch)
        if head is None:
            raise RepositoryError(
                f"a branch {branch} of {alias.name}",
                "none of that name",
                "Publish to it first; of a repository that somebody else publishes follow main, or pin a revision.",
            )
        known = self._known.get((str(alias), head))
        if known is None:
            known = self._known[str(alias), head] = _target(repository, alias, head)
        return known

    def pin(self, reference: ModelReference) -> Target:
        """The version, tag, branch or commit that stays; of a branch of ours, and where none is named, the version in
        force there now. Raises RepositoryError where there is none."""
        repository = self.open(reference)
        head = repository.references().branches.get(reference.revision or MAIN)
        target = None if head is None else _target(repository, reference, head)
        if target is not None and target.version is not None:
            return target
        commit = commit_of(repository, reference)
        named = [one.name for one in versions(repository) if one.revision == commit]
        return Target(reference.at(commit), named[-1] if named else None, commit)

    def open(self, reference: ModelReference) -> Repository:
        """The repository; the Hub is asked again for as long as `patience` says."""
        repository = open_repository(reference.name, endpoint=self.endpoint)
        if isinstance(repository, HubRepository):
            repository.patience = self.patience
        return repository


def alias_of_text(text: str) -> ModelReference:
    """ "org/name" or "file:///srv/food" (its champion), "org/name@main". Raises BadRequest, ModelUnavailable."""
    reference = require_versioned(text)
    alias = reference.at(reference.revision or CHAMPION)
    if is_commit(str(alias.revision)):
        raise BadRequest(
            "an alias to follow", f"the commit {alias.revision}", "Pin it with --pin: it never changes."
        )
    return alias


def require_versioned(text: str) -> ModelReference:
    """What names a repository. Raises BadRequest for another model, ModelUnavailable for an address that is none."""
    reference = ModelReference.parse(text)
    if not reference.is_versioned:
        if reference.kind == "folder":
            there = Path(reference.name).expanduser().exists()
            raise BadRequest(
                f"a repository in the folder {text}"[:200],
                "a folder that is none" if there else "no such folder",
                "Publish to it first: python -m training publish RUN --to FOLDER --send; or correct the name.",
            )
        raise BadRequest(
            "a repository: org/name, or a folder as file:///folder or ./folder",
            f"{text!r}"[:100],
            "Publish the model to one, or name one that is there.",
        )
    return reference


def _target(repository: Repository, alias: ModelReference, head: str) -> Target:
    # main carries the log as champion does, and so does whatever branched off from them.
    told = history_at(repository, head)
    if not told:
        return Target(alias.at(head), None, head)
    return Target(alias.at(told[-1].revision), told[-1].version, head)
