"""What the checks of one collection have come to so far."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

# After a version failed it is left alone for so long, then twice as long, and so on: not for ever, since what was wrong
# with it may have been the road, or a folder that somebody puts right; each try may fetch all of it.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=2)


@dataclass(frozen=True)
class _Failing:
    pinned: str
    tries: int
    again_at: datetime
    problem: str


class FollowMemory:
    """One collection's; `turn` is for one check at a time. `problem` says why the last one left all as it was."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.last_checked: datetime | None = None
        self.problem: str | None = None
        self._failing: _Failing | None = None

    def succeeded(self, now: datetime) -> None:
        """The alias was read, and what it names answers."""
        self.last_checked, self.problem, self._failing = now, None, None

    def failed(self, problem: str, now: datetime, *, pinned: str | None) -> bool:
        """Keeps it; whether it is news. `pinned` is the version that cannot be used, None where none was known."""
        news = problem != self.problem
        self.last_checked, self.problem = now, problem
        if pinned is not None:
            before = self._failing.tries if self._failing and self._failing.pinned == pinned else 0
            wait = min(FIRST_WAIT * 2 ** min(before, 10), LONGEST_WAIT)
            self._failing = _Failing(pinned, before + 1, now + wait, problem)
        return news

    def rests(self, pinned: str, now: datetime) -> bool:
        """Whether this version failed so short a while ago that it is left alone; `problem` is then what it failed
        of."""
        failing = self._failing
        if failing is None or failing.pinned != pinned or now >= failing.again_at:
            return False
        # The alias was just read: what kept an earlier check from reading it is over.
        self.problem = failing.problem
        return True
