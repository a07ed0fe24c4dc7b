"""What becomes of each picture: it stays, gets another label, or goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitrina.duplicates.removal import Copies, Reach, conflicts, removals

if TYPE_CHECKING:
    import pandas as pd

    from vitrina.doubts.decisions import Decision
    from vitrina.duplicates.found import Duplicates


@dataclass(frozen=True)
class Removed:
    """Row `row` goes. `reason`: "exact_duplicate", "near_duplicate" or "decided"; `of` is the row it is a copy of."""

    row: int
    reason: str
    of: int | None = None


@dataclass(frozen=True)
class Plan:
    """What becomes of n collected pictures.

    `labels`: label of each after the decisions, None without one; `relabelled`: rows whose label a person changed;
    `removed`: what goes, by row; `conflicts`: clusters of copies that still hold two labels.
    """

    labels: list[str | None]
    relabelled: list[int]
    removed: list[Removed]
    conflicts: list[list[int]]

    @property
    def kept(self) -> list[int]:
        """Rows that stay, ascending."""
        gone = {one.row for one in self.removed}
        return [row for row in range(len(self.labels)) if row not in gone]


def plan(
    survey: pd.DataFrame, duplicates: Duplicates, decisions: Mapping[str, Decision], *, reach: Reach
) -> Plan:
    """Apply the decisions of people (picture_id -> the last one), then take out copies up to `reach`.

    A picture that a person removed is no candidate for the copy that stays; one that a person kept is not removed
    as a near copy.
    """
    before = [label if isinstance(label, str) else None for label in survey["label"]]
    ids = survey["picture_id"].tolist()
    carried: defaultdict[str, set[str | None]] = defaultdict(set)
    for one, label in zip(ids, before, strict=True):
        carried[one].add(label)
    labels = [
        _decided_label(decisions.get(one), label, carried[one])
        for one, label in zip(ids, before, strict=True)
    ]
    asked = {row for row, one in enumerate(ids) if _goes(decisions.get(one), before[row], carried[one])}
    protected = {row for row, one in enumerate(ids) if _kind(decisions.get(one)) == "keep"}
    stay = [row for row in range(len(ids)) if row not in asked]
    copies = _copies(survey, duplicates, stay, labels=labels)
    places = {row: place for place, row in enumerate(stay)}
    gone = removals(copies, reach=reach, protected={places[row] for row in protected})
    removed = [Removed(row, "decided") for row in asked]
    removed += [Removed(stay[one.row], one.reason, stay[one.of]) for one in gone]
    return Plan(
        labels=labels,
        relabelled=[row for row, label in enumerate(labels) if label != before[row]],
        removed=sorted(removed, key=lambda one: one.row),
        conflicts=[[stay[place] for place in rows] for rows in conflicts(copies)],
    )


def _copies(
    survey: pd.DataFrame, duplicates: Duplicates, rows: Sequence[int], *, labels: Sequence[str | None]
) -> Copies:
    pixels = survey["pixel_sha256"].to_numpy()[rows]
    official = survey["official_split"].tolist()
    return Copies(
        cluster=duplicates.cluster[rows],
        exact=np.unique(pixels, return_inverse=True)[1],
        quality=_quality(survey, duplicates.keep)[rows],
        labels=[labels[row] for row in rows],
        official=[official[row] if isinstance(official[row], str) else None for row in rows],
    )


def _quality(survey: pd.DataFrame, keep: np.ndarray) -> np.ndarray:
    """Rank of each picture, 0 for the best: what the search would keep, then more pixels, sharper, larger file."""
    area = survey["width"].to_numpy(np.int64) * survey["height"].to_numpy(np.int64)
    sharpness, size = survey["sharpness"].to_numpy(), survey["bytes"].to_numpy()
    order = np.lexsort((survey["picture_id"].to_numpy(str), -size, -sharpness, -area, ~keep))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _decided_label(
    decision: Decision | None, label: str | None, carried: Collection[str | None]
) -> str | None:
    """The label after `decision`; `carried`: those of all rows with the same bytes."""
    if decision is None or decision.kind == "remove":
        return label
    # Who keeps a file that lies in two classes has confirmed the label that was shown.
    confirmed = decision.kind == "relabel" or (decision.label is not None and decision.label in carried)
    return decision.label if confirmed else label


def _goes(decision: Decision | None, label: str | None, carried: Collection[str | None]) -> bool:
    """Whether a person removed this row; of a file that lies in two classes, only where it was seen."""
    if decision is None or decision.kind != "remove":
        return False
    return decision.replaces not in carried or len(carried) == 1 or decision.replaces == label


def _kind(decision: Decision | None) -> str | None:
    return None if decision is None else decision.kind
