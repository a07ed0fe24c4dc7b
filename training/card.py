"""Writing the data card of a collection."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from training.arguments import CardArguments, parse
from vitrina.cards.data_card import data_card
from vitrina.cards.front_matter import Told
from vitrina.errors import NotFound

TEMPLATE = Path(__file__).resolve().parents[1] / "data_cards" / "template.md"
# Stage -> its report in the working folder.
REPORTS = {
    "collect": "collected/collect_report.json",
    "clean": "cleaned/clean_report.json",
    "split": "split/split_report.json",
}


def main(arguments: Sequence[str]) -> None:
    """Write the card, say where. Raises VitrinaError."""
    place, (told,) = parse(
        "card", arguments, kinds=(CardArguments,), place=("work", "working folder with a split collection")
    )
    write_card(Path(place), told)


def write_card(work: Path, told: CardArguments, *, template: Path = TEMPLATE) -> Path:
    """WORK/card/README.md from the reports in WORK, in one step; its path.

    Raises NotFound where a stage has not run yet or the template is not there, BadRequest as `data_card` and `Told`.
    """
    facts = facts_of(told)
    reports = {stage: _report(work, stage) for stage in REPORTS}
    if not template.is_file():
        raise NotFound(
            f"the card's template at data_cards/{template.name}",
            "none",
            "Run it from a checkout of the repository.",
        )
    text = data_card(template.read_text(encoding="utf-8"), told=facts, **reports)
    final = work / "card" / "README.md"
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.{uuid4().hex}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, final)
    finally:
        partial.unlink(missing_ok=True)
    print(f"data card: {final}")
    return final


def facts_of(told: CardArguments) -> Told:
    """What a person told, checked. Raises BadRequest."""
    return Told(told.license, told.title, told.description, told.origin, told.language)


def _report(work: Path, stage: str) -> dict[str, Any]:
    path = work / REPORTS[stage]
    if not path.is_file():
        raise NotFound(
            f"the report of {stage} at {REPORTS[stage]} in {work.name}",
            "none",
            f"Run python -m training {stage} first.",
        )
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report
