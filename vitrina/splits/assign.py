"""Stratified, grouped splits: a class has its share on every side, a group lies on one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from vitrina.errors import BadRequest
from vitrina.splits.groups import join_groups
from vitrina.splits.improve import Deal
from vitrina.splits.quotas import quotas
from vitrina.splits.request import SplitRequest, lot

Content = tuple[tuple[int, int], ...]  # (class, pictures of it) of one group, by class


def assign(
    labels: Sequence[str | None], groups: np.ndarray, *, keys: Sequence[str], request: SplitRequest
) -> list[str | None]:
    """The side of each picture; None where it has no label, since nothing can be stratified then.

    `groups` are n ids; pictures with one id, or with one of `keys`, end on one side. The answer hangs on keys, labels,
    groups and seed, not on the order of the rows nor on the numbers of the groups.

    A class whose pictures are all in groups of one gets exactly `quotas`. Larger groups are dealt one by one, larger
    ones first, to the side that is emptiest of what they hold (much as in iterative stratification: Sechidis,
    Tsoumakas, Vlahavas 2011, "On the Stratification of Multi-label Data"), then moved and swapped while that brings the
    counts nearer (`Deal`). Where no group holds two classes and L is the size of a class's largest group, the class is
    off its share by at most L + 1 pictures if its share is L or more on every side, else by at most
    (sides - 1) x L + 1. Groups of several classes have no such bound: no move of one group betters the counts.

    Raises BadRequest where nothing has a label, a class lies in fewer groups than there are sides, one group holds more
    than the largest side takes, or groups tie classes together so that one is missing from a side.
    """
    if not len(labels) == len(groups) == len(keys):
        raise BadRequest(
            "a label, a group and a key for each picture",
            f"{len(labels)}, {len(groups)} and {len(keys)}",
            "Give one of each for each picture.",
        )
    rows = [row for row, label in enumerate(labels) if label is not None]
    names = sorted({str(labels[row]) for row in rows})
    if not rows:
        raise BadRequest(
            "pictures with a label", f"none among {len(labels)}", "Label some pictures, then split again."
        )
    if len(request.sides) == 1:
        return [None if label is None else request.sides[0] for label in labels]
    members = _members(rows, groups, keys, seed=request.seed)
    index = {name: number for number, name in enumerate(names)}
    contents = [_content([index[str(labels[row])] for row in group]) for group in members]
    _refuse_the_impossible(names, contents, request)
    sides: list[str | None] = [None] * len(labels)
    for group, side in zip(members, _deal(names, contents, request), strict=True):
        for row in group:
            sides[row] = request.sides[side]
    return sides


def _members(rows: list[int], groups: np.ndarray, keys: Sequence[str], *, seed: int) -> list[list[int]]:
    """Rows of each group, groups in the order in which they are dealt."""
    found: dict[int, list[int]] = {}
    for row, group in zip(rows, join_groups([groups[r] for r in rows], [keys[r] for r in rows]), strict=True):
        found.setdefault(int(group), []).append(row)
    # Sizes are compared by their power of two: among groups of about one size the seed decides who is first.
    return sorted(
        found.values(),
        key=lambda group: (-len(group).bit_length(), lot(min(keys[row] for row in group), seed=seed)),
    )


def _content(classes: list[int]) -> Content:
    return tuple((one, classes.count(one)) for one in sorted(set(classes)))


def _refuse_the_impossible(names: list[str], contents: list[Content], request: SplitRequest) -> None:
    sides = request.sides
    spread = [0] * len(names)
    for content in contents:
        for label, _ in content:
            spread[label] += 1
    few = [f"{name} ({count})" for name, count in zip(names, spread, strict=True) if count < len(sides)]
    if few:
        raise BadRequest(
            f"each class in at least {len(sides)} groups, one for each of {', '.join(sides)}",
            "fewer of " + ", ".join(few[:10]) + (f" and {len(few) - 10} more" if len(few) > 10 else ""),
            "Add pictures of other scenes, group by less, merge the class into another, or ask for fewer sides.",
        )
    whole = sum(count for content in contents for _, count in content)
    largest = max(sum(count for _, count in content) for content in contents)
    side = max(sides, key=lambda name: request.shares[name])
    room = math.ceil(round(whole * request.shares[side], 9))
    if largest > room:
        raise BadRequest(
            f"groups of at most {room} pictures, what {side} takes as the largest side",
            f"one of {largest} among {whole}",
            "Group by something finer, or ask for a larger share there.",
        )


def _deal(names: list[str], contents: list[Content], request: SplitRequest) -> list[int]:
    """The side of each group, as an index into `request.sides`."""
    counts = [0] * len(names)
    for content in contents:
        for label, count in content:
            counts[label] += count
    targets = quotas(counts, [request.shares[side] for side in request.sides])
    short: list[list[float]] = targets.astype(float).tolist()
    # By the share of a side that is still empty, so that groups of every size come to all sides; by the pictures that
    # are still missing, train would get every larger group and the others only pictures that stand alone.
    weights = 1 / (np.array(counts)[:, None] * targets)
    worth: list[list[float]] = weights.tolist()
    choices = range(len(request.sides))
    dealt: list[int] = []
    for content in contents:
        need = [
            sum(worth[label][side] * count * (short[label][side] - count / 2) for label, count in content)
            for side in choices
        ]
        side = need.index(max(need))
        dealt.append(side)
        for label, count in content:
            short[label][side] -= count
    deal = Deal(contents, dealt, targets)
    deal.improve()
    missing = deal.missing()
    if missing:
        told = [f"{names[label]} in {request.sides[side]}" for label, side in missing[:10]]
        raise BadRequest(
            f"every class on each of {', '.join(request.sides)}",
            f"groups that hold several classes, and no way found to have {', '.join(told)}",
            "Group by something finer, or ask for fewer sides.",
        )
    return deal.sides()
