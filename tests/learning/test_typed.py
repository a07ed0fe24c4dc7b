"""Values of recipes and command lines, read as the types that settings have."""

from __future__ import annotations

import datetime
import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.trainer_utils import IntervalStrategy

from vitrina.learning.typed import name_of, read_as

Fit = Literal["crop", "pad"] | None


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("1e-4", float, 1e-4),
        (3, float, 3.0),
        ("3", int, 3),
        (3.0, int, 3),
        ("True", bool, True),
        (False, bool, False),
        ("3", str, "3"),
        ("crop", Fit, "crop"),
        (None, Fit, None),
        ("null", int | None, None),
        ("none", str | None, "none"),
        ("32, 64", list[int], [32, 64]),
        ("[32, 64]", list[int], [32, 64]),
        ("", list[str], []),
        ("[[1], [2]]", list, [[1], [2]]),
        ("{flip: horizontal}", dict[str, Any], {"flip": "horizontal"}),
        ({2020: {0: "1"}}, dict[str, Any], {"2020": {"0": "1"}}),
        ("{a: 1e-2}", dict[str, float], {"a": 0.01}),
        ("{0: 1, b: 2}", Any, {"0": 1, "b": 2}),
        ("auto", Any, "auto"),
        ("epoch", IntervalStrategy | str, "epoch"),
        (False, IntervalStrategy | str, "no"),
        ("mlflow, trackio", str | list[str] | None, ["mlflow", "trackio"]),
        ("{num_cycles: 2}", dict | str | None, {"num_cycles": 2}),
        ("5", int | float, 5.0),
    ],
)
def test_what_fits_is_read(value: Any, kind: Any, expected: Any) -> None:
    read = read_as(value, kind)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", int),
        ("3.5", int),
        (3.5, int),
        (True, int),
        (True, float),
        ([1], float),
        ("nan", float),
        (float("inf"), float),
        ("yes", bool),
        (1, bool),
        (3, str),
        ("squash", Fit),
        ({}, Fit),
        (None, list[int]),
        (32, list[int]),
        ("[", list[int]),
        ("a", list[int]),
        ("{", dict[str, Any]),
        ("[1]", dict[str, Any]),
        ({"a": datetime.date(2020, 1, 1)}, dict[str, Any]),
        ({"a": {"b": float("nan")}}, dict[str, Any]),
        ([datetime.date(2020, 1, 1)], Any),
        ("{", Any),
        ("sometimes", IntervalStrategy | str),
        (3, str | None),
        (None, str | int),
    ],
)
def test_what_does_not_fit_is_refused(value: Any, kind: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_as(value, kind)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.text(max_size=3), inner),
    max_leaves=6,
)
_KINDS = st.sampled_from(
    [
        bool,
        int,
        float,
        str,
        Any,
        Fit,
        list[int],
        list[str],
        list,
        dict[str, Any],
        dict | str | None,
        int | None,
    ]
)


@given(_VALUES, _KINDS)
def test_what_is_read_comes_back_from_json_as_it_was(value: Any, kind: Any) -> None:
    """Else a run that goes on would find another recipe than the one it was begun with."""
    try:
        read = read_as(value, kind)
    except (TypeError, ValueError, OverflowError):
        return
    assert json.loads(json.dumps(read)) == read


def test_kinds_have_names() -> None:
    assert name_of(int | None) == "a whole number"
    assert name_of(Fit) == "one of crop, pad"
    assert name_of(str | list[str]) == "a text or a list of texts"
    assert name_of(IntervalStrategy | str) == "one of no, steps, epoch"
    assert name_of(dict[str, Any]) == "names with values"
    assert [name_of(kind) for kind in (list[float], list, bool, Any, complex)] == [
        "a list of numbers",
        "a list",
        "true or false",
        "YAML",
        "complex",
    ]
