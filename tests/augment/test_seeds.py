"""Streams that depend on seed, epoch and index alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.augment import KNOWN, generator_for
from vitrina.augment.seeds import streams_from
from vitrina.errors import BadRequest

NUMBERS = st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))


def drawn(seed: int, epoch: int, index: int) -> list[int]:
    return generator_for(seed, epoch, index).integers(2**62, size=2).tolist()


@given(NUMBERS, NUMBERS)
@settings(deadline=None)
def test_the_same_numbers_give_the_same_stream_and_others_another(one: tuple, other: tuple) -> None:
    assert drawn(*one) == drawn(*one)
    assert (drawn(*one) == drawn(*other)) == (one == other)


def test_long_numbers_do_not_run_into_one_another() -> None:
    """The words of (2**32 * 7 + 5, 1, 2) and (5, 2**32 * 1 + 7, 2) would be the same if they were simply joined."""
    triples = [(5, 7, 1), (5 + 2**32 * 7, 1, 0), (5, 1, 7), (7, 5, 1), (0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)]
    assert len({tuple(drawn(*triple)) for triple in triples}) == len(triples)


def test_numbers_of_numpy_are_numbers() -> None:
    assert drawn(np.int64(3), np.int32(2), np.uint8(1)) == drawn(3, 2, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-1, 2**32, 1.5, "a", None])
def test_what_is_no_count_is_refused(value: object) -> None:
    with pytest.raises(BadRequest) as caught:
        generator_for(0, value, 0)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"Expected a whole number from 0 to 2**32 - 1 as epoch; found {value!r}. Count from 0 upwards."
    )


def test_a_childs_stream_does_not_depend_on_its_siblings() -> None:
    alone = streams_from(generator_for(1, 2, 3), ("flip",))
    among = streams_from(generator_for(1, 2, 3), KNOWN)
    assert alone["flip"].random() == among["flip"].random()
    assert len({stream.random() for stream in among.values()}) == len(KNOWN)


def test_a_generator_moves_on_by_as_much_whatever_the_names() -> None:
    one, other = generator_for(1, 2, 3), generator_for(1, 2, 3)
    streams_from(one, ())
    streams_from(other, KNOWN)
    assert one.random() == other.random()
