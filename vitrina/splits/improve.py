"""Groups moved and swapped between sides while that brings the class counts nearer to their quotas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_LEAST_GAIN = 1e-7
# Swaps compare all pairs of kinds of groups: with more kinds than this, groups are so many that moves suffice.
_KINDS_TO_SWAP = 400
_MOST_STEPS = 2000


class Deal:
    """Which group lies on which side, and how far that is from the quotas.

    Groups of equal content are of one kind and stand for one another, so the work grows with the kinds. The cost is
    the sum over classes and sides of (pictures - quota)² / pictures of the class; a class missing from a side costs
    more than all of that.
    """

    def __init__(
        self, contents: Sequence[tuple[tuple[int, int], ...]], dealt: Sequence[int], targets: np.ndarray
    ) -> None:
        from scipy.sparse import csr_array

        kinds: dict[tuple[tuple[int, int], ...], int] = {}
        self._kind = [kinds.setdefault(content, len(kinds)) for content in contents]
        classes, sides = targets.shape
        self._held = np.zeros((len(kinds), sides), dtype=np.int64)
        np.add.at(self._held, (self._kind, list(dealt)), 1)
        cells = [(kind, label, count) for content, kind in kinds.items() for label, count in content]
        rows, columns, counts = (np.array(part) for part in zip(*cells, strict=True))
        self._counts: Any = csr_array((counts.astype(float), (rows, columns)), shape=(len(kinds), classes))
        self._holds: Any = csr_array((np.ones(len(cells)), (rows, columns)), shape=(len(kinds), classes))
        self._targets = targets
        self._weights = 1 / targets.sum(axis=1)
        self._squares = (self._counts**2) @ self._weights
        self._penalty = 4.0 * targets.sum() + 1

    def sides(self) -> list[int]:
        """The side of each group in the order given; of one kind, earlier groups lie on earlier sides."""
        left = self._held.copy()
        answer = []
        for kind in self._kind:
            side = int(np.argmax(left[kind] > 0))
            left[kind, side] -= 1
            answer.append(side)
        return answer

    def missing(self) -> list[tuple[int, int]]:
        """(class, side) of each class that a side has none of."""
        return [(int(label), int(side)) for label, side in np.argwhere(self._spread() == 0)]

    def improve(self) -> None:
        """Takes the best move of one group, else the best swap of two, until neither lowers the cost."""
        for _ in range(_MOST_STEPS):
            over = self._counts.T @ self._held - self._targets
            if not over.any() and self._spread().all():
                return
            moves, losses = self._moves(over), self._holds @ (self._spread() == 1)
            priced = moves + self._penalty * losses[:, :, None]
            priced[self._held == 0] = np.inf
            kind, here, there = map(int, np.unravel_index(int(np.argmin(priced)), priced.shape))
            if priced[kind, here, there] < -_LEAST_GAIN:
                self._move(kind, here, there)
            elif not self._swap(moves, losses):
                return

    def _spread(self) -> np.ndarray:
        """Groups that hold a class, for each class and side."""
        return self._holds.T @ self._held

    def _moves(self, over: np.ndarray) -> np.ndarray:
        """What moving one group of a kind from side a to b changes, (kinds, a, b), without what a class's
        vanishing from a would cost; staying is infinity."""
        pull = self._counts @ (over * self._weights[:, None])
        gains = self._penalty * (self._holds @ (self._spread() == 0))
        change = 2 * (pull[:, None, :] - pull[:, :, None] + self._squares[:, None, None]) - gains[:, None, :]
        change[:, range(change.shape[1]), range(change.shape[1])] = np.inf
        return change

    def _move(self, kind: int, here: int, there: int) -> None:
        self._held[kind, here] -= 1
        self._held[kind, there] += 1

    def _swap(self, moves: np.ndarray, losses: np.ndarray) -> bool:
        """The best swap between two sides, done where it lowers the cost."""
        if len(moves) > _KINDS_TO_SWAP:
            return False
        counts, holds = self._counts.toarray(), self._holds.toarray()
        both = (counts * self._weights) @ counts.T
        alone = self._spread() == 1
        best, found = -_LEAST_GAIN, None
        for here in range(moves.shape[1]):
            for there in range(here + 1, moves.shape[1]):
                # What one brings, the other does not lose: a class both hold stays on both sides.
                lost = losses[:, None, here] - (holds * alone[:, here]) @ holds.T
                lost += losses[None, :, there] - holds @ (holds * alone[:, there]).T
                change = moves[:, None, here, there] + moves[None, :, there, here] - 4 * both
                change += self._penalty * lost
                change[self._held[:, here] == 0] = np.inf
                change[:, self._held[:, there] == 0] = np.inf
                pair = tuple(map(int, np.unravel_index(int(np.argmin(change)), change.shape)))
                if change[pair] < best:
                    best, found = change[pair], (*pair, here, there)
        if found is None:
            return False
        one, other, here, there = found
        self._move(one, here, there)
        self._move(other, there, here)
        return True
