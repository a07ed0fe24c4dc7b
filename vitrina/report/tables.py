"""The tables of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vitrina.report.found import Found

# The review's kinds that need features, those that need labels as well.
BY_FEATURES = ("label_error", "outlier", "irrelevant")
BY_LOOKS = ("dark", "bright", "blurred", "flat", "odd_size", "odd_aspect")


@dataclass(frozen=True)
class Step:
    """One row of the before and after table. `count` is None for what was not looked for; `what` says whether it
    is a total, is taken out of it, or only changed within it."""

    key: str
    count: int | None
    what: str
    share: float | None = None


@dataclass(frozen=True)
class ClassRow:
    """One class: pictures before, after (None where nothing was cleaned), its share of what there is now, 0..1."""

    name: str
    before: int
    after: int | None
    share: float


@dataclass(frozen=True)
class SideRow:
    """One side of the split; `share` of all its pictures, 0..1; `lacks`: classes that other sides hold."""

    side: str
    pictures: int
    groups: int
    share: float
    lacks: tuple[str, ...]
    hash: str


def steps(found: Found) -> list[Step]:
    """From the files that were found to the pictures that remain, in the order of the study's table."""
    counts = dict(found.collected["counts"])
    original = int(counts["found"])
    taken = int(counts["taken"])
    unreadable = int(counts["quarantined"])
    cleaned: dict[str, Any] = dict(found.cleaned["counts"]) if found.cleaned is not None else {}
    told: list[tuple[str, int | None, str]] = [
        ("original", original, "total"),
        ("unreadable", unreadable, "out"),
        ("exact_duplicates", cleaned.get("exact_duplicates"), "out"),
        ("near_duplicates", cleaned.get("near_duplicates"), "out"),
        ("relabelled", cleaned.get("relabelled"), "changed"),
        ("irrelevant", cleaned.get("irrelevant"), "out"),
        ("final", cleaned.get("final", taken), "total"),
    ]
    return [
        Step(key, count, what, share=None if count is None or not original else count / original)
        for key, count, what in told
    ]


def unaccounted(rows: list[Step]) -> int:
    """By how many pictures the table does not add up: 0, unless a stage's report is wrong."""
    by_key = {row.key: row.count or 0 for row in rows}
    out = sum(row.count or 0 for row in rows if row.what == "out")
    return by_key["original"] - out - by_key["final"]


def class_rows(found: Found) -> list[ClassRow]:
    """Every class, largest first."""
    before = dict(found.collected["classes"])
    after: dict[str, int] | None = None
    if found.cleaned is not None:
        before, after = dict(found.cleaned["classes"]["before"]), dict(found.cleaned["classes"]["after"])
    now = before if after is None else after
    total = max(1, sum(now.values()))
    names = sorted({*before, *now}, key=lambda name: (-before.get(name, 0), name))
    return [
        ClassRow(
            name=name,
            before=before.get(name, 0),
            after=None if after is None else after.get(name, 0),
            share=now.get(name, 0) / total,
        )
        for name in names
    ]


def side_rows(found: Found) -> list[SideRow]:
    """The sides of the split in the order of its report; none where there is no split."""
    if found.split is None:
        return []
    counts = found.split["counts"]
    total = max(1, sum(side["pictures"] for side in counts.values()))
    held = {label for side in counts.values() for label, count in side["classes"].items() if count}
    return [
        SideRow(
            side=name,
            pictures=side["pictures"],
            groups=side["groups"],
            share=side["pictures"] / total,
            lacks=tuple(sorted(held - {label for label, count in side["classes"].items() if count})),
            hash=str(found.split.get("hashes", {}).get(name, "")),
        )
        for name, side in counts.items()
    ]


def extent(found: Found, column: str) -> tuple[float, float, float] | None:
    """(least, median, most) of one column of the survey; None without pictures."""
    values = found.survey[column].dropna()
    if not len(values):
        return None
    return float(values.min()), float(values.median()), float(values.max())


def not_looked_for(found: Found, kind: str) -> str | None:
    """Why a kind of doubt was not looked for, or not everywhere, in English; None where it was.

    What the stage says itself comes first.
    """
    if found.cleaned is None:
        return "cleaning has not run"
    told = found.cleaned.get("not_looked_for", {}).get(kind)
    if told is not None:
        return str(told)
    if kind == "label_error" and found.cleaned["settings"].get("label_errors") is False:
        return "switched off"
    if kind in BY_FEATURES and not found.collected.get("features"):
        return "no features were computed"
    labelled = sum(1 for count in found.collected["classes"].values() if count)
    if kind in ("label_error", "label_conflict") and labelled < 2:
        return "fewer than two classes"
    return None
