"""Leaks there would have been: in the official splits, else in a plain random split of the uncleaned collection."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from vitrina.splits.leaks import Leaks, count_leaks, random_sides
from vitrina.splits.request import SplitRequest
from vitrina.splits.rows import Copy, Rows


def leaks_before(rows: Rows, groups: np.ndarray, request: SplitRequest) -> dict[str, Any]:
    """`what` was split how, its leaks as `described`.

    Counted over labelled pictures and over the copies of them that cleaning took out, each in the group of the picture
    it is a copy of: without cleaning they would have been split as well.
    """
    everything = [
        Copy(*each)
        for each in zip(
            rows.picture_id, rows.file_name, rows.label, rows.official_split, rows.picture_id, strict=True
        )
    ]
    group_of = dict(zip(rows.picture_id, map(int, groups), strict=True))
    ids = list(map(int, groups))
    for copy in rows.copies:
        if copy.of in group_of:
            everything.append(copy)
            ids.append(group_of[copy.of])
    here = [index for index, each in enumerate(everything) if each.label is not None]
    everything, joined = (
        [everything[index] for index in here],
        np.array([ids[index] for index in here], dtype=np.int64),
    )
    sides: list[str | None] = [each.official_split for each in everything]
    what = "the official splits"
    if not any(sides):
        what = "a random split by picture"
        sides = list(random_sides([f"{each.picture_id}:{each.file_name}" for each in everything], request))
    if len(everything) > len(rows.label) - rows.label.count(None):
        what += ", before copies were taken out"
    named = [
        {key: value for key, value in asdict(each).items() if key in ("picture_id", "file_name", "label")}
        for each in everything
    ]
    return {"what": what} | described(count_leaks(sides, joined), named, sides)


def described(leaks: Leaks, named: list[dict[str, Any]], sides: list[str | None]) -> dict[str, Any]:
    """Counts, and as `examples` groups of pictures as `named`, each with its side."""
    return {
        "groups": leaks.groups,
        "pictures": leaks.pictures,
        "examples": [[named[row] | {"side": sides[row]} for row in group] for group in leaks.examples],
    }
