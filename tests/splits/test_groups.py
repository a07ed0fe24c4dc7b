"""Connected components of shared values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.errors import BadRequest
from vitrina.splits import join_groups

CELLS = st.sampled_from(["x", "y", "z", "w", 1, 2, 3, "", None, float("nan")])
TABLES = st.lists(st.tuples(CELLS, CELLS), max_size=14)


def joined(one: object, other: object) -> bool:
    return one == other and one is not None and one != ""


@given(TABLES)
@settings(deadline=None)
def test_a_chain_of_shared_values_is_one_group_and_nothing_else_is(rows: list[tuple[object, object]]) -> None:
    reach = np.eye(len(rows), dtype=bool)
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            reach[i, j] |= any(joined(a, b) for a, b in zip(one, other, strict=True))
    for _ in rows:
        reach = reach @ reach
    ids = join_groups([a for a, _ in rows], [b for _, b in rows])
    assert ids.dtype == np.int64
    assert ((ids[:, None] == ids[None, :]) == reach).all()


def test_ids_count_from_zero_in_order_of_appearance() -> None:
    assert join_groups(["b", "a", None, "b", "c"], [5, 6, 7, 8, 6]).tolist() == [0, 1, 2, 0, 1]
    assert join_groups([None, None, "", ""]).tolist() == [0, 1, 2, 3]
    assert join_groups([]).tolist() == []


@pytest.mark.parametrize(
    ("columns", "found"), [((["a"], ["a", "b"]), "1, 2"), ((), "no column")], ids=["lengths", "none"]
)
def test_columns_that_do_not_fit_are_refused(columns: tuple[list[str], ...], found: str) -> None:
    with pytest.raises(BadRequest) as refused:
        join_groups(*columns)
    assert str(refused.value) == (
        f"Expected columns of one length; found {found}. Give one value for each picture in each column."
    )
