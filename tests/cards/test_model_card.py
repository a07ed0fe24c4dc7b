"""The model card, whole."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cards.made_model_reports import NAMES, eval_results, train_report
from tests.cards.made_reports import hexes, split_report
from training.card import MODEL_TEMPLATE
from vitrina.cards.model_card import model_card
from vitrina.cards.model_figures import shown
from vitrina.cards.model_front_matter import ToldOfModel
from vitrina.cards.model_limits import FEW
from vitrina.errors import BadRequest

GOLDEN = Path(__file__).with_name("golden_model_card.md")
TEMPLATE = MODEL_TEMPLATE.read_text(encoding="utf-8")
TOLD = ToldOfModel(
    "apache-2.0",
    title="Night market",
    description="Tells dishes, grills and menus of a night market apart.",
    origin="taken by the stall keepers",
    folder="market-head/model",
)
TASKS = ("single_label", "multi_label", "regression")


def card(task: str = "single_label", told: ToldOfModel = TOLD, **changed: Any) -> str:
    made = {"train": train_report(task), "evaluate": eval_results(task), "split": split_report()} | changed
    return model_card(TEMPLATE, told=told, **made)


def test_it_is_the_golden_card() -> None:
    """After a change that is meant: write `card()` to the golden file, read the difference."""
    assert card().encode() == GOLDEN.read_bytes()


# What the template and the limits say of their own: "0.5 is chance", "SHA-256", "F1", fewer than 30.
CONSTANTS = set(re.findall(r"\d+(?:\.\d+)*", re.sub(r"\{[{%].*?[%}]\}", "", TEMPLATE))) | {str(FEW), "1", "0"}


def spellings(value: Any) -> set[str]:
    """Every way a card may write the numbers of a report: values, those in words and keys, lengths of lists."""
    if isinstance(value, dict):
        return set().union(*(spellings(part) for pair in value.items() for part in pair))
    if isinstance(value, list):
        return {str(len(value))}.union(*map(spellings, value))
    if isinstance(value, str):
        return set(re.findall(r"\d+(?:\.\d+)*", value))
    if value is None or isinstance(value, bool):
        return set()
    written = {shown(value), repr(value), f"{value:,}", repr(round(value, 3)), f"{value * 100:g}"}
    return {one.replace(",", "").lstrip("-") for one in written}


def told_numbers(text: str) -> set[str]:
    """Every number of a card's body but those of the recipe and of hashes."""
    body = text.split("\n---\n", 1)[1]
    body = re.sub(r"```yaml\n.*?\n```", "", body, flags=re.DOTALL)
    body = re.sub(r"\b[0-9a-f]{64}\b", "", body).replace("\\", "")
    return set(re.findall(r"\d+(?:\.\d+)*(?:e[+-]?\d+)?", re.sub(r"(?<=\d),(?=\d{3}\b)", "", body)))


def varied(value: Any, random: Random) -> Any:
    """The same report with other numbers; some figures lose their value, some their interval."""
    if isinstance(value, dict):
        answer = {key: varied(one, random) for key, one in value.items()}
        if {"value", "interval", "n"} <= set(value):
            lost = random.randrange(6)
            answer |= {"interval": None} if lost < 2 else {}
            answer |= {"value": None} if lost < 1 else {}
        return answer
    if isinstance(value, list):
        return [varied(one, random) for one in value]
    if isinstance(value, float):
        return random.choice([random.random(), random.random(), 0.0, 1.0, 1e-7, 7e-4, 0.99999, 12.5])
    whole = isinstance(value, int) and not isinstance(value, bool)
    return random.choice([random.randrange(10**6), random.randrange(40)]) if whole else value


@given(st.sampled_from(TASKS), st.integers(0, 2**32))
@settings(deadline=None, max_examples=30)
def test_every_number_stands_in_a_report(task: str, seed: int) -> None:
    train, evaluate, split = varied([train_report(task), eval_results(task), split_report()], Random(seed))
    told = told_numbers(card(task, train=train, evaluate=evaluate, split=split))
    assert told - spellings([train, evaluate, split]) - spellings(TOLD.license) - CONSTANTS == set()


