"""Versions v1, v2, ... and the alias that says which of them is in force."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from vitrina.repositories.manifest import BESIDE, MANIFEST, Manifest, manifest_of
from vitrina.repositories.repository import (
    Change,
    Kind,
    Repository,
    RepositoryChanged,
    RepositoryError,
    RepositoryUnreachable,
    is_commit,
)

# Every version that was ever sent, one commit each.
VERSIONS = "versions"
CHAMPION = "champion"
# What a stranger loads who names no revision; it follows the champion.
MAIN = "main"
HISTORY = "champion_history.jsonl"
Action = Literal["publish", "promote", "roll back"]
# How often main is tried where two move at once.
_TRIES = 4
_VERSION = re.compile(r"v[1-9][0-9]*")


class Version(NamedTuple):
    """`name` is "v3"; `revision` the commit with its files."""

    name: str
    revision: str


@dataclass(frozen=True)
class Entry:
    """One move of the alias: at (UTC, ISO 8601) it came to point to `version`, `revision` the version's commit;
    `previous` is the version before. `by` is who did it."""

    at: str
    action: Action
    version: str
    revision: str
    previous: str | None
    reason: str
    by: str


@dataclass(frozen=True)
class Champion:
    """`revision` is the head of the alias, what an app pins; its files are those of `version`, in force `since`."""

    revision: str
    version: str
    since: str
    entry: Entry


def alias_of(kind: Kind) -> str:
    """The branch that says what is in force: a Space runs what lies on main, whatever else there is."""
    return MAIN if kind == "space" else CHAMPION


def versions(repository: Repository) -> list[Version]:
    """Every tag v1, v2, ..., in that order; whether a version lies there is looked at when it is to be in force."""
    tags = repository.references().tags
    names = sorted((name for name in tags if _VERSION.fullmatch(name)), key=lambda name: int(name[1:]))
    return [Version(name, tags[name]) for name in names]


def champion(repository: Repository) -> Champion | None:
    """What is in force; None where nothing was published yet, or not by us."""
    head = repository.references().branches.get(alias_of(repository.kind))
    if head is None:
        return None
    told = history_at(repository, head)
    if not told:
        return None
    return Champion(head, told[-1].version, told[-1].at, told[-1])


def history(repository: Repository) -> list[Entry]:
    """Every move of the alias, oldest first."""
    head = repository.references().branches.get(alias_of(repository.kind))
    return [] if head is None else history_at(repository, head)


def move_champion(
    repository: Repository,
    version: str,
    *,
    reason: str,
    by: str,
    at: str,
    expected: str | None = None,
    content: Mapping[str, Path | bytes] | None = None,
) -> Champion:
    # Who, when and why go into the log; `expected` and `content` are what only some callers know.
    """The alias points to `version` from now on, main with it: one commit each, which nobody sees half done.

    A move to where it points already brings main along, where it was left behind, and changes nothing else. The log
    says "publish" of a version that was never in force, "roll back" of an earlier one, else "promote". `content` is
    what the caller has of its files, so that they need not be fetched; `expected` the version that the caller believes
    to be in force, "" for none. Raises RepositoryError for a version that is not there or was not published by Vitrina,
    RepositoryChanged where another one is in force or somebody else moves it meanwhile.
    """
    wanted = _named(repository, version)
    if content is None:
        _require_whole(repository, wanted)  # What was just published was just read back.
    alias = alias_of(repository.kind)
    repository.settle()
    head = repository.references().branches.get(alias)
    told = [] if head is None else history_at(repository, head)
    in_force = told[-1].version if told else None
    if expected is not None and in_force not in (expected or None, version):
        raise RepositoryChanged(
            f"{expected or 'no version'} in force in {repository.name}",
            in_force or "none",
            "Somebody else was faster: look at what is there, then decide again.",
        )
    if not told or told[-1].version != version:
        action = _action(told, version)
        told.append(Entry(at, action, version, wanted.revision, in_force, " ".join(reason.split()), by))
    lines = "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in told).encode()
    entry = told[-1]
    message = f"{entry.action}: {version}" + (f" ({entry.reason})" if entry.reason else "")
    given = _Given(wanted.revision, lines, message, content or {})
    # At the head that the log was read from: who moves it meanwhile is not overwritten.
    moved = _bring(repository, alias, head, given)
    if alias != MAIN:
        _bring_main(repository, alias, moved, given)
    return Champion(moved, version, entry.at, entry)


def _named(repository: Repository, version: str) -> Version:
    known = {one.name: one for one in versions(repository)}
    if version not in known:
        raise RepositoryError(
            f"a version of {repository.name} ({', '.join(known) or 'none yet'})",
            version,
            "Name one of these.",
        )
    return known[version]


def _action(told: Sequence[Entry], version: str) -> Action:
    if version not in {entry.version for entry in told}:
        return "publish"
    return "roll back" if int(told[-1].version[1:]) > int(version[1:]) else "promote"


def is_settled(repository: Repository) -> bool:
    """Whether main has what the alias has: a move that was stopped half-way leaves main behind."""
    branches = repository.references().branches
    heads = [branches.get(name) for name in (alias_of(repository.kind), MAIN)]
    told = [None if head is None else history_at(repository, head) for head in heads]
    return told[0] == told[1]


@dataclass(frozen=True)
class _Given:
    """What a branch gets: the files of the commit `revision`, `lines` as its log."""

    revision: str
    lines: bytes
    message: str
    content: Mapping[str, Path | bytes]


def _require_whole(repository: Repository, version: Version) -> None:
    """A tag may be anybody's, a folder may have been edited: what is put in force is what its manifest names."""
    found = "none"
    if MANIFEST in repository.files(version.revision):
        manifest = manifest_of(repository.read(MANIFEST, revision=version.revision))
        if manifest.kind == repository.kind:
            _compare(repository, version, manifest)
            return
        found = f"that of a {manifest.kind}"
    raise RepositoryError(
        f"the manifest of a {repository.kind} in {version.name} of {repository.name}",
        found,
        "Name a version that was published by Vitrina.",
    )


