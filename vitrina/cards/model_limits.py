"""What a reader of a model card should know before trusting the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitrina.cards.model_figures import figure_at, interval, shown, with_interval

Report = Mapping[str, Any]

# Below this many test pictures an interval of a class spans a third of the scale: nothing to rely on.
FEW = 30
# Task -> (figure over all pictures, its name, figure of each class or target, its name, whether more is better).
_MAIN = {
    "single_label": ("accuracy", "Accuracy", "f1", "F1", True),
    "multi_label": ("mean_average_precision", "Mean average precision", "average_precision", "average precision", True),
    "regression": ("mae", "Mean absolute error", "r2", "R squared", False),
}


def model_limits(train: Report, evaluate: Report | None) -> list[str]:
    """Sentences computed from the reports, most telling first; every number in them stands in one of the reports."""
    trial = _trial(train)
    if evaluate is None:
        return [*trial, "Nothing has been measured on pictures that took no part in the choices."]
    return [
        *trial,
        *_whole(evaluate),
        *_classes(evaluate),
        *_confusions(evaluate),
        *_gap(evaluate),
        *_probabilities(evaluate),
        *_abstention(evaluate),
        *_thresholds(evaluate),
        *_rest(train, evaluate),
    ]


def _trial(train: Report) -> list[str]:
    limit = (train.get("recipe") or {}).get("limit")
    answer = []
    if limit:
        answer = [f"A trial on at most {limit:,} rows a side; SHA-256 and groups are those of the whole sides."]
    skipped = [
        f"{side} {counts['skipped']:,}" for side, counts in train["input"]["counts"].items() if counts.get("skipped")
    ]
    return [*answer, f"Rows without a label, left out: {', '.join(skipped)}."] if skipped else answer


def _whole(evaluate: Report) -> list[str]:
    path, name, *_ = _MAIN[evaluate["task"]]
    figure = figure_at(evaluate["test"], path)
    if figure is None or not figure.get("interval"):
        return [f"{name} has no interval: how sure the figures are was not measured."]
    low, high = figure["interval"]
    if low == high:
        return [
            f"{name} came out the same, {shown(low)}, however the {figure['n']:,} test pictures were drawn: too few to "
            "show rare mistakes."
        ]
    said = f"{name[0].lower()}{name[1:]}"
    return [f"With {figure['n']:,} test pictures, {said} is known no closer than {interval(figure)}."]


def _classes(evaluate: Report) -> list[str]:
    task = evaluate["task"]
    *_, path, name, _ = _MAIN[task]
    kind, key = ("number", "per_target") if task == "regression" else ("class", "per_class")
    each: Mapping[str, Any] = evaluate["test"][key]
    measured = {one: figure for one in each if (figure := figure_at(each[one], path)) is not None}
    answer = []
    if len(measured) > 1:
        answer.append(_weakest(each, measured, kind=kind, name=name))
    useless = [one for one, figure in measured.items() if task == "regression" and figure["value"] <= 0]
    if useless:
        answer.append(f"No better than always saying the mean (R squared not above zero): {', '.join(useless)}.")
    few = [f"{one} ({told['support']:,})" for one, told in each.items() if 0 < (told.get("support") or 0) < FEW]
    if few:
        answer.append(f"Classes of fewer than {FEW} test pictures, whose figures say little: {', '.join(few)}.")
    if evaluate.get("not_measured"):
        answer.append(f"Never measured, as test holds no picture of it: {', '.join(evaluate['not_measured'])}.")
    return answer


def _weakest(each: Mapping[str, Any], measured: Mapping[str, Any], *, kind: str, name: str) -> str:
    lowest = min(figure["value"] for figure in measured.values())
    weakest = sorted(one for one, figure in measured.items() if figure["value"] == lowest)
    if len(weakest) == len(measured):
        return f"No {kind} came out weaker than another: {name} {shown(lowest)} for each."
    if len(weakest) > 1:
        kinds = f"{kind}es" if kind == "class" else f"{kind}s"
        return f"The weakest {kinds} are {', '.join(weakest)}: {name} {shown(lowest)} for each."
    one = weakest[0]
    support = each[one].get("support")
    on = f"; its pictures in test: {support:,}" if support is not None else ""
    return f"The weakest {kind} is {one}: {name} {with_interval(measured[one])}{on}."


def _confusions(evaluate: Report) -> list[str]:
    pairs = [
        (count, true, said)
        for true, row in (evaluate["test"].get("confusion") or {}).items()
        for said, count in row.items()
        if true != said and count
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    told = "; ".join(f"{true} called {said}, {count:,}" for count, true, said in pairs[:3])
    return [f"Most frequent mistakes on test, in pictures: {told}."] if told else []


def _gap(evaluate: Report) -> list[str]:
    path, name, *_, more_is_better = _MAIN[evaluate["task"]]
    test, chosen = figure_at(evaluate["test"], path), figure_at(evaluate.get("validation"), path)
    if test is None or chosen is None or not test.get("interval"):
        return []
    low, high = test["interval"]
    if low <= chosen["value"] <= high:
        return []
    better = (chosen["value"] > high) == more_is_better
    why = "what was chosen on validation flatters it" if better else "the two sides differ"
    return [f"{name} on validation, {shown(chosen['value'])}, lies outside the interval of test: {why}."]


def _probabilities(evaluate: Report) -> list[str]:
    answer = []
    told = evaluate.get("calibration") or {}
    before, after = figure_at(told, "error_before"), figure_at(told, "error_after")
    if after is not None:
        answer.append(f"Probabilities miss the share of right answers by {with_interval(after)} on average.")
    if before is not None and after is not None and after["value"] > before["value"]:
        answer.append(f"The temperature did not help on test: without it they missed it by {with_interval(before)}.")
    return answer


def _abstention(evaluate: Report) -> list[str]:
    told = evaluate.get("abstention") or {}
    coverage, precision = figure_at(told, "coverage"), figure_at(told, "precision")
    accuracy = figure_at(evaluate["test"], "accuracy")
    if coverage is None or accuracy is None or coverage["value"] == 1:
        return []
    answered = f"the model answers {shown(coverage['value'])} of the test pictures"
    if precision is None:
        return [f"Above its threshold {answered}: it is never sure."]
    right = f"right in {shown(precision['value'])} instead of {shown(accuracy['value'])}"
    answer = [f"Saying \"not sure\" costs answers: above its threshold {answered}, {right}."]
    if precision["value"] < told["target_precision"]:
        answer.append(f"The {told['target_precision']} that the threshold was chosen for is not reached on test.")
    return answer


def _thresholds(evaluate: Report) -> list[str]:
    missed, without = [], []
    for name, told in (evaluate.get("class_thresholds") or {}).items():
        precision = figure_at(told, "precision")
        if told.get("threshold") is None:
            without.append(name)
        elif precision is not None and precision["value"] < told["target_precision"]:
            missed.append(f"{name} ({shown(precision['value'])})")
    answer = []
    if missed:
        answer.append(f"Thresholds of classes whose precision on test falls short: {', '.join(missed)}.")
    if without:
        answer.append(f"No threshold reached the wanted precision on validation: {', '.join(without)}.")
    return answer


def _rest(train: Report, evaluate: Report) -> list[str]:
    answer = []
    refused = evaluate.get("refused")
    if refused:
        answer.append(f"Test pictures that could not be read, and are in no figure: {len(refused):,}.")
    if evaluate["data"]["sha256"] != train["input"]["hashes"]["test"]:
        answer.append("Only a part of the test side was measured: its SHA-256 is another.")
    deletion = (evaluate.get("explained") or {}).get("deletion") or {}
    area, random = deletion.get("area"), deletion.get("area_random")
    if area is not None and random is not None and area >= random:
        answer.append("Heat maps do not show what decides: hiding what they mark does no more than hiding at random.")
    return answer
