"""The champion is moved, within a bounded time, by one person at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from vitrina.errors import Busy, Forbidden, NotFound, Stale
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.patience import status_of
from vitrina.repositories.repository import (
    Repository,
    RepositoryChanged,
    RepositoryError,
    RepositoryUnreachable,
)
from vitrina.repositories.versions import Champion, champion, move_champion, versions

log = logging.getLogger(__name__)

T = TypeVar("T")
# How long a person waits for it; what has begun goes on behind.
SECONDS = 25.0


class HubRefused(Forbidden):
    """The Hub does not let this server change the repository (HTTP 403)."""


class HubAway(Busy):
    """The Hub does not answer; the move may or may not have happened (HTTP 503)."""


class StillMoving(Busy):
    """A move that has begun is not done yet (HTTP 503)."""


def move(
    repository: Repository,
    version: str,
    *,
    reason: str,
    by: str,
    at: str,
    expected: str | None,
    turn: threading.Lock,
    seconds: float = SECONDS,
) -> Champion:
    # Who, why and when go into the log; the rest is what the person saw and how long they wait.
    """Move the champion to `version` if it still is `expected`. `turn` lets one move through at a time.

    Raises Stale where another version is in force, NotFound, HubRefused, HubAway, StillMoving.
    """
    if isinstance(repository, HubRepository):
        _require_token(repository)
    if not turn.acquire(blocking=False):
        raise _still_moving()

    def work() -> Champion:
        try:
            return _moved(repository, version, reason=reason, by=by, at=at, expected=expected)
        finally:
            turn.release()

    found = within(seconds, work)
    if found is None:
        raise _still_moving()
    return found[0]


def within(seconds: float, call: Callable[[], T]) -> tuple[T] | None:
    """(what `call` gives,), or None where it takes longer: then it goes on in its thread. Raises what it raises."""
    given: list[tuple[T]] = []
    raised: list[Exception] = []
    late = threading.Event()

    def work() -> None:
        try:
            given.append((call(),))
        # Handed to the one who waits for it, or to the log where nobody does any more.
        except Exception as problem:
            raised.append(problem)
            if late.is_set():
                log.warning("what went on behind has failed: %s", problem)

    thread = threading.Thread(target=work, name="within a bounded time", daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not given:
        late.set()
    return given[0] if given else None


def _moved(
    repository: Repository, version: str, *, reason: str, by: str, at: str, expected: str | None
) -> Champion:
    try:
        names = [one.name for one in versions(repository)]
        if version not in names:
            listed = ", ".join(reversed(names)) or "none yet"
            raise NotFound(f"one of the versions ({listed})", repr(version[:20]), "Choose one of these.")
        now = champion(repository)
        if (now.version if now else None) != expected:
            raise Stale(
                f"{expected or 'no version'} as the champion of {repository.name}",
                f"{now.version if now else 'none'}, since {now.since if now else 'ever'}",
                "Look at it as it is now, then decide again.",
            )
        # "": that there was none, which is compared once more when it is moved.
        return move_champion(repository, version, reason=reason, by=by, at=at, expected=expected or "")
    except RepositoryChanged as problem:
        raise Stale(
            problem.expected, problem.found, "Look at it as it is now, then decide again."
        ) from problem
    except RepositoryUnreachable as problem:
        raise HubAway(
            problem.expected, problem.found, "Try again in a moment: what was done already is not done twice."
        ) from problem
    except RepositoryError as problem:
        if isinstance(problem.__cause__, Exception) and status_of(problem.__cause__) in (401, 403):
            raise HubRefused(problem.expected, problem.found, _TOKEN) from problem
        raise


_TOKEN = (
    "Set HF_TOKEN in the server's environment to a token that may write to it, then start the server again."
)


def _require_token(repository: HubRepository) -> None:
    from huggingface_hub import get_token

    if get_token() is None:
        raise HubRefused(f"a token that may write to {repository.name}", "no token", _TOKEN)


def _still_moving() -> StillMoving:
    return StillMoving(
        "a champion that stays where it is", "one that is being moved", "Look again in a few seconds."
    )
