"""The alias goes back to an earlier version, with the reason in the repository's log."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from vitrina.errors import BadRequest
from vitrina.repositories.opening import find_repository
from vitrina.repositories.repository import KINDS, RepositoryError
from vitrina.repositories.versions import (
    Entry,
    alias_of,
    champion,
    history,
    is_settled,
    move_champion,
)


def main(arguments: Sequence[str]) -> None:
    """Move it, say what is in force now. Raises VitrinaError."""
    parser = argparse.ArgumentParser(
        prog="python -m training roll_back", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("repository", help="org/name on the Hub, or the folder that plays its part")
    parser.add_argument("--to", metavar="vN", help="the version; else the one that it replaced")
    parser.add_argument("--reason", required=True, help="why, for the log of the repository")
    parser.add_argument("--kind", choices=KINDS, help="where several on the Hub have that name; else a model first")
    told = parser.parse_args(list(arguments))
    if not told.reason.strip():
        raise BadRequest("a reason", "an empty one", "Say in a few words why: it is what others will read.")
    repository = find_repository(told.repository, told.kind)
    there = champion(repository)
    if there is None:
        raise RepositoryError(
            f"a version in force in {repository.name}",
            "none",
            "Publish one first: python -m training publish.",
        )
    log = history(repository)
    if told.to is None and log[-1].action == "roll back" and not is_settled(repository):
        # This command, stopped half-way: it goes on from there, not one version further back.
        version = there.version
    else:
        version = told.to or _replaced(there.version, log)
    moved = move_champion(
        repository,
        version,
        reason=told.reason,
        by=repository.account(),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        expected=there.version,
    )
    print(
        f"{alias_of(repository.kind)} of {repository.name} points to {moved.version} since {moved.since}: "
        f"{moved.entry.reason}"
    )
    print("Apps that follow it switch at their next check.")


def _replaced(version: str, log: Sequence[Entry]) -> str:
    """What was in force before the version was put in force for the first time: never a later one."""
    previous = next(entry.previous for entry in log if entry.version == version)
    if previous is None:
        raise BadRequest(
            f"a version that was in force before {version}",
            "none",
            "Publish another version first, or name one with --to.",
        )
    return previous
