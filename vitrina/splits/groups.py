"""Pictures that must lie on one side together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from vitrina.errors import BadRequest


def join_groups(*columns: Sequence[Hashable | None]) -> np.ndarray:
    """Group ids of n pictures, int64 (n,): who shares a value in any column is in one group, and so on along chains.

    Each column holds n values; None, "" and NaN join nothing. Ids count from 0 in the order of first appearance.
    Raises BadRequest where there is no column, or columns differ in length.
    """
    lengths = [len(column) for column in columns]
    if len(set(lengths)) != 1:
        raise BadRequest(
            "columns of one length",
            ", ".join(map(str, lengths)) or "no column",
            "Give one value for each picture in each column.",
        )
    parent = list(range(lengths[0]))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for column in columns:
        first: dict[Hashable, int] = {}
        for row, value in enumerate(column):
            # Only NaN differs from itself.
            if value is None or value == "" or value != value:
                continue
            one, other = root(first.setdefault(value, row)), root(row)
            parent[max(one, other)] = min(one, other)
    numbers: dict[int, int] = {}
    return np.array(
        [numbers.setdefault(root(row), len(numbers)) for row in range(lengths[0])], dtype=np.int64
    )
