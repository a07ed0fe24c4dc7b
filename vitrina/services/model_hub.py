"""The models of a collection: versions with what was measured, the champion, what serves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from vitrina.errors import BadRequest, NotFound, VitrinaError
from vitrina.repositories.opening import folder_of
from vitrina.repositories.repository import RepositoryError, is_commit
from vitrina.repositories.versions import CHAMPION, MAIN
from vitrina.services.card_tree import Node, card_tree
from vitrina.services.catalogue import collection_title
from vitrina.services.champion_moves import move, within
from vitrina.services.classifiers import Classifiers
from vitrina.services.following import Following, FollowState
from vitrina.services.own_model import own_card, own_model
from vitrina.services.principal import Principal
from vitrina.services.version_rows import champion_row, history_row, version_of, version_rows
from vitrina.services.version_shelf import Known, VersionShelf

if TYPE_CHECKING:
    from vitrina.gallery.collections import Collection
    from vitrina.gallery.store import Store

log = logging.getLogger(__name__)

LONGEST_REASON = 500
# How many moves of the champion are shown, the latest.
MOVES = 30
# Who moved it as the repository tells it, which may be public; the account of the token is on the commit anyway.
PUBLIC_ACTOR = "staff"
# How long one waits for this app to follow a champion that was just moved; it goes on behind.
FOLLOWED_SECONDS = 20.0


class Followed(NamedTuple):
    """ "org/name@champion" in its two parts."""

    address: str
    alias: str

    @property
    def said(self) -> str:
        """The name as anyone may read it: of a folder its own alone, not where it lies on this machine."""
        try:
            folder = folder_of(self.address)
        except RepositoryError:
            folder = None
        return self.address if folder is None else folder.name


class ModelHub:
    """What the page of models shows, and the one thing that staff change there."""

    def __init__(
        self,
        store: Store,
        classifiers: Classifiers,
        following: Following,
        *,
        endpoint: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        shelf: VersionShelf | None = None,
    ) -> None:
        self.store = store
        self.classifiers = classifiers
        self.following = following
        self.shelf = shelf or VersionShelf(classifiers.data / "model-hub", endpoint=endpoint, now=now)
        self._now = now
        self._moving = threading.Lock()

    def collections(self, language: str) -> list[dict[str, Any]]:
        """[{slug, title}] of the collections that have or follow a model."""
        found = [one for one in self.store.collections.all() if one.model or followed(one)]
        return [{"slug": one.slug, "title": collection_title(one, language)} for one in found]

    def view(self, slug: str, language: str, *, named: bool = False) -> dict[str, Any]:
        """All that is known of a collection's models. Asks no far end for longer than a second or two.

        `kind` is "followed", "own" or "none". `reading`: it is being read just now, ask again; `away`: it could not be,
        what is shown was read at `read_at`. Names of staff and the words of problems are told where `named`. Raises
        NotFound.
        """
        collection = self.store.collections.get(slug)
        base = {"slug": slug, "title": collection_title(collection, language)}
        source = followed(collection)
        if source is None:
            return {**base, **own_model(self.classifiers, collection)}
        look = self.shelf.look(source.address)
        known = look.known or Known(read_at="")
        serving = self._serving(collection, known)
        if serving["state"] == "loading":
            self.classifiers.warm_soon(slug)  # Who looks at its versions may soon ask it.
        return {
            **base,
            "kind": "followed",
            "repository": source.said,
            "movable": source.alias in (CHAMPION, MAIN),
            "reading": look.reading,
            "read_at": known.read_at or None,
            "away": look.problem is not None,
            "problem": str(look.problem) if named and look.problem else None,
            "champion": champion_row(known.champion, language, named),
            "serving": serving,
            "check": _check(self.following.state(slug), named),
            "versions": version_rows(known, collection, serving=serving["version"], language=language),
            "older": known.older,
            "history": [history_row(one, language, named) for one in reversed(known.history[-MOVES:])],
            "more_history": max(0, len(known.history) - MOVES),
        }

    def card(self, slug: str, version: str) -> list[Node]:
        """The card of a version, or of a collection's own model (""), as a tree. Raises NotFound."""
        collection = self.store.collections.get(slug)
        source = followed(collection)
        if source is None:
            text = None if version else own_card(self.classifiers.data, collection)
        else:
            known = self.known(source)
            facts = known.facts.get(version_of(known, version).revision)
            text = None if facts is None else facts.card
        if text is None:
            raise NotFound("a card of that model", "none", "Choose another version.")
        return card_tree(text)

    def known(self, source: Followed) -> Known:
        """What was read of the repository; nothing where nothing ever was."""
        return self.shelf.look(source.address).known or Known(read_at="")

    def serving_version(self, collection: Collection) -> str | None:
        """The name of the version that this app answers with; None where it is none of the known ones."""
        source = followed(collection)
        return None if source is None else self._serving(collection, self.known(source))["version"]

    def promote(
        self, principal: Principal, slug: str, *, version: str, reason: str, expected: str | None
    ) -> dict[str, Any]:
        """`version` is the champion from now on, and this app follows at once: {champion, served, problem}.

        `expected` is the champion that the page showed. Raises Forbidden, BadRequest, NotFound, Stale, Busy.
        """
        principal.require_staff()
        collection = self.store.collections.get(slug)
        source = followed(collection)
        if source is None or source.alias not in (CHAMPION, MAIN):
            raise BadRequest(
                f"a collection that follows the champion of a repository, to move it ({slug})",
                "one with a model of its own" if source is None else f"one that follows {source.alias}",
                "Set the collection to org/name@champion first.",
            )
        why = _reason(reason)
        # The name is told here alone; as a warning, because logging that nobody has set up drops what lies below.
        log.warning("%s asks for %.20r as the champion of %s: %s", principal.actor, version, slug, why)
        moved = move(
            self.shelf.open(source.address),
            version,
            reason=why,
            by=PUBLIC_ACTOR,
            at=self._now().isoformat(timespec="seconds"),
            expected=expected,
            turn=self._moving,
        )
        followed_now = within(FOLLOWED_SECONDS, lambda: self._follow(source))
        problem = followed_now[0] if followed_now else None
        self.shelf.look(source.address, anew=True)
        now = self.store.collections.get(slug)
        return {
            "champion": {"version": moved.version, "since": moved.since},
            "served": _commit_of(now) in (moved.entry.revision, moved.revision),
            "problem": problem,
        }

    def _follow(self, source: Followed) -> str | None:
        """Every collection that follows it looks at once; what went wrong, in words."""
        problem = None
        for one in self.store.collections.all():
            there = followed(one)
            if there is not None and there.address == source.address:
                try:
                    problem = problem or self.following.check(one.slug).problem
                except VitrinaError as error:
                    # The champion has moved all the same.
                    problem = problem or str(error)
        return problem

    def _serving(self, collection: Collection, known: Known) -> dict[str, Any]:
        """{version, revision}: what this app answers with now. `version` None where it is none of the known ones."""
        commit = _commit_of(collection)
        version = collection.model_version
        if version is None and known.champion is not None and commit == known.champion.revision:
            version = known.champion.version
        if version is None:
            version = next((one.name for one in known.versions if one.revision == commit), None)
        ready = self.classifiers.state(collection.slug).kind
        return {"version": version, "revision": commit[:12] if commit else None, "state": ready}


def followed(collection: Collection) -> Followed | None:
    """What the collection follows; None where its model is its own."""
    if not collection.follows:
        return None
    address, at, alias = collection.follows.rpartition("@")
    return Followed(address, alias) if at else Followed(alias, CHAMPION)


def _commit_of(collection: Collection) -> str | None:
    commit = (collection.model_revision or collection.model or "").rpartition("@")[2]
    return commit if is_commit(commit) else None


def _check(state: FollowState, named: bool) -> dict[str, Any]:
    return {
        "at": state.last_checked.isoformat() if state.last_checked else None,
        "failed": state.problem is not None,
        "problem": state.problem if named else None,
    }


def _reason(told: str) -> str:
    reason = " ".join(told.split())
    if not 1 <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        raise BadRequest(
            f"a reason of 1 to {LONGEST_REASON} printable characters",
            repr(reason[:80]),
            "Say in a sentence why.",
        )
    return reason
