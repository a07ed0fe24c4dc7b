"""One row of pictures to look at, what teaches most first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vitrina.doubts.doubt import KINDS, Doubt

# What an answer changes, at most: two labels of one picture are wrong for certain; a label error changes the
# answer a classifier is taught; a stranger teaches it noise; the rest mostly stays. An order, not measured.
WEIGHTS = {
    "label_conflict": 1.0,
    "label_error": 0.8,
    "irrelevant": 0.6,
    "outlier": 0.5,
    "flat": 0.4,
    "dark": 0.3,
    "bright": 0.3,
    "blurred": 0.3,
    "odd_size": 0.2,
    "odd_aspect": 0.2,
}


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One picture with all its reasons, the weightiest first.

    `score`: above 0, at most 1; `kinds`, `reasons` go together; `suggestion`: of the weightiest reason that has
    one; `partners`: rows to be seen beside it, ascending.
    """

    row: int
    label: str | None
    suggestion: str | None
    kinds: tuple[str, ...]
    score: float
    reasons: tuple[str, ...]
    partners: tuple[int, ...]


def review_queue(doubts: Iterable[Doubt]) -> list[QueueEntry]:
    """Every doubted picture once, ranked.

    Its score is 1 - the product of (1 - weight x score) over its reasons: several reasons add up, none makes
    less of another. Scores are places within a kind, so kinds interleave: whoever stops early has seen the strongest
    of each, more of the weightier. Equal scores go by row; the order of `doubts` does not matter.
    """
    of_row: dict[int, list[Doubt]] = {}
    for doubt in doubts:
        of_row.setdefault(doubt.row, []).append(doubt)
    entries = [_entry(reasons) for reasons in of_row.values()]
    return sorted(entries, key=lambda entry: (-entry.score, entry.row))


def _entry(doubts: list[Doubt]) -> QueueEntry:
    ranked = sorted(
        set(doubts),
        key=lambda doubt: (
            -WEIGHTS[doubt.kind] * doubt.score,
            KINDS.index(doubt.kind),
            doubt.reason,
            doubt.suggestion or "",
            doubt.partners,
        ),
    )
    left = 1.0
    for doubt in ranked:
        left *= 1 - WEIGHTS[doubt.kind] * doubt.score
    return QueueEntry(
        row=ranked[0].row,
        label=ranked[0].label,
        suggestion=next((doubt.suggestion for doubt in ranked if doubt.suggestion is not None), None),
        kinds=tuple(doubt.kind for doubt in ranked),
        score=1 - left,
        reasons=tuple(doubt.reason for doubt in ranked),
        partners=tuple(sorted({row for doubt in ranked for row in doubt.partners})),
    )
