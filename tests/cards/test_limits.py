"""Known limits, from the reports."""

from __future__ import annotations

from tests.cards.made_reports import clean_report, collect_report, split_report
from vitrina.cards.limits import known_limits


def test_everything_there_is_to_say() -> None:
    assert known_limits(collect_report(), clean_report(), split_report()) == [
        "The smallest class is menu: 26.",
        "Classes of fewer than 30 pictures, for which a test says little: menu (26).",
        "Labels are those of the source; a person changed 5.",
        "Pictures with doubts that no person has looked into yet: 57 (label error 40, blurred 19); one picture may be "
        "doubtful in several ways.",
        "Files that could not be read as pictures, and are not in it: 3 (truncated 2, not a picture 1).",
        "Files or folders skipped by the reader: 2.",
        "Pictures left out of the splits, by reason: no label 4.",
        "Pictures that a person took out: 8.",
        "Train is oversampled to at least 546 rows a class; rows that repeat a picture: 801 (balance_copy "
        "is true there). Shares of classes in train are not those of the source.",
    ]


def test_a_collection_without_trouble_says_little() -> None:
    collect, clean, split = collect_report(), clean_report(), split_report()
    collect["counts"] |= {"quarantined": 0, "skipped": 0}
    clean["counts"] |= {"relabelled": 0, "irrelevant": 0}
    clean["review"]["total"] = 0
    split |= {"balance": None, "left_out_reasons": {}}
    split["small_classes"]["classes"] = {}
    assert known_limits(collect, clean, split) == [
        "The smallest class is menu: 26.",
        "Labels are those of the source.",
    ]


def test_what_else_there_may_be() -> None:
    clean, split = clean_report(), split_report()
    clean["settings"]["remove"] = "exact"
    split["class_weights"] = {"menu": 15.5}
    split["counts"]["test"]["classes"] |= {"menu": 0, "grill": 0}
    said = known_limits(collect_report(), clean, split)
    assert "No pictures in test of grill, menu." in said
    assert "Near copies were not taken out; they lie on one side of the split." in said
    assert said[-1] == "Classes differ in size; weights for training stand in split_report.json."
    split |= {"class_weights": None, "balance": {"kind": "undersample", "to": 18, "left_out": 783}}
    assert known_limits(collect_report(), clean, split)[-1] == (
        "Train is undersampled to at most 18 pictures a class; left out: 783. "
        "Shares of classes in train are not those of the source."
    )
