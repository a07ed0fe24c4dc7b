"""The versions of followed repositories as they were last read."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from vitrina.errors import VitrinaError
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.opening import open_repository
from vitrina.repositories.patience import Patience
from vitrina.repositories.repository import Repository, RepositoryError, RepositoryUnreachable
from vitrina.repositories.versions import Champion, Entry, Version, champion, history, versions
from vitrina.services.version_facts import Facts, read_facts

log = logging.getLogger(__name__)

# Seconds: for how long what was read is as good as new; how long a page waits for it to be read again.
FRESH, PATIENCE = 10.0, 1.5
# How many versions are shown, the newest; a repository may have hundreds.
SHOWN = 30


@dataclass(frozen=True)
class Known:
    """What a repository held at `read_at` (UTC, ISO 8601). `versions` are the newest, v1 first, `older` how many there
    are before them; `facts` by commit; `unreadable` the names of those whose own files are damaged."""

    read_at: str
    versions: tuple[Version, ...] = ()
    older: int = 0
    champion: Champion | None = None
    history: tuple[Entry, ...] = ()
    facts: dict[str, Facts] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """`known` None: nothing was ever read. `problem`: why the last try failed. `reading`: a try is under way."""

    known: Known | None
    problem: VitrinaError | None
    reading: bool


@dataclass
class _State:
    known: Known | None = None
    problem: VitrinaError | None = None
    tried_at: float | None = None
    begun_at: float = 0.0
    done: threading.Event | None = None
    once_more: bool = False


class VersionShelf:
    """Reads in the background, one thread a repository; a page never waits longer than PATIENCE seconds.

    What was read is kept in `folder`, so that a restart without the Hub shows what was known.
    """

    def __init__(
        self,
        folder: Path,
        *,
        endpoint: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self.endpoint = endpoint
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}

    def open(self, address: str) -> Repository:
        """The repository of models at the address, asked twice at most: somebody waits. Raises RepositoryError."""
        repository = open_repository(address, endpoint=self.endpoint)
        if isinstance(repository, HubRepository):
            repository.patience = Patience(tries=2, first_wait=0.5, longest_wait=3.0)
        return repository

    def look(self, address: str, *, anew: bool = False, patience: float = PATIENCE) -> Look:
        """What is known; read again first where that is older than FRESH seconds, or `anew`."""
        with self._lock:
            state = self._states.get(address)
            if state is None:
                state = self._states[address] = _State(known=self._remembered(address))
            old = state.tried_at is None or self._clock() - state.tried_at >= FRESH
            if (old or anew) and state.done is None:
                self._begin(address, state)
            elif anew:
                # What is being read just now may have been read before what is to be seen.
                state.once_more = True
            done, begun_at = state.done, state.begun_at
        if done is not None:
            # Whoever comes later does not wait for a far end that hangs.
            done.wait(max(0.0, patience - (self._clock() - begun_at)))
        with self._lock:
            return Look(state.known, state.problem, state.done is not None)

    def _begin(self, address: str, state: _State) -> None:
        state.done, state.begun_at = threading.Event(), self._clock()
        threading.Thread(
            target=self._read, args=(address, state), name=f"versions of {address}", daemon=True
        ).start()

    def _read(self, address: str, state: _State) -> None:
        problem: VitrinaError | None = None
        try:
            self._read_all(address, state)
        except VitrinaError as error:
            problem = error
        # Whatever a library raises at an odd answer: the page must not wait for ever.
        except Exception as error:
            log.exception("the versions of %s cannot be read", address)
            problem = RepositoryError(
                f"versions at {address}", f"{type(error).__name__}"[:200], "Look into the server's log."
            )
        with self._lock:
            done, state.done = state.done, None
            state.problem, state.tried_at = problem, self._clock()
            if state.once_more:
                state.once_more = False
                self._begin(address, state)
        if done is not None:
            done.set()

    def _read_all(self, address: str, state: _State) -> None:
        repository = self.open(address)
        found = versions(repository)
        shown = tuple(found[-SHOWN:])
        before = state.known
        facts = dict(before.facts) if before else {}
        known = Known(
            read_at=self._now().isoformat(timespec="seconds"),
            versions=shown,
            older=len(found) - len(shown),
            champion=champion(repository),
            history=tuple(history(repository)),
            facts={one.revision: facts[one.revision] for one in shown if one.revision in facts},
        )
        state.known = known
        for one in reversed(shown):
            if one.revision not in known.facts:
                known = state.known = self._with_facts(repository, address, known, one)
        self._put(self._place(address) / "known.json", _to_json(address, known))

    def _with_facts(self, repository: Repository, address: str, known: Known, one: Version) -> Known:
        place = self._place(address) / f"{one.revision}.json"
        told = _content(place)
        try:
            facts = _facts_from(told) if told is not None else read_facts(repository, one.revision)
        except RepositoryUnreachable:
            raise
        except RepositoryError as error:
            log.warning("%s of %s cannot be read: %s", one.name, address, error)
            return replace(known, unreadable=(*known.unreadable, one.name))
        if told is None and facts.by_vitrina:
            self._put(place, asdict(facts))
        return replace(known, facts={**known.facts, one.revision: facts})

    def _place(self, address: str) -> Path:
        return self.folder / hashlib.sha256(address.encode()).hexdigest()[:16]

    def _remembered(self, address: str) -> Known | None:
        told = _content(self._place(address) / "known.json")
        try:
            return None if told is None or told["address"] != address else self._known_from(address, told)
        except (KeyError, TypeError, ValueError) as problem:
            log.warning("what was known of %s cannot be read: %s", address, problem)
            return None

    def _known_from(self, address: str, told: dict[str, Any]) -> Known:
        shown = tuple(Version(*one) for one in told["versions"])
        of = {one.revision: _content(self._place(address) / f"{one.revision}.json") for one in shown}
        led = told["champion"]
        return Known(
            read_at=told["read_at"],
            versions=shown,
            older=told["older"],
            champion=None if led is None else Champion(**{**led, "entry": Entry(**led["entry"])}),
            history=tuple(Entry(**one) for one in told["history"]),
            facts={commit: _facts_from(one) for commit, one in of.items() if one is not None},
        )

    def _put(self, place: Path, told: dict[str, Any]) -> None:
        """For the next start; a full disk costs that and nothing else."""
        partial = place.with_name(f".{place.name}.{uuid4().hex}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
            os.replace(partial, place)
        except OSError as problem:
            log.warning("%s is not kept: %s", place.name, problem)
            partial.unlink(missing_ok=True)


def _to_json(address: str, known: Known) -> dict[str, Any]:
    return {
        "address": address,
        "read_at": known.read_at,
        "versions": [list(one) for one in known.versions],
        "older": known.older,
        "champion": None if known.champion is None else asdict(known.champion),
        "history": [asdict(one) for one in known.history],
    }


def _facts_from(told: dict[str, Any]) -> Facts:
    return Facts(**{**told, "figures": tuple(told["figures"]), "per_class": tuple(told["per_class"])})


def _content(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
