"""Collections follow the champion of a repository."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest, Busy, ModelUnavailable, VitrinaError
from vitrina.gallery.times import utc_now
from vitrina.repositories.manifest import MANIFEST
from vitrina.repositories.patience import Patience
from vitrina.services.alias import Aliases, Target, alias_of_text, require_versioned
from vitrina.services.answers_behind import AnswersBehind
from vitrina.services.classifiers import Classifiers, tell_unverified
from vitrina.services.errands import Errands
from vitrina.services.follow_memory import FollowMemory
from vitrina.services.loading import Served, names_a_version, serve_version

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.collections import Collection
    from vitrina.gallery.store import Store

log = logging.getLogger(__name__)

# After a start, before the first check: models come from the cache first.
FIRST_SECONDS = 20.0


@dataclass(frozen=True)
class Bounds:
    """`patience` with the far end; `seconds` for which a version is waited for; `turn_seconds` for another check."""

    patience: Patience = field(default_factory=lambda: Patience(tries=3, first_wait=0.5, longest_wait=5.0))
    seconds: float = 900.0
    turn_seconds: float = 60.0


@dataclass(frozen=True)
class Checked:
    """`changed`: another version answers since this check. `problem` says why all stayed as it was."""

    slug: str
    changed: bool
    revision: str | None
    version: str | None
    problem: str | None = None
    not_verified: tuple[str, ...] = ()


@dataclass(frozen=True)
class FollowState:
    """`follows` is None for a pinned or own model. `revision` is what the collection is set to ("org/name@<commit>"),
    `since` when; `version` is its name where it has one. `last_checked` is None before the first check of this
    process. `problem` says why a newer one does not answer, or none at all."""

    follows: str | None
    revision: str | None
    version: str | None
    since: datetime | None
    last_checked: datetime | None
    problem: str | None
    not_verified: tuple[str, ...] = ()


class Following:
    """Looks for new champions, verifies them, switches in one step; keeps what answers when anything fails."""

    def __init__(
        self,
        store: Store,
        classifiers: Classifiers,
        decoder: Decoder,
        *,
        endpoint: str | None = None,
        clock: Callable[[], datetime] = utc_now,
        bounds: Bounds | None = None,
        switched: Callable[[str], object] = lambda address: None,
    ) -> None:
        """`switched` is told the repository whose other version answers from now on."""
        self.store = store
        self.classifiers = classifiers
        self.endpoint = endpoint
        self.bounds = bounds or Bounds()
        self.answers = AnswersBehind(store, classifiers, decoder)
        self._clock = clock
        self._switched = switched
        self._aliases = Aliases(endpoint=endpoint, patience=self.bounds.patience)
        self._errands: Errands[Served] = Errands()
        self._lock = threading.Lock()
        self._memories: dict[str, FollowMemory] = {}
        self._schedule: threading.Thread | None = None

    def check(self, slug: str) -> Checked:
        """Look now whether the alias names another version, and let that one answer.

        What fails is told in `problem`, and by `state`; the one before goes on answering. Raises NotFound, and
        BadRequest for a collection that follows nothing.
        """
        if self.store.collections.get(slug).follows is None:
            raise BadRequest(
                f"a collection that follows a repository, to look for its champion ({slug})",
                "one that follows none",
                f"Run: python -m vitrina model {slug} --follow org/name.",
            )
        return self._check(slug, rest=False)

    def follow(self, slug: str, address: str) -> Checked:
        """The champion of the repository answers for the collection, and every one after it.

        `address` is "org/name", "file:///srv/food" or "./food"; "org/name@main" follows another branch. Raises
        VitrinaError; then nothing has changed.
        """
        alias = alias_of_text(address)
        collection = self.store.collections.get(slug)
        return self._take(collection, self._aliases.resolve(alias), follows=str(alias))

    def pin(self, slug: str, address: str) -> Checked:
        """This version answers for the collection and no other: "org/name@v2". Raises VitrinaError."""
        reference = require_versioned(address)
        collection = self.store.collections.get(slug)
        return self._take(collection, self._aliases.pin(reference), follows=None)

    def state(self, slug: str) -> FollowState:
        """What can be said at once, without asking anybody. Raises NotFound."""
        collection, memory = self.store.collections.get(slug), self._memory(slug)
        served, model = self.classifiers.serving(slug), self.classifiers.state(slug)
        return FollowState(
            follows=collection.follows,
            revision=collection.model_revision,
            version=collection.model_version,
            since=collection.model_since,
            last_checked=memory.last_checked,
            problem=memory.problem or (model.found if model.kind == "failed" else None),
            not_verified=served.not_verified if served is not None else (),
        )

    def start(self, stop: threading.Event, minutes: float) -> threading.Thread | None:
        """Checks every so many minutes, until `stop`, in a thread of its own; None where `minutes` is 0: never."""
        if minutes <= 0:
            return None
        thread = threading.Thread(target=self._run, args=(stop, minutes), name="following", daemon=True)
        self._schedule = thread
        thread.start()
        return thread

    def close(self) -> None:
        """After `stop`: leave off answering for pictures. What is on its way from a far end is left to itself."""
        self.answers.close()
        if self._schedule is not None:
            self._schedule.join(timeout=5)

    def _run(self, stop: threading.Event, minutes: float) -> None:
        wait = min(FIRST_SECONDS, minutes * 60)
        while not stop.wait(wait):
            wait = minutes * 60
            for collection in self.store.collections.all():
                if stop.is_set():
                    return
                try:
                    if collection.follows is not None:
                        self._check(collection.slug, rest=True)
                    if names_a_version(collection, data=self.classifiers.data):
                        # Also what another process has switched, and what a stop cut off.
                        self.answers.soon(collection.slug)
                # One collection's trouble (a database that is busy) is not the next one's.
                except Exception:
                    log.exception("the champion of %s was not looked for", collection.slug)

    def _check(self, slug: str, *, rest: bool) -> Checked:
        """With `rest` a version that failed a short while ago is left alone."""
        memory, target = self._memory(slug), None
        if not memory.turn.acquire(timeout=self.bounds.turn_seconds):
            return self._checked(slug, problem="another check of it is still under way")
        try:
            collection = self.store.collections.get(slug)
            if collection.follows is None:
                return self._checked(slug)
            target = self._aliases.resolve(alias_of_text(collection.follows))
            if rest and memory.rests(str(target.pinned), self._clock()):
                return self._checked(slug, problem=memory.problem)
            changed = not self._answers_already(collection, target)
            if changed:
                self._bring(collection, target, follows=collection.follows, by_itself=True)
            memory.succeeded(self._clock())
            return self._checked(slug, changed=changed)
        # Whatever a damaged version makes a library raise: the one before goes on answering.
        except Exception as error:
            problem = (
                str(error) if isinstance(error, VitrinaError) else f"{type(error).__name__}: {error}"[:300]
            )
            if memory.failed(problem, self._clock(), pinned=str(target.pinned) if target else None):
                log.warning("the model of %s stays as it is: %s", slug, problem)
            return self._checked(slug, problem=problem)
        finally:
            memory.turn.release()

    def _take(self, collection: Collection, target: Target, *, follows: str | None) -> Checked:
        slug, memory = collection.slug, self._memory(collection.slug)
        if not memory.turn.acquire(timeout=self.bounds.turn_seconds):
            raise Busy(f"one check of {slug} at a time", "another under way", "Try again in a minute.")
        try:
            self._bring(collection, target, follows=follows)
            memory.succeeded(self._clock())
        finally:
            memory.turn.release()
        return self._checked(slug, changed=collection.model != str(target.pinned))

    def _answers_already(self, collection: Collection, target: Target) -> bool:
        if collection.model != str(target.pinned):
            return False
        if self.classifiers.state(collection.slug).kind == "loading":
            # A start is loading it just now, or nobody asked yet: not twice.
            self.classifiers.warm(collection.slug)
        return self.classifiers.serving(collection.slug) is not None

    def _bring(
        self, collection: Collection, target: Target, *, follows: str | None, by_itself: bool = False
    ) -> None:
        """Load and verify beside what answers; then switch. `by_itself`: no person has asked for this one."""
        served = self._loaded(collection, target)
        if by_itself and served.not_verified and self._serves_ours(collection):
            raise ModelUnavailable(
                f"{MANIFEST} in {target.pinned}, as what answers now has one",
                "no manifest",
                "Publish it with Vitrina; to let it answer unverified run: "
                f"python -m vitrina model {collection.slug} --follow {collection.follows}.",
            )
        tell_unverified(collection.slug, served)
        self.classifiers.switch(collection, served, follows=follows, version=target.version)
        log.info("%s answers for %s from now on", target.version or target.pinned, collection.slug)
        self.answers.soon(collection.slug)
        self._switched(target.pinned.name)

    def _serves_ours(self, collection: Collection) -> bool:
        """Whether what answers was published by Vitrina; one that is not loaded yet has a version's name then."""
        served = self.classifiers.serving(collection.slug)
        return collection.model_version is not None if served is None else not served.not_verified

    def _loaded(self, collection: Collection, target: Target) -> Served:
        # Labels may be added meanwhile: then it is another errand.
        errand = f"{collection.slug} {target.pinned} {','.join(collection.labels)}"
        try:
            return self._errands.result(
                errand,
                lambda: serve_version(
                    target.pinned, collection, endpoint=self.endpoint, patience=self.bounds.patience
                ),
                seconds=self.bounds.seconds,
            )
        except TimeoutError as late:
            raise ModelUnavailable(
                f"{target.pinned} within {self.bounds.seconds:.0f} seconds",
                "that it is still on its way",
                "It goes on by itself; the next check looks again.",
            ) from late

    def _checked(self, slug: str, *, changed: bool = False, problem: str | None = None) -> Checked:
        collection, served = self.store.collections.get(slug), self.classifiers.serving(slug)
        return Checked(
            slug=slug,
            changed=changed,
            revision=collection.model_revision,
            version=collection.model_version,
            problem=problem,
            not_verified=served.not_verified if served is not None else (),
        )

    def _memory(self, slug: str) -> FollowMemory:
        with self._lock:
            return self._memories.setdefault(slug, FollowMemory())
