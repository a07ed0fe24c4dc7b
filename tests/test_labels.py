"""Label schemes: order, lookups, what may not be a label."""

from __future__ import annotations

import pytest

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme, label_problem


def test_order_is_kept_both_ways() -> None:
    scheme = LabelScheme(("food", "drink", "inside"))
    assert scheme.id2label == {0: "food", 1: "drink", 2: "inside"}
    assert scheme.label2id == {"food": 0, "drink": 1, "inside": 2}
    assert [scheme.index(name) for name in scheme.names] == [0, 1, 2]
    assert scheme.task == "single_label"


def test_a_list_becomes_a_tuple_so_that_schemes_compare() -> None:
    assert LabelScheme(["a", "b"]) == LabelScheme(("a", "b"))  # type: ignore[arg-type]
    assert hash(LabelScheme(("a", "b"))) == hash(LabelScheme(("a", "b")))


def test_unknown_label_names_the_known_ones() -> None:
    with pytest.raises(BadRequest) as caught:
        LabelScheme(("food", "drink")).index("menu")
    assert str(caught.value) == (
        "Expected one of the labels food, drink; found 'menu'. "
        "Choose a known label, or add it to the collection first."
    )


@pytest.mark.parametrize("name", ["food", "Espiral barrada", "新宿", "🍕", "a" * 64, "=cmd()", "<script>"])
def test_visible_names_may_be_labels(name: str) -> None:
    assert label_problem(name) is None
    assert LabelScheme((name,)).names == (name,)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", "an empty name"),
        ("   ", "an empty name"),
        ("a" * 65, "a name of 65 characters that begins with 'aaaaaaaaaaaaaaaaaaaa'"),
        (" food", "' food', with a space at one end"),
        ("fo\nod", "'fo\\nod', which holds the invisible character U+000A"),
        ("fo\0od", "'fo\\x00od', which holds the invisible character U+0000"),
        ("food\u202ecod", "'food\\u202ecod', which holds the invisible character U+202E"),
        ("fo\u200bod", "'fo\\u200bod', which holds the invisible character U+200B"),
        ("\ud800x", "'\\ud800x', which holds the invisible character U+D800"),
        (7, "7, which is not text"),
    ],
)
def test_what_may_not_be_a_label(name: str, found: str) -> None:
    with pytest.raises(BadRequest) as caught:
        LabelScheme((name, "other"))
    expected = "Expected labels of 1 to 64 visible characters"
    assert str(caught.value) == f"{expected}; found {found}. Rename that class."


def test_no_label_twice() -> None:
    with pytest.raises(BadRequest, match="Expected labels that differ; found 'a' twice"):
        LabelScheme(("a", "b", "a"))
    with pytest.raises(BadRequest, match="twice"):
        LabelScheme(("caf\u00e9", "cafe\u0301"))


def test_at_least_one_label_of_a_known_task() -> None:
    with pytest.raises(BadRequest, match="Expected at least one label; found none"):
        LabelScheme(())
    with pytest.raises(
        BadRequest, match="Expected a task among single_label, multi_label, regression; found 'ranking'"
    ):
        LabelScheme(("a",), task="ranking")
