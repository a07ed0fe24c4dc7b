"""Known limits of a model, from the reports."""

from __future__ import annotations

from tests.cards.made_model_reports import eval_results, figure, train_report
from tests.cards.made_reports import hexes
from vitrina.cards.model_limits import model_limits


def test_one_class_a_picture() -> None:
    assert model_limits(train_report(), eval_results()) == [
        "With 179 test pictures, accuracy is known no closer than 0.860 to 0.944.",
        "The weakest class is menu: F1 0.800 (0.000 to 1.000); its pictures in test: 3.",
        "Classes of fewer than 30 test pictures, whose figures say little: menu (3).",
        "Most frequent mistakes on test, in pictures: grill called dumplings, 9; dumplings called grill, 7; "
        "menu called dumplings, 1.",
        "Probabilities miss the share of right answers by 0.031 (0.021 to 0.068) on average.",
        'Saying "not sure" costs answers: above its threshold the model answers 0.888 of the test pictures, right in '
        "0.943 instead of 0.905.",
        "The 0.95 that the threshold was chosen for is not reached on test.",
        "Thresholds of classes whose precision on test falls short: grill (0.912).",
        "No threshold reached the wanted precision on validation: menu.",
    ]


def test_the_weakest_of_equals() -> None:
    evaluate = eval_results()
    per_class = evaluate["test"]["per_class"]
    first, second, *others = per_class
    per_class[first]["f1"] = per_class[second]["f1"] = figure(0.25, 0.0, 0.5)
    said = f"The weakest classes are {', '.join(sorted([first, second]))}: F1 0.250 for each."
    assert said in model_limits(train_report(), evaluate)
    for one in others:
        per_class[one]["f1"] = figure(0.25, 0.0, 0.5)
    assert "No class came out weaker than another: F1 0.250 for each." in model_limits(
        train_report(), evaluate
    )


def test_several_classes_a_picture() -> None:
    assert model_limits(train_report("multi_label"), eval_results("multi_label")) == [
        "With 179 test pictures, mean average precision is known no closer than 0.760 to 0.860.",
        "The weakest class is menu: average precision 0.677 (0.627 to 0.717); its pictures in test: 12.",
        "Classes of fewer than 30 test pictures, whose figures say little: menu (12).",
        "Mean average precision on validation, 0.910, lies outside the interval of test: what was chosen on validation "
        "flatters it.",
        "Thresholds of classes whose precision on test falls short: grill (0.912).",
        "No threshold reached the wanted precision on validation: menu.",
    ]


def test_numbers_of_a_picture() -> None:
    assert model_limits(train_report("regression"), eval_results("regression")) == [
        "With 179 test pictures, mean absolute error is known no closer than 0.075 to 0.088.",
        "The weakest number is menu: R squared -0.051 (-0.151 to 0.049).",
        "No better than always saying the mean (R squared not above zero): menu.",
        "Mean absolute error on validation, 0.070, lies outside the interval of test: what was chosen on validation "
        "flatters it.",
    ]


def test_nothing_measured() -> None:
    train = train_report()
    said = "Nothing has been measured on pictures that took no part in the choices."
    assert model_limits(train, None) == [said]
    train["recipe"]["limit"] = 1200
    train["input"]["counts"]["train"]["skipped"] = 3
    assert model_limits(train, None) == [
        "A trial on at most 1,200 rows a side; SHA-256 and groups are those of the whole sides.",
        "Rows without a label, left out: train 3.",
        said,
    ]


def test_what_else_there_may_be() -> None:
    evaluate = eval_results()
    evaluate["test"]["accuracy"] = figure(1.0, 1.0, 1.0)
    evaluate["test"]["confusion"] = {"grill": {"grill": 59}}
    evaluate["validation"]["accuracy"] = figure(0.9, 0.85, 0.95, 180)
    evaluate["calibration"] |= {"error_before": figure(0.02, 0.01, 0.05), "error_after": figure(0.03)}
    evaluate["abstention"] |= {"coverage": figure(0.0, 0.0, 0.0), "precision": figure(None)}
    evaluate["explained"]["deletion"] |= {"area": 0.6, "area_random": 0.5}
    evaluate |= {"refused": [{"picture_id": "1"}], "not_measured": ["menu", "soup"], "class_thresholds": None}
    evaluate["data"]["sha256"] = hexes("8")
    assert model_limits(train_report(), evaluate) == [
        "Accuracy came out the same, 1.000, however the 179 test pictures were drawn: too few to show rare mistakes.",
        "The weakest class is menu: F1 0.800 (0.000 to 1.000); its pictures in test: 3.",
        "Classes of fewer than 30 test pictures, whose figures say little: menu (3).",
        "Never measured, as test holds no picture of it: menu, soup.",
        "Accuracy on validation, 0.900, lies outside the interval of test: the two sides differ.",
        "Probabilities miss the share of right answers by 0.030 (no interval) on average.",
        "The temperature did not help on test: without it they missed it by 0.020 (0.010 to 0.050).",
        "Above its threshold the model answers 0.000 of the test pictures: it is never sure.",
        "Test pictures that could not be read, and are in no figure: 1.",
        "Only a part of the test side was measured: its SHA-256 is another.",
        "Heat maps do not show what decides: hiding what they mark does no more than hiding at random.",
    ]


def test_without_figures_nothing_is_made_up() -> None:
    evaluate = eval_results()
    evaluate["test"] = {"accuracy": figure(None), "per_class": {"menu": {"support": 0, "f1": figure(None)}}}
    absent = ("calibration", "abstention", "class_thresholds", "explained", "validation")
    evaluate |= dict.fromkeys(absent)
    assert model_limits(train_report(), evaluate) == [
        "Accuracy has no interval: how sure the figures are was not measured."
    ]