def test_a_number_of_another_report_would_be_seen() -> None:
    told = told_numbers(card())
    assert len(told) >= 90
    other = varied([train_report(), eval_results(), split_report()], Random(0))
    assert len(told - spellings(other) - CONSTANTS) >= 40


@pytest.mark.parametrize("task", TASKS)
def test_hub_and_yaml_read_it(task: str) -> None:
    text = card(task)
    read = ModelCard(text)
    assert read.text == text.split("\n---\n", 1)[1]
    block = re.search(r"```yaml\n(.*?)\n```", text, flags=re.DOTALL)
    assert block is not None
    assert yaml.safe_load(block[1]) == train_report(task)["recipe"] | {"data": "market"}
    assert "/home" not in text
    assert "None" not in text


@pytest.mark.parametrize("task", TASKS)
def test_every_table_has_as_many_cells_as_its_head(task: str) -> None:
    assert_tables(card(task))


def assert_tables(text: str) -> None:
    body = re.sub(r"\\.", "", text.split("\n---\n", 1)[1])
    tables = re.findall(r"(?:^\|.*\n)+", body, flags=re.MULTILINE)
    assert len(tables) >= 3
    for table in tables:
        assert len({row.count("|") for row in table.splitlines()}) == 1, table


@pytest.mark.parametrize(
    "label", ["|x", "a|b", "<script>alert(1)</script>", "**x**", "[l](https://e.example)", "{{ 7 }}", "`c`", "$x$"]
)
def test_hostile_names_stay_text(label: str) -> None:
    made = renamed([train_report(), eval_results(), split_report()], label)
    train, evaluate, split = made
    train["name"] = label
    train["input"]["name"] = f"{label}\n\n# Heading"
    text = card(told=ToldOfModel("mit", origin=label), train=train, evaluate=evaluate, split=split)
    body = text.split("\n---\n", 1)[1]
    assert not re.search(r"(?<!\\)" + re.escape(label), body)
    assert "\n# Heading" not in body
    assert "<script" not in body
    assert_tables(text)
    data = ModelCard(text).data
    assert data.model_name == label
    assert data.eval_results


def renamed(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {renamed(key, name): renamed(one, name) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, name) for one in value]
    return name if value == NAMES[0] else value


def nothing(value: Any) -> Any:
    """The same report without the value of any figure."""
    if isinstance(value, dict):
        empty = {"value": None, "interval": None} if {"value", "interval"} <= set(value) else {}
        return {key: nothing(one) for key, one in value.items()} | empty
    return [nothing(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("task", TASKS)
def test_figures_without_a_value_say_so(task: str) -> None:
    text = card(task, evaluate=nothing(eval_results(task)))
    assert text.count("not measured") >= 12
    assert "model-index" not in text
    assert "None" not in text
    assert "nan" not in text


def test_a_run_that_was_not_evaluated() -> None:
    text = card(evaluate=None, split=None, told=ToldOfModel())
    front, body = text.split("\n---\n", 1)
    assert "model-index" not in front
    assert "license" not in front
    assert "Not measured yet: run `python -m training evaluate` on this run.\n" in body
    assert "hopeful: accuracy 0.922, log loss 0.261, 180 pictures.\n" in body
    assert "- Licence: not told.\n" in body
    assert "Origin of the pictures: not told.\n" in body
    assert "Not measured here: groups and leaks, as the report of the split did not lie beside the run.\n" in body
    assert "Not measured: the calibration error on test.\n" in body
    assert "- Not measured: whether heat maps show what decides.\n" in body
    assert "eval_results.json" not in body


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        (0.0, "It always answers: on validation all answers together reached the share of right ones asked for, 0.95."),
        (1.0, "No threshold: none was found on validation that gives the share of right answers asked for, 0.95."),
        (None, "No threshold: none was found on validation that gives the share of right answers asked for, 0.95."),
    ],
)
def test_thresholds_at_the_ends(threshold: float | None, said: str) -> None:
    train = train_report()
    train["abstention"]["abstain_below"] = threshold
    text = card(train=train)
    assert f"\n{said}\n" in text
    assert "sure = " not in text
    assert "Where `sure` is false" not in text


