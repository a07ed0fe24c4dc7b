"""How many pictures of each class each side should get."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_EXACT = 9  # Decimals kept of a product of a count and a share: 100 x 0.29 is 28.999999999999996 in floats.


def quotas(counts: Sequence[int], shares: Sequence[float]) -> np.ndarray:
    """Pictures for each class and side, int64 (classes, sides); each row adds up to the class's count.

    Largest remainder for each class: every side gets its share rounded down, then the sides with the largest
    remainders get one more. Equal remainders go where earlier classes' rounding left the side shortest, so that many
    small classes do not all round the same way. A side that would get none of a class of at least as many pictures
    as sides takes one from the side furthest over its share: a class that is missing from the test is not measured.
    `shares` are over 0 and add up to 1.
    """
    exact = np.round(np.outer(np.asarray(counts, dtype=float), np.asarray(shares, dtype=float)), _EXACT)
    given = np.floor(exact).astype(np.int64)
    owed = np.zeros(len(shares))
    for row, count in enumerate(counts):
        rest = np.round(exact[row] - given[row], _EXACT)
        order = np.lexsort((-np.round(owed, _EXACT), -rest))
        given[row, order[: count - given[row].sum()]] += 1
        if count >= len(shares):
            _one_each(given[row], exact[row])
        owed += exact[row] - given[row]
    return given


def _one_each(given: np.ndarray, exact: np.ndarray) -> None:
    for side in np.flatnonzero(given == 0):
        over = np.where(given > 1, given - exact, -np.inf)
        given[int(np.argmax(over))] -= 1
        given[side] += 1
