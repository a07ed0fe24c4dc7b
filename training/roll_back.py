"""The alias goes back to an earlier version, with the reason in the repository's log."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from vitrina.errors import BadRequest
from vitrina.repositories.opening import find_repository, folder_of
from vitrina.repositories.repository import KINDS, Kind, Repository, RepositoryError
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
    parser.add_argument(
        "--kind", choices=KINDS, help="what it is of; else a model, or what lies in the folder"
    )
    told = parser.parse_args(list(arguments))
    if not told.reason.strip():
        raise BadRequest("a reason", "an empty one", "Say in a few words why: it is what others will read.")
    repository = _named(told.repository, told.kind)
    there = champion(repository)
    if there is None:
        raise RepositoryError(
            f"a version in force in {repository.name}",
            "none",
            "Publish one first: python -m training publish.",
        )
    log, by = history(repository), repository.account()
    # This command, stopped half-way or unanswered: it goes on from there, not one version further back.
    again = told.to is None and log[-1].action == "roll back"
    done = again and (log[-1].reason, log[-1].by) == (" ".join(told.reason.split()), by)
    again = again and (done or not is_settled(repository))
    version = told.to or (there.version if again else _replaced(there.version, log))
    before = repository.references().branches
    moved = move_champion(
        repository,
        version,
        reason=told.reason,
        by=by,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        expected=there.version,
    )
    print(
        f"{alias_of(repository.kind)} of the {repository.kind} repository {repository.name} points to "
        f"{moved.version} since {moved.since}: {moved.entry.reason}"
    )
    nothing = version == there.version and repository.references().branches == before
    if nothing and done:
        print("It was there already, for this reason. To go further back, name the version with --to.")
    elif nothing:
        print("It was in force already: nothing has changed, and the reason is not kept.")
    else:
        print("Apps that follow it switch at their next check.")


def _named(address: str, kind: Kind | None) -> Repository:
    """Of what is told; of another kind than a model on the Hub only where that kind is told. Raises BadRequest."""
    found = find_repository(address, kind)
    if kind is None and found.kind != "model" and folder_of(address) is None:
        raise BadRequest(
            f"a model repository {address} on the Hub",
            f"none that may be seen, and a {found.kind} of that name",
            f"Say --kind {found.kind}, or set HF_TOKEN where the model is private.",
        )
    return found


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