def test_where_it_began() -> None:
    train = train_report()
    train["model"] |= {"reference": "google/vit-base-patch16-224", "revision": "google/vit-base-patch16-224@0a1b"}
    text = card(train=train)
    assert ModelCard(text).data.base_model == "google/vit-base-patch16-224"
    assert "- Base model: `google/vit-base-patch16-224`; revision `google/vit-base-patch16-224@0a1b`\n" in text
    train |= {"mode": "scratch", "reproduced": None, "calibration": None}
    train["model"] |= {"reference": None, "revision": None}
    text = card(train=train, evaluate=None)
    assert "- Base model: none; training began with random weights.\n" in text
    assert "- Not measured: whether the saved model, loaded afresh, gives the same answers.\n" in text
    assert "No temperature was chosen: the probabilities are those of training.\n" in text


def test_what_a_run_does_not_have_is_not_listed() -> None:
    train, evaluate = train_report(), eval_results()
    for report in (train, evaluate):
        report["calibration"]["temperature"] = 1.0
    train |= {"epochs": 3.0, "steps": 120}
    train["chosen"] |= {"epoch": 2.0, "l2": None}
    text = card(train=train, evaluate=evaluate)
    n = evaluate["calibration"]["n"]
    assert (
        f"The temperature that was chosen on {n} validation pictures is 1.000: the probabilities are those of training."
        in text
    )
    assert "- Epochs: 3.0; steps: 120; seed: " in text
    assert ", epoch 2.0\n" in text


def test_answers_averaged_over_views() -> None:
    evaluate = eval_results()
    evaluate["test_time_augmentation"] = {"views": ["none", "flip"], "accuracy": evaluate["test"]["accuracy"]}
    said = "Averaged over the views none, flip: accuracy 0.905 (0.860 to 0.944). The other figures are without it.\n"
    assert said in card(evaluate=evaluate)


@pytest.mark.parametrize(
    ("report", "change", "message"),
    [
        (
            "evaluate",
            {"data": {"fingerprint": hexes("e")}},
            f"Expected an eval_results.json measured on the split it was trained on; found {'e' * 32} instead of "
            f"{'c' * 32}. Run python -m training evaluate again.",
        ),
        (
            "evaluate",
            {"model": {"revision": "model@sha256:ba9876543210"}},
            "Expected an eval_results.json of the model as it is now; found model@sha256:ba9876543210 instead of "
            "model@sha256:0123456789ab. Run python -m training evaluate again.",
        ),
        (
            "evaluate",
            {"task": "regression"},
            "Expected an eval_results.json of the same task; found regression instead of single_label. "
            "Run python -m training evaluate again.",
        ),
        (
            "split",
            {"fingerprint": hexes("e")},
            f"Expected a split_report.json of the split it was trained on; found {'e' * 32} instead of {'c' * 32}. "
            "Run python -m training train again.",
        ),
    ],
)
def test_reports_that_do_not_belong_together_are_refused(report: str, change: dict[str, Any], message: str) -> None:
    made = {"evaluate": eval_results(), "split": split_report()}[report]
    with pytest.raises(BadRequest) as refused:
        card(**{report: made | change})
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("report", "field"),
    [("train", "labels"), ("train", "hardware"), ("train", "task"), ("evaluate", "test"), ("evaluate", "data")],
)
def test_a_field_that_is_missing_is_named(report: str, field: str) -> None:
    made = {"train": train_report(), "evaluate": eval_results()}
    del made[report][field]
    with pytest.raises(BadRequest) as refused:
        card(**made)
    assert field in refused.value.found
    assert refused.value.expected == "reports that hold what the card tells"
    assert refused.value.next_step == "Run python -m training train, evaluate again with this version."
