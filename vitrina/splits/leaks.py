"""Groups that lie on two sides of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitrina.splits.quotas import quotas
from vitrina.splits.request import SplitRequest, lot

_EXAMPLES = 10
_OF_EACH = 6


@dataclass(frozen=True)
class Leaks:
    """`groups` that have pictures on two or more sides, the `pictures` in them, the rows of the first ten such groups
    (of each at most six rows, one of every side among them)."""

    groups: int
    pictures: int
    examples: list[list[int]]


def count_leaks(sides: Sequence[str | None], groups: np.ndarray) -> Leaks:
    """Leaks between the sides of n pictures with n group ids; pictures on no side (None) do not count."""
    found: dict[int, list[int]] = {}
    for row, side in enumerate(sides):
        if side is not None:
            found.setdefault(int(groups[row]), []).append(row)
    leaking = [rows for rows in found.values() if len({sides[row] for row in rows}) > 1]
    examples = [_shown(rows, sides) for rows in leaking[:_EXAMPLES]]
    return Leaks(len(leaking), sum(map(len, leaking)), examples)


def _shown(rows: list[int], sides: Sequence[str | None]) -> list[int]:
    one_of_each = {sides[row]: row for row in reversed(rows)}
    others = [row for row in rows if row not in one_of_each.values()]
    return sorted([*one_of_each.values(), *others][:_OF_EACH])


def random_sides(keys: Sequence[str], request: SplitRequest) -> list[str]:
    """What a plain random split by picture would do with the same shares and seed: no classes, no groups.

    Only there to be compared with. Repeats of a key are drawn one by one.
    """
    counts: dict[str, int] = {}
    drawn = []
    for row, key in enumerate(keys):
        counts[key] = counts.get(key, 0) + 1
        drawn.append((lot(f"{key}:{counts[key]}", seed=request.seed), row))
    sizes = quotas([len(keys)], [request.shares[side] for side in request.sides])[0]
    names = np.repeat(np.array(request.sides, dtype=object), sizes)
    sides = [""] * len(keys)
    for (_, row), side in zip(sorted(drawn), names, strict=True):
        sides[row] = str(side)
    return sides
