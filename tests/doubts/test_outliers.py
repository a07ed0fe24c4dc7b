"""Strangers among classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubts.made import features_of, names_of
from vitrina.doubts import outliers as module
from vitrina.doubts.outliers import class_distances, outliers
from vitrina.errors import BadRequest

TARGET = np.arange(200) % 4
FEATURES = features_of(TARGET, seed=0)
STRANGERS = (np.random.default_rng(9).normal(size=(6, 24)) - 8).astype(np.float32)


def test_strangers_that_are_alike_are_irrelevant_hardly_anything_else_is() -> None:
    features = np.vstack([FEATURES, STRANGERS])
    labels = [*names_of(TARGET), "cat", "dog", "cat", None, None, "owl"]
    found = outliers(class_distances(features, labels), labels)
    irrelevant = [one for one in found if one.kind == "irrelevant"]
    assert {one.row for one in irrelevant} >= set(range(200, 206))
    assert {one.row for one in found if one.kind == "outlier"} >= {200, 201, 202, 205}
    assert len({one.row for one in found} - set(range(200, 206))) <= 2
    strongest = max(irrelevant, key=lambda one: one.score)
    assert strongest.row >= 200
    assert strongest.score == 1
    assert strongest.reason.endswith("times as far from any class as is typical there")


def test_a_picture_at_home_in_another_class_is_told_where() -> None:
    labels = names_of(TARGET)
    labels[0] = "dog"
    found = [one for one in outliers(class_distances(FEATURES, labels), labels) if one.row == 0]
    assert [(one.kind, one.suggestion) for one in found] == [("outlier", "cat")]
    assert "from other dog as is typical there; at home in cat" in found[0].reason


def test_without_labels_only_strangers_to_everything_are_said() -> None:
    features = np.vstack([FEATURES, STRANGERS])
    labels: list[str | None] = [None] * 206
    distances = class_distances(features, labels)
    assert np.isnan(distances.own).all()
    found = outliers(distances, labels)
    assert {one.kind for one in found} == {"irrelevant"}
    assert {one.row for one in found} == set(range(200, 206))


def test_classes_of_one_two_three() -> None:
    features = np.vstack([FEATURES, FEATURES[:6]]) + np.float32(0.01)
    labels = [*names_of(TARGET), "ant", "bee", "bee", "fly", "fly", "fly"]
    distances = class_distances(features, labels)
    assert np.isnan(distances.own[200])
    assert not np.isnan(distances.own[np.arange(206) != 200]).any()
    assert not np.isnan(distances.least).any()


def test_copies_do_not_vouch_for_one_another() -> None:
    features = np.vstack([FEATURES, np.repeat(STRANGERS[:1], 24, axis=0)])
    labels = [*names_of(TARGET), *["cat"] * 24]
    copies = np.r_[np.arange(200), np.full(24, 999)]
    vouched = class_distances(features, labels)
    apart = class_distances(features, labels, copies=copies)
    assert {one.row for one in outliers(apart, labels)} >= set(range(200, 224))
    assert not {one.row for one in outliers(vouched, labels)} & set(range(200, 224))


def test_a_class_that_is_one_picture_copied_has_nobody_else() -> None:
    features = np.vstack([FEATURES, np.repeat(STRANGERS[:1], 3, axis=0)])
    labels = [*names_of(TARGET), *["ant"] * 3]
    distances = class_distances(features, labels, copies=np.r_[np.arange(200), [500] * 3])
    assert np.isnan(distances.own[200:]).all()
    assert not np.isnan(distances.least[200:]).any()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 30), st.integers(1, 7), st.integers(0, 99))
def test_any_small_collection_is_taken(count: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 5)).astype(np.float32)
    names = [None, "a", "b", "c", "d", "e", "f"][:classes]
    labels = [names[one] for one in rng.integers(0, classes, count)]
    distances = class_distances(features, labels, copies=rng.integers(0, max(1, count // 2), count))
    found = outliers(distances, labels)
    assert found == sorted(found, key=lambda one: (one.row, one.kind))
    assert all(0 < one.score <= 1 for one in found)
    if count < 20:
        assert found == []


def test_order_of_rows_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = names_of(TARGET)
    order = np.random.default_rng(1).permutation(200)
    whole = class_distances(FEATURES, labels)
    monkeypatch.setattr(module, "_BLOCK", 33)
    turned = class_distances(FEATURES[order], [labels[row] for row in order])
    np.testing.assert_allclose(turned.own, whole.own[order], rtol=1e-3)
    np.testing.assert_allclose(turned.least, whole.least[order], rtol=1e-3)


def test_pictures_all_alike_have_no_outliers() -> None:
    labels = names_of(TARGET)
    features = np.ones((200, 8), dtype=np.float32)
    assert outliers(class_distances(features, labels), labels) == []


def test_progress_after_each_class() -> None:
    said: list[tuple[str, int, int]] = []
    class_distances(FEATURES, names_of(TARGET), progress=lambda *told: said.append(told))
    assert said == [("outliers", done, 4) for done in (1, 2, 3, 4)]


def test_figures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        class_distances(FEATURES, names_of(TARGET), copies=np.arange(3))
    assert str(refused.value) == (
        "Expected a label, a copy number for each of 200 rows of features; found 200 labels, 3 numbers. "
        "Compute the features again for this collection."
    )
