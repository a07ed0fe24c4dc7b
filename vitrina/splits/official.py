"""The splits a source brought along: kept, checked, completed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vitrina.errors import BadRequest
from vitrina.splits.assign import assign
from vitrina.splits.request import SIDES, SplitRequest

NO_LABEL = "no label"
NO_TARGETS = "no label, and no number in every target"
IN_TEST = "its group has pictures in test"
IN_VALIDATION = "its group has pictures in validation"
UNDERSAMPLED = "undersampled"


@dataclass(frozen=True)
class LeftOut:
    """A picture on no side: its row, the side it would have had where that is known, why it is out."""

    row: int
    side: str | None
    reason: str


@dataclass(frozen=True)
class Dealt:
    """`sides` (n) names the side of each picture, None for those in `left_out`; `said` tells how in a sentence."""

    sides: list[str | None]
    left_out: list[LeftOut] = field(default_factory=list)
    said: str = ""


def new_splits(
    labels: Sequence[str | None], groups: np.ndarray, *, keys: Sequence[str], request: SplitRequest
) -> Dealt:
    """Splits made afresh by `assign`. Raises BadRequest."""
    sides = assign(labels, groups, keys=keys, request=request)
    left_out = [LeftOut(row, None, NO_LABEL) for row, label in enumerate(labels) if label is None]
    return Dealt(sides, left_out, f"New splits: {', '.join(request.sides)}.")


def keep_official(
    official: Sequence[str | None],
    labels: Sequence[str | None],
    *,
    groups: np.ndarray,
    keys: Sequence[str],
    request: SplitRequest,
) -> Dealt:
    """The official sides, without what leaks, with the sides they lack cut from train.

    Where a group lies on several official sides, its pictures stay in test, else in validation, and are left out of
    the others: a figure measured on an official test stays comparable. Pictures without an official side count as
    train. A side that is asked for (share over 0) and that no labelled picture has is cut from what is left of train by
    `assign`, with the requested shares in proportion. Sides that are there are kept even where their share is 0.
    Without any official side the splits are new. Raises BadRequest.
    """
    present = {official[row] for row, label in enumerate(labels) if label is not None} - {None}
    unknown = sorted(str(side) for side in present - set(SIDES))
    if unknown:
        raise BadRequest(
            f"official splits among {', '.join(SIDES)}", ", ".join(unknown[:10]), "Collect the pile again."
        )
    if not present:
        return new_splits(labels, groups, keys=keys, request=request)
    sides, left_out = _without_leaks(official, labels, groups)
    pool = [row for row, side in enumerate(sides) if side == "train"]
    wanted = [side for side in request.sides if side == "train" or side not in present]
    kept = ", ".join(side for side in SIDES if side in present)
    if wanted in (["train"], []):
        return Dealt(sides, left_out, f"Official splits kept: {kept}.")
    if "train" not in wanted:
        raise BadRequest(
            f"a share for train, from which {' and '.join(wanted)} is cut",
            "--train 0",
            "Give train a share, or make new splits with --official ignore.",
        )
    if not pool:
        raise BadRequest(
            f"pictures in the official train to cut {' and '.join(wanted[1:])} from",
            f"none; official are {kept}",
            "Give the missing sides the share 0, or make new splits with --official ignore.",
        )
    cut = _cut(pool, labels, groups=groups, keys=keys, request=request.narrowed(wanted))
    for row, side in zip(pool, cut, strict=True):
        sides[row] = side
    taken = " and ".join(side for side in wanted if side not in present)
    source = "train" if "train" in present else "the rest"
    return Dealt(sides, left_out, f"Official splits kept: {kept}; {taken} cut from {source}.")


def _without_leaks(
    official: Sequence[str | None], labels: Sequence[str | None], groups: np.ndarray
) -> tuple[list[str | None], list[LeftOut]]:
    rank = {side: number for number, side in enumerate(SIDES)}
    held: dict[int, int] = {}
    for row, label in enumerate(labels):
        if label is not None:
            group = int(groups[row])
            held[group] = max(held.get(group, 0), rank[official[row] or "train"])
    sides: list[str | None] = []
    left_out: list[LeftOut] = []
    for row, label in enumerate(labels):
        side = official[row] or "train"
        reason = None
        if label is None:
            reason = NO_LABEL
        elif rank[side] < held[int(groups[row])]:
            reason = IN_TEST if held[int(groups[row])] == rank["test"] else IN_VALIDATION
        if reason is not None:
            left_out.append(LeftOut(row, official[row], reason))
        sides.append(None if reason else side)
    return sides, left_out


def _cut(
    pool: list[int],
    labels: Sequence[str | None],
    *,
    groups: np.ndarray,
    keys: Sequence[str],
    request: SplitRequest,
) -> list[str | None]:
    try:
        return assign(
            [labels[row] for row in pool], groups[pool], keys=[keys[row] for row in pool], request=request
        )
    except BadRequest as refused:
        raise BadRequest(
            f"{refused.expected} in what the official splits leave to cut from",
            refused.found,
            f"{refused.next_step} New splits: --official ignore.",
        ) from refused
