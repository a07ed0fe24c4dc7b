"""The end of a card says what a version was compared with, and who overruled that why."""

from __future__ import annotations

from typing import Any

from vitrina.cards.publication import with_publication

ROWS: list[dict[str, Any]] = [
    {"name": "accuracy", "new": 0.9, "champion": 0.95, "n": 1200, "passes": False},
    {"name": "recall of a|b", "new": None, "champion": 0.5, "n": 0, "passes": True},
]


def test_a_first_version() -> None:
    card = with_publication("# Food\n\n", version_before=None, compared=[], n=0, forced=None)
    assert card == (
        "# Food\n\n## Before it was published\n\n"
        "It is the first version of its repository: there was none to compare it with.\n"
    )


def test_a_later_one_shows_both_and_where_it_is_worse() -> None:
    card = with_publication("# Food", version_before="v3", compared=ROWS, n=1200, forced="more *classes*")
    assert card.endswith(
        "It was compared with v3, the version in force, on the same 1,200 test pictures.\n\n"
        "| figure | this one | v3 | pictures | within the margin |\n"
        "| --- | ---: | ---: | ---: | --- |\n"
        "| accuracy | 0.900 | 0.950 | 1,200 | **no** |\n"
        "| recall of a\\|b | not measured | 0.500 | 0 | yes |\n\n"
        "Published all the same, for this reason: more \\*classes\\*\n"
    )


def test_one_that_could_not_be_compared_says_so() -> None:
    card = with_publication("# Food", version_before="v3", compared=[], n=0, forced="other classes")
    assert "It was not compared with v3, the version in force." in card
    assert card.endswith("for this reason: other classes\n")
