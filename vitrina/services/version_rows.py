"""Versions, champion and history as a page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitrina.errors import NotFound
from vitrina.labels import label_problem
from vitrina.repositories.versions import Champion, Entry, Version
from vitrina.services.version_facts import Facts
from vitrina.services.version_shelf import Known
from vitrina.services.wording import label_title, who

if TYPE_CHECKING:
    from vitrina.gallery.collections import Collection

# Of how many versions, the newest, a visitor may ask an answer: each takes room in a cache and in memory.
COMPARED = 8


def version_rows(
    known: Known, collection: Collection, *, serving: str | None, language: str
) -> list[dict[str, Any]]:
    """One row a version, newest first. `same_test`: whether its figures can be held against the champion's; None where
    that is not known."""
    champion = None if known.champion is None else known.champion.version
    tests = {
        one.name: known.facts[one.revision].test for one in known.versions if one.revision in known.facts
    }
    compared = {one.name for one in comparable(known, serving)}
    rows = []
    for one in reversed(known.versions):
        facts, judged = known.facts.get(one.revision), tests.get(champion or "")
        test = None if facts is None else facts.test
        rows.append(
            {
                "name": one.name,
                "revision": one.revision[:12],
                "champion": one.name == champion,
                "served": one.name == serving,
                "comparable": one.name in compared,
                "readable": one.name not in known.unreadable,
                "read": facts is not None,
                "same_test": None if None in (test, judged) else test == judged,
                **_measured(facts or Facts(), collection, language),
            }
        )
    return rows


def version_of(known: Known, name: str) -> Version:
    """Raises NotFound."""
    for one in known.versions:
        if one.name == name:
            return one
    listed = ", ".join(one.name for one in reversed(known.versions)) or "none yet"
    raise NotFound(f"one of the versions ({listed})", repr(name[:20]), "Choose one of these.")


def comparable(known: Known, serving: str | None) -> list[Version]:
    """The newest versions, with the champion and the one that serves, v1 first."""
    newest = {one.name for one in known.versions[-COMPARED:]} | {serving}
    if known.champion is not None:
        newest.add(known.champion.version)
    return [one for one in known.versions if one.name in newest and one.name not in known.unreadable]


def _measured(facts: Facts, collection: Collection, language: str) -> dict[str, Any]:
    return {
        "when": facts.created,
        "forced": facts.forced,
        "card": facts.card is not None,
        "by_vitrina": facts.by_vitrina,
        "figures": list(facts.figures),
        "per_class": [
            {**one, "title": label_title(collection.label_titles, one["label"], language)}
            for one in facts.per_class
            if label_problem(one["label"]) is None
        ],
    }


def champion_row(champion: Champion | None, language: str, named: bool) -> dict[str, Any] | None:
    if champion is None:
        return None
    return {
        "version": champion.version,
        "since": champion.since,
        "revision": champion.revision[:12],
        "reason": champion.entry.reason,
        "by": _by(champion.entry, language, named),
    }


def history_row(entry: Entry, language: str, named: bool) -> dict[str, Any]:
    return {
        "at": entry.at,
        "action": entry.action,
        "version": entry.version,
        "previous": entry.previous,
        "reason": entry.reason,
        "by": _by(entry, language, named),
    }


def _by(entry: Entry, language: str, named: bool) -> str:
    # The page tells "staff", a command an account's name; "staff:name" is from before. Names are told to staff alone.
    name = entry.by if entry.by.partition(":")[0] == "staff" else f"staff:{entry.by}"
    return who(language, name, named=named)
