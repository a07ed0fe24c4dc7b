"""What leaves of a split's columns."""

from __future__ import annotations

import pytest
from datasets import ClassLabel, Features, Image, List, Value

from vitrina.errors import BadRequest
from vitrina.parquet.columns import chosen_columns

FEATURES = Features(
    {
        "image": Image(),
        "label": ClassLabel(names=["a", "b"]),
        "picture_id": Value("string"),
        "stall": Value("string"),
        "smooth": Value("float64"),
        "feature": List(Value("float32")),
        "thumbnail": Value("binary"),
        "pixel_sha256": Value("string"),
    }
)


def test_single_values_leave() -> None:
    chosen = chosen_columns(FEATURES, targets=(), without=())
    assert list(chosen.features) == ["image", "label", "picture_id", "stall", "smooth", "pixel_sha256"]
    assert chosen.features["label"].names == ["a", "b"]
    assert chosen.left_out == {"feature": "not one value a row", "thumbnail": "not one value a row"}


def test_somebody_may_keep_some_at_home() -> None:
    chosen = chosen_columns(FEATURES, targets=("smooth",), without=("stall",))
    assert "stall" not in chosen.features
    assert chosen.left_out["stall"] == "asked for"


@pytest.mark.parametrize("name", ["label", "smooth", "picture_id", "size"])
def test_not_those_that_a_check_needs(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        chosen_columns(FEATURES, targets=("smooth",), without=("stall", name))
    assert str(refused.value) == (
        f"Expected columns to leave out among stall, feature, thumbnail; found {name}. "
        "Name others; the rest is needed to check the data set."
    )


def test_a_split_of_somebody_else() -> None:
    with pytest.raises(BadRequest) as refused:
        chosen_columns(Features({"image": Value("string"), "label": Value("string")}), targets=(), without=())
    assert str(refused.value) == (
        "Expected a split with the columns image, picture_id, pixel_sha256; found image, label. "
        "Run python -m training split again."
    )
