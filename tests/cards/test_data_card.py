"""The data card, whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cards.made_reports import clean_report, collect_report, split_report
from training.card import TEMPLATE
from vitrina.cards.data_card import data_card
from vitrina.cards.front_matter import Told
from vitrina.errors import BadRequest

GOLDEN = Path(__file__).with_name("golden_data_card.md")
TOLD = Told(
    "cc-by-4.0",
    title="Night market",
    description="Dishes, grills and menus of a night market, photographed from the counter.",
    origin="taken by the stall keepers",
)


def card(told: Told = TOLD, **changed: Any) -> str:
    reports = {"collect": collect_report(), "clean": clean_report(), "split": split_report()} | changed
    return data_card(TEMPLATE.read_text(encoding="utf-8"), told=told, **reports)


def test_it_is_the_golden_card() -> None:
    """After a change that is meant: write `card()` to the golden file, read the difference."""
    assert card() == GOLDEN.read_text(encoding="utf-8")


def numbers(value: Any) -> set[str]:
    """Every number in a report: values, and those that stand in its words and keys. Not the digits of hashes."""
    if isinstance(value, dict):
        return set().union(*(numbers(part) for pair in value.items() for part in pair))
    if isinstance(value, list):
        return set().union(*map(numbers, value))
    if isinstance(value, str):
        return set() if re.fullmatch("[0-9a-f]{64}", value) else set(re.findall(r"\d+(?:\.\d+)*", value))
    return {repr(value)}


def test_every_number_of_the_body_stands_in_a_report() -> None:
    body = card().split("\n---\n", 1)[1]
    reports = [collect_report(), clean_report(), split_report()]
    hashes = re.findall(r"\b[0-9a-f]{64}\b", body)
    assert len(hashes) == 6
    assert all(repr(one) in repr(reports) for one in hashes)
    body = re.sub(r"\b[0-9a-f]{64}\b|SHA-256|pixel_sha256", "", body).replace("\\", "")
    told = set(re.findall(r"\d+(?:\.\d+)*", re.sub(r"(?<=\d),(?=\d{3}\b)", "", body)))
    assert told - numbers(reports) - numbers(TOLD.license) == set()
    assert len(told) >= 40


@pytest.mark.parametrize(
    "label", ["a|b", "<img src=x onerror=alert(1)>", "**x**", "[l](https://e.example)", "{{ 7 }}"]
)
def test_hostile_labels_stay_text(label: str) -> None:
    collect, split = collect_report(), split_report()
    collect["source"] |= {"name": label, "inferred": f"1 class from folders: {label}\n\n# Heading"}
    for counts in (*split["counts"].values(), split["totals"]):
        counts["classes"] = {label: counts["pictures"]}
    split["features"][1]["names"] = [label]
    split["small_classes"]["classes"] = {label: 3}
    text = card(Told("mit", origin=label), collect=collect, split=split)
    front, body = text.split("\n---\n", 1)
    assert label not in body
    assert "\n# Heading" not in body
    assert "<img" not in body
    rows = [line for line in body.splitlines() if line.startswith("|")]
    classes = [re.sub(r"\\.", "", row) for row in rows[:4]]
    assert {row.count("|") for row in classes} == {6}
    assert yaml.safe_load(front.strip("-\n"))["pretty_name"] == label


def test_what_nobody_told_is_not_made_up() -> None:
    text = card(Told("other"))
    assert "\n# night_market\n" in text
    assert "- Origin: not told\n" in text
    assert (
        "- Licence: other, as given by whoever made this collection; nothing here has checked it.\n" in text
    )
    assert "decisions.jsonl" not in text  # A path of the machine it was made on.


def test_reports_that_do_not_belong_together_are_refused() -> None:
    clean = clean_report()
    clean["fingerprint"] = "e" * 64
    with pytest.raises(BadRequest) as refused:
        card(clean=clean)
    assert str(refused.value) == (
        "Expected a split_report.json made of the clean_report.json beside it; found fingerprint bbbbbbbbbbbb instead "
        "of eeeeeeeeeeee. Run python -m training split again."
    )
    collect = collect_report()
    collect["fingerprint"] = "e" * 64
    with pytest.raises(BadRequest, match="Run python -m training clean again"):
        card(collect=collect)


@pytest.mark.parametrize("stage", ["clean", "split"])
def test_a_stage_of_other_labels_is_refused(stage: str) -> None:
    made = {"collect": collect_report(), "clean": clean_report(), "split": split_report()}
    earlier, key = {"clean": ("collect", "digest"), "split": ("clean", "clean_digest")}[stage]
    made[earlier]["digest"] = "1" * 64
    card(**made)  # One of the two is older than the digest.
    made[stage]["input"][key] = "1" * 64
    card(**made)
    made[stage]["input"][key] = "2" * 64
    with pytest.raises(BadRequest) as refused:
        card(**made)
    assert str(refused.value) == (
        f"Expected a {stage}_report.json made of labels, groups and columns as they are now; found one made before "
        f"they changed. Run python -m training {stage} WORK again."
    )


@pytest.mark.parametrize(
    ("report", "field"), [("split", "hashes"), ("clean", "counts"), ("clean", "related")]
)
def test_a_field_that_is_missing_is_named(report: str, field: str) -> None:
    changed = {"clean": clean_report(), "split": split_report()}
    del changed[report][field]
    with pytest.raises(BadRequest) as refused:
        card(**changed)
    assert field in refused.value.found
    assert refused.value.expected == "reports that hold what the card tells"
    assert refused.value.next_step == "Run python -m training collect, clean, split again with this version."
