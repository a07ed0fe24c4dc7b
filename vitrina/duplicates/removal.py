"""Which copies may go, which one of each stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Reach = Literal["none", "exact", "near"]
# A copy in an official test part stays where it is: the one in train goes, or the figures lose their measure.
_OFFICIAL = {"test": 0, "validation": 1, "train": 2, None: 3}
_MEASURED = ("test", "validation")


@dataclass(frozen=True)
class Removal:
    """Row `row` goes, because it is a copy of row `of` by its bytes or pixels ("exact_duplicate") or by its
    look ("near_duplicate").
    """

    row: int
    reason: Literal["exact_duplicate", "near_duplicate"]
    of: int


@dataclass(frozen=True)
class Copies:
    """What is known of n pictures that decides which copy stays.

    `cluster` int64 (n,): equal for copies of any kind; `exact` int64 (n,): equal for the same bytes or pixels;
    `quality` (n,): 0 for the best copy of a cluster, then 1, 2 ...; `labels`, `official`: label and official split
    of each, None where there is none.
    """

    cluster: np.ndarray
    exact: np.ndarray
    quality: np.ndarray
    labels: Sequence[str | None]
    official: Sequence[str | None]


def conflicts(copies: Copies) -> list[list[int]]:
    """The clusters whose copies hold two labels, rows ascending, ordered by their first row."""
    return [rows for rows in _clusters(copies.cluster) if len(_labels(copies, rows)) > 1]


def removals(copies: Copies, *, reach: Reach, protected: Collection[int] = ()) -> list[Removal]:
    """What goes when copies up to `reach` are taken out, ordered by row.

    Of each cluster one stays: a copy with a label before one without, one in an official test or validation part
    before one in train, then one of `protected`, which a person decided to keep, then the best by `quality`. Others
    stay beside it: in a cluster that holds two labels all, because a person has to say first which is right; copies
    within an official test or validation part, whose figures others quote; of `protected` rows one for each
    picture, not its exact twins.
    """
    if reach == "none":
        return []
    gone: list[Removal] = []
    for rows in _clusters(copies.cluster if reach == "near" else copies.exact):
        if len(_labels(copies, rows)) > 1:
            continue
        ranked = sorted(rows, key=lambda row: _rank(copies, row, protected))
        stays, kept = ranked[0], {int(copies.exact[ranked[0]])}
        for row in ranked[1:]:
            exact = int(copies.exact[row])
            if row in protected and exact not in kept:
                kept.add(exact)
            elif copies.official[row] not in _MEASURED or copies.official[row] != copies.official[stays]:
                same = exact == copies.exact[stays]
                gone.append(Removal(row, "exact_duplicate" if same else "near_duplicate", stays))
    return sorted(gone, key=lambda one: one.row)


def _rank(copies: Copies, row: int, protected: Collection[int]) -> tuple[bool, int, bool, int, int]:
    official = _OFFICIAL[copies.official[row]]
    return copies.labels[row] is None, official, row not in protected, int(copies.quality[row]), row


def _labels(copies: Copies, rows: Sequence[int]) -> set[str]:
    return {label for row in rows if (label := copies.labels[row]) is not None}


def _clusters(cluster: np.ndarray) -> list[list[int]]:
    """Rows of each cluster of two or more."""
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(cluster.tolist()):
        rows[number].append(row)
    return [members for members in rows.values() if len(members) > 1]
