"""Classes as sums of ImageNet classes."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.class_map import ClassMap

MODEL = LabelScheme(("pizza, pizza pie", "espresso", "church", "crane", "crane (4)", "carbonara"))


def test_the_matrix_sums_the_named_classes() -> None:
    mapped = ClassMap({"food": ["pizza", "carbonara"], "drink": ["espresso"]})
    probabilities = np.array([[0.4, 0.1, 0.2, 0.1, 0.1, 0.1]])
    np.testing.assert_allclose(probabilities @ mapped.matrix(MODEL), [[0.5, 0.1]], atol=1e-6)
    other_order = mapped.matrix(MODEL, labels=LabelScheme(("drink", "food")))
    np.testing.assert_allclose(probabilities @ other_order, [[0.1, 0.5]], atol=1e-6)


def test_a_full_name_counts_as_well_as_the_first() -> None:
    full = ClassMap({"food": ["pizza, pizza pie"], "outside": ["crane (4)"]}).matrix(MODEL)
    assert full[:, 0].tolist() == [1, 0, 0, 0, 0, 0]
    assert full[:, 1].tolist() == [0, 0, 0, 0, 1, 0]


def test_unknown_names_are_all_named() -> None:
    with pytest.raises(ModelUnavailable) as refusal:
        ClassMap({"food": ["pizza", "ramen"], "drink": ["matcha"]}).matrix(MODEL)
    assert str(refusal.value) == (
        "Expected names of the model's classes in the class map; "
        "found 2 that it does not know: matcha, ramen. "
        "Use names from the model's id2label, such as 'pizza, pizza pie'."
    )


def test_a_name_under_two_labels_is_refused() -> None:
    with pytest.raises(ModelUnavailable) as refusal:
        ClassMap({"food": ["pizza"], "drink": ["pizza"]})
    assert str(refusal.value) == (
        "Expected each class of the model once in the class map; "
        "found 'pizza' under 'food' and under 'drink'. "
        "Keep it under one label."
    )


def test_a_class_named_in_two_ways_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="each class of the model once in the class map"):
        ClassMap({"food": ["pizza"], "drink": ["pizza, pizza pie"]}).matrix(MODEL)


def test_a_label_without_names_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="at least one class of the model under 'food'; found none"):
        ClassMap({"food": []})


def test_other_labels_are_refused() -> None:
    with pytest.raises(ModelUnavailable) as refusal:
        ClassMap({"food": ["pizza"], "drink": ["espresso"]}).matrix(
            MODEL, labels=LabelScheme(("food", "menu"))
        )
    assert str(refusal.value) == (
        "Expected a class map for the labels food, menu; found one for food, drink. "
        "Give the collection the labels of the map, or write a map for its labels."
    )


def test_the_fingerprint_follows_what_is_mapped_not_how_it_is_written() -> None:
    one = ClassMap({"food": ["pizza", "carbonara"], "drink": ["espresso"]})
    same = ClassMap({"drink": ["espresso"], "food": ["carbonara", "pizza"]})
    other = ClassMap({"food": ["pizza"], "drink": ["espresso"]})
    assert len(one.fingerprint) == 8
    assert one.fingerprint == same.fingerprint
    assert one.fingerprint != other.fingerprint
