"""The history of one picture folded into what is true of it now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

STATES = ("pending", "published", "rejected", "trashed")
VIEWS = ("published", "review", "ready", "suggested", "rejected", "trashed")
ARRIVALS = ("import", "upload")
DECISIONS = ("label", "confirm", "publish", "reject", "trash", "restore")
STAFF = "staff:"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing somebody did to one picture; never changed once written.

    `label` and `state` are what the event sets, None where it leaves them alone; a suggestion's `label` is
    only proposed. `version` is the picture's version after it. `batch` (32 hex digits) is shared by
    what was done in one act. `undoes` is the id of the event an undo takes back.
    """

    id: int
    picture_id: int
    kind: str
    label: str | None
    state: str | None
    actor: str
    at: datetime
    version: int
    batch: str
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """What a history comes to: one current label, one state, one version."""

    label: str | None = None
    label_by: str | None = None
    state: str = "pending"
    version: int = 0
    suggestion: str | None = None
    published_at: datetime | None = None

    @property
    def shelf(self) -> str:
        """The view that shows the picture: its state, with pending parted into review or ready."""
        if self.state != "pending":
            return self.state
        return "ready" if (self.label_by or "").startswith(STAFF) else "review"


def apply(before: Folded, event: Event) -> Folded:
    """What is true after one more effective event that is not an undo."""
    if event.kind == "suggest":
        return replace(before, suggestion=event.label)
    after = replace(before, version=event.version)
    if event.label is not None:
        after = replace(after, label=event.label, label_by=event.actor)
    if event.state is not None:
        arrives = event.state == "published" and before.state != "published"
        published_at = event.at if arrives else before.published_at
        after = replace(
            after, state=event.state, published_at=published_at if event.state == "published" else None
        )
    # Publishing does not answer a suggestion: it may have come after the label that is published.
    if event.kind in ("label", "confirm", "reject", "trash"):
        after = replace(after, suggestion=None)
    return after


def fold(events: Iterable[Event]) -> Folded:
    """The current label, state, version of one picture from its whole history, in any order.

    An event that an undo names counts as if it had never happened; the version still counts it, so that
    it only ever rises.
    """
    history = sorted(events, key=lambda event: event.id)
    undone = {event.undoes for event in history if event.kind == "undo"}
    folded = Folded()
    for event in history:
        if event.kind != "undo" and event.id not in undone:
            folded = apply(folded, event)
    version = max((event.version for event in history if event.kind != "suggest"), default=0)
    return replace(folded, version=version)
