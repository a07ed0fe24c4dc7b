"""Sizes that rise with the epochs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.augment import sizes_for
from vitrina.errors import BadRequest


def test_stretches_are_equal_and_the_rest_goes_to_the_large() -> None:
    assert sizes_for([128, 160, 224], 9) == (128,) * 3 + (160,) * 3 + (224,) * 3
    assert sizes_for([128, 160, 224], 10) == (128,) * 3 + (160,) * 3 + (224,) * 4
    assert sizes_for((96, 224), 2.0) == (96, 224)
    assert sizes_for([224], 3) == (224, 224, 224)


@given(st.sets(st.integers(32, 1024), min_size=1, max_size=8), st.integers(0, 40))
def test_every_size_has_its_turn(sizes: set[int], more: int) -> None:
    rising = sorted(sizes)
    given_out = sizes_for(rising, len(rising) + more)
    assert len(given_out) == len(rising) + more
    assert list(given_out) == sorted(given_out)
    counts = [Counter(given_out)[size] for size in rising]
    assert counts == sorted(counts)
    assert counts[-1] - counts[0] <= 1


@pytest.mark.parametrize(
    "progressive", [[], [160, 128], [128, 128], [16, 64], [64, 2048], [64.0], ["64"], [True], 128, None]
)
def test_wrong_sizes_are_refused(progressive: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        sizes_for(progressive, 10)
    assert str(caught.value) == (
        "Expected rising sizes in pixels, 32 to 1024, under progressive, such as [128, 160, 224]; "
        f"found {progressive!r}. Correct progressive, or leave it out."
    )


@pytest.mark.parametrize("epochs", [2, 0, -3, 3.5, True, "9", float("nan")])
def test_too_few_epochs_are_refused(epochs: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        sizes_for([128, 160, 224], epochs)
    assert str(caught.value) == (
        f"Expected at least 3 epochs for 3 sizes under progressive; found {epochs!r}. "
        "Train for more epochs, or name fewer sizes."
    )
