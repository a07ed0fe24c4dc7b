"""Writing the card of a collection, or of a model."""

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
from vitrina.cards.model_card import model_card
from vitrina.cards.model_front_matter import ToldOfModel
from vitrina.errors import BadRequest, NotFound

_ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = _ROOT / "data_cards" / "template.md"
MODEL_TEMPLATE = _ROOT / "model_cards" / "template.md"
# Stage -> its report in the working folder.
REPORTS = {
    "collect": "collected/collect_report.json",
    "clean": "cleaned/clean_report.json",
    "split": "split/split_report.json",
}
# The same in the folder of a run.
RUN_REPORTS = {"train": "train_report.json", "evaluate": "evaluation/eval_results.json"}


def main(arguments: Sequence[str]) -> None:
    """Write the card, say where. Raises VitrinaError."""
    said = "working folder with a split collection, or folder of a run with a trained model"
    place, (told,) = parse("card", arguments, kinds=(CardArguments,), place=("work_or_run", said))
    folder = Path(place)
    if (folder / RUN_REPORTS["train"]).is_file():
        write_model_card(folder, told)
    else:
        write_card(folder, told)


def write_card(work: Path, told: CardArguments, *, template: Path = TEMPLATE) -> Path:
    """WORK/card/README.md from the reports in WORK, in one step; its path.

    Raises NotFound where a stage has not run yet or the template is not there, BadRequest as `data_card` and `Told`.
    """
    facts = facts_of(told)
    reports = {stage: _report(work, stage, path) for stage, path in REPORTS.items()}
    text = data_card(_template(template), told=facts, **reports)
    final = work / "card" / "README.md"
    _write(final, text)
    print(f"data card: {final}")
    return final


def write_model_card(run: Path, told: CardArguments, *, template: Path = MODEL_TEMPLATE) -> Path:
    """RUN/card/README.md and the same as RUN/model/README.md from the reports of the run; the first one's path.

    A run that was not evaluated gets a card that says so. Groups and leaks are told where the run lies in
    WORK/runs/NAME. Raises NotFound where nothing was trained or the template is not there, BadRequest as `model_card`
    and `ToldOfModel`.
    """
    name = run.resolve().name
    facts = ToldOfModel(
        told.license,
        told.title,
        told.description,
        told.origin,
        told.repo_id,
        told.dataset_id,
        f"{name}/model",
    )
    train = _report(run, "train", RUN_REPORTS["train"])
    evaluated = (run / RUN_REPORTS["evaluate"]).is_file()
    if not (run / "model" / "config.json").is_file():
        raise NotFound(
            f"the model of the run at model in {name}", "none", "Run python -m training train again."
        )
    text = model_card(
        _template(template),
        train=train,
        evaluate=_report(run, "evaluate", RUN_REPORTS["evaluate"]) if evaluated else None,
        split=_split_of(run, train),
        told=facts,
    )
    final = run / "card" / "README.md"
    for path in (run / "model" / "README.md", final):
        _write(path, text)
    print(f"model card: {final}")
    return final


def facts_of(told: CardArguments) -> Told:
    """What a person told, checked. Raises BadRequest."""
    return Told(told.license, told.title, told.description, told.origin, told.language)


def _split_of(run: Path, train: dict[str, Any]) -> dict[str, Any] | None:
    """The report of the split beside a run in WORK/runs/NAME, if it is the one that was trained on."""
    work = run.resolve().parent.parent
    if not (work / REPORTS["split"]).is_file():
        return None
    split = _report(work, "split", REPORTS["split"])
    same = split.get("fingerprint") == train.get("input", {}).get("fingerprint")
    return split if same else None


def _template(path: Path) -> str:
    if not path.is_file():
        raise NotFound(
            f"the card's template at {path.parent.name}/{path.name}",
            "none",
            "Run it from a checkout of the repository.",
        )
    return path.read_text(encoding="utf-8")


def _write(final: Path, text: str) -> None:
    """In one step: whoever reads it meanwhile sees the old one or the new one."""
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.{uuid4().hex}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, final)
    finally:
        partial.unlink(missing_ok=True)


def _report(folder: Path, stage: str, place: str) -> dict[str, Any]:
    path, name = folder / place, folder.resolve().name
    if not path.is_file():
        raise NotFound(
            f"the report of {stage} at {place} in {name}",
            "none",
            f"Run python -m training {stage} first.",
        )
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        again = f"Run python -m training {stage} again."
        raise BadRequest(f"JSON at {place} in {name}", str(error), again) from error
    return report
