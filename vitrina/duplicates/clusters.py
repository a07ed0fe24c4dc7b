"""Pairs of rows as disjoint sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


class Sets:
    """Disjoint sets of rows 0 to n - 1 (union-find); the lowest row stands for its set."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))
        self._size = [1] * count

    def find(self, row: int) -> int:
        """The lowest row of the set that `row` is in."""
        parent = self._parent
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def join(self, first: int, second: int) -> None:
        """The sets of the two rows become one."""
        one, two = sorted((self.find(first), self.find(second)))
        if one != two:
            self._parent[two] = one
            self._size[one] += self._size[two]

    def together(self, first: int, second: int) -> bool:
        """Whether the two rows are in one set."""
        return self.find(first) == self.find(second)

    def size(self, row: int) -> int:
        """Rows in the set of `row`."""
        return self._size[self.find(row)]

    def numbers(self) -> np.ndarray:
        """int64 (n,): 0, 1, 2 ... for the sets in the order of their lowest rows."""
        roots = np.array([self.find(row) for row in range(len(self._parent))], dtype=np.int64)
        return np.unique(roots, return_inverse=True)[1].astype(np.int64).reshape(-1)

    def members(self) -> dict[int, list[int]]:
        """Sets of two rows or more, by their lowest row, rows ascending."""
        found: dict[int, list[int]] = {}
        for row in range(len(self._parent)):
            root = self.find(row)
            if self._size[root] > 1:
                found.setdefault(root, []).append(row)
        return found


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> Sets:
    """The sets that `pairs` of rows make."""
    sets = Sets(count)
    for first, second in pairs:
        sets.join(first, second)
    return sets


def equal_pairs(keys: Sequence[str]) -> list[tuple[int, int]]:
    """(first row, later row) for rows with equal keys: a star around the first."""
    first: dict[str, int] = {}
    return [(at, row) for row, key in enumerate(keys) if (at := first.setdefault(key, row)) != row]
