"""Places within a kind."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vitrina.doubts.doubt import places


def test_places_are_shares_of_what_is_at_most_as_strong() -> None:
    assert places([3.0, 1.0, 2.0, 2.0]).tolist() == [1.0, 0.25, 0.625, 0.625]
    assert places([7.5]).tolist() == [1.0]
    assert places([]).tolist() == []


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_places_keep_the_order_and_stay_within_bounds(strengths: list[float]) -> None:
    found = places(strengths)
    assert ((found > 0) & (found <= 1)).all()
    values = np.array(strengths)
    assert ((values[:, None] < values[None, :]) == (found[:, None] < found[None, :])).all()
