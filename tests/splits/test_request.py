"""What may be asked of a split."""

from __future__ import annotations

import pytest

from vitrina.errors import BadRequest
from vitrina.splits import SplitRequest


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (
            {"train": 0.8, "test": 0.1},
            "Expected shares that add up to 1; found train 0.8, test 0.1: 0.9 in all. Correct the shares of the split.",
        ),
        (
            {"train": 1.2, "test": -0.2},
            "Expected shares of 0 or more; found train 1.2, test -0.2. Correct the shares of the split.",
        ),
        (
            {"train": float("nan"), "test": 0.5},
            "Expected shares of 0 or more; found train nan, test 0.5. Correct the shares of the split.",
        ),
        ({}, "Expected shares that add up to 1; found none: 0 in all. Correct the shares of the split."),
        (
            {"train": 0.9, "dev": 0.1},
            "Expected shares for train, validation, test; found 'dev'. Correct the names of the sides.",
        ),
    ],
)
def test_shares_that_cannot_be(shares: dict[str, float], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        SplitRequest(shares)
    assert str(refused.value) == message


def test_sides_are_those_with_a_share_in_their_order() -> None:
    request = SplitRequest({"test": 0.25, "train": 0.75, "validation": 0})
    assert request.sides == ["train", "test"]
    # Ten shares of 0.1 are not 1 in floats.
    assert SplitRequest({"train": sum([0.1] * 8), "validation": 0.1, "test": 0.1}).sides[0] == "train"


def test_narrowed_keeps_proportion_and_seed() -> None:
    request = SplitRequest({"train": 0.7, "validation": 0.15, "test": 0.15}, seed=4)
    narrowed = request.narrowed(["train", "validation"])
    assert narrowed.seed == 4
    assert narrowed.shares == pytest.approx({"train": 0.7 / 0.85, "validation": 0.15 / 0.85})