def _compare(repository: Repository, version: Version, manifest: Manifest) -> None:
    there, known = repository.hashes(version.revision), repository.files(version.revision)
    wrong = [path for path, told in manifest.files.items() if there.get(path) != told.sha256]
    # What no manifest names, itself for one, is compared with what was committed, where that is told.
    wrong += [
        path for path, one in known.items() if path not in wrong and one.sha256 not in (None, there.get(path))
    ]
    if wrong:
        raise RepositoryError(
            f"the files of {version.name} of {repository.name} as its manifest names them",
            f"another {', '.join(wrong[:5])}" + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""),
            "Restore the folder from a copy, or name another version.",
        )


def _bring_main(repository: Repository, alias: str, moved: str, given: _Given) -> None:
    """main gets what the alias has, for as long as that is what was just put there.

    Two who move at once may each find main changed by the other: the one whose move is in force tries again.
    """
    for left in reversed(range(_TRIES)):
        main = repository.references().branches.get(MAIN)
        # Looked at after the head of main was read: who moved the alias since then moves main as well.
        if repository.references().branches.get(alias) != moved:
            raise RepositoryChanged(
                f"{alias} of {repository.name} as it was just moved",
                "that somebody else moves it too",
                "Look at what is in force now, then decide again.",
            )
        try:
            _bring(repository, MAIN, main, given)
            return
        except RepositoryChanged:
            if not left:
                raise


def _bring(repository: Repository, branch: str, head: str | None, given: _Given) -> str:
    """The branch, whose head is `head`, gets the files and the log, in one step; its new head."""
    told, revision, at_hand = given.lines, given.revision, given.content
    if head is None:
        repository.create_branch(branch, at=revision)
        head = revision
    files, wanted = repository.files(head), repository.files(revision)
    same = HISTORY in files and repository.read(HISTORY, revision=head) == told
    altered = {path for path in repository.altered(head) if path in wanted or path == HISTORY}
    differ = [path for path, one in wanted.items() if files.get(path) != one or one.sha256 is None]
    differ += [path for path in wanted if path in altered and path not in differ]
    removed = [path for path in files if path not in wanted and path not in (HISTORY, *BESIDE)]
    if same and not removed and not altered and all(files.get(path) == wanted[path] for path in differ):
        # Sizes of small files alone would not tell; their history does: it was written in one step with them.
        return head
    change = Change(
        added={path: at_hand[path] for path in differ if path in at_hand} | {HISTORY: told},
        copied={path: revision for path in differ if path not in at_hand},
        removed=removed,
    )
    return repository.commit(branch, change, message=given.message, parent=head)


def manifest_there(repository: Repository, commit: str) -> Manifest | None:
    """The manifest in a commit; None where there is none, or none that can be read. Raises RepositoryUnreachable."""
    if MANIFEST not in repository.files(commit):
        return None
    try:
        return manifest_of(repository.read(MANIFEST, revision=commit))
    except RepositoryUnreachable:
        raise
    except RepositoryError:
        return None


def history_at(repository: Repository, commit: str) -> list[Entry]:
    """The log as a commit holds it, oldest first; empty where it has none. Raises RepositoryError for odd lines."""
    if HISTORY not in repository.files(commit):
        return []
    try:
        lines = repository.read(HISTORY, revision=commit).decode().splitlines()
        told = [_entry(json.loads(line)) for line in lines]
    except (ValueError, TypeError) as problem:
        raise RepositoryError(
            f"one move of the alias a line in {HISTORY} of {repository.name}",
            f"{type(problem).__name__}: {problem}"[:200],
            "Put the file back as it was: its history has every state of it.",
        ) from problem
    return told


def _entry(line: dict[str, Any]) -> Entry:
    """Raises ValueError, TypeError for what no move of ours looks like: the file may be anybody's work."""
    entry = Entry(**line)
    texts = (entry.at, entry.action, entry.version, entry.revision, entry.reason, entry.by)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("something that is no text")
    if entry.action not in get_args(Action) or not is_commit(entry.revision):
        raise ValueError("an action or a commit of no known kind")
    for version in (entry.version, entry.previous):
        if version is not None and not _VERSION.fullmatch(version):
            raise ValueError("a version of no known kind")
    return entry
