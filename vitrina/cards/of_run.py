"""The card of a model from the reports in the folder of its run."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from vitrina.cards.model_card import model_card
from vitrina.cards.model_front_matter import ToldOfModel
from vitrina.cards.reports import SPLIT, read_report
from vitrina.errors import BadRequest, NotFound

# Stage -> its report in the folder of a run.
RUN_REPORTS = {"train": "train_report.json", "evaluate": "evaluation/eval_results.json"}
# What a person told for the card, kept so that it can be written again for another place.
TOLD = "card/told.json"


def card_of_run(run: Path, told: ToldOfModel, *, template: str) -> str:
    """The card as Markdown. A run that was not evaluated gets a card that says so.

    Groups and leaks are told where the run lies in WORK/runs/NAME. Raises NotFound where nothing was trained,
    BadRequest as `model_card`.
    """
    train = read_report(run, "train", RUN_REPORTS["train"])
    if not (run / "model" / "config.json").is_file():
        raise NotFound(
            f"the model of the run at model in {run.resolve().name}",
            "none",
            "Run python -m training train again.",
        )
    evaluated = (run / RUN_REPORTS["evaluate"]).is_file()
    return model_card(
        template,
        train=train,
        evaluate=read_report(run, "evaluate", RUN_REPORTS["evaluate"]) if evaluated else None,
        split=_split_of(run, train),
        told=told,
    )


def told_of_run(run: Path) -> ToldOfModel:
    """What a person told when the run's card was written. Raises NotFound where none was, BadRequest."""
    path = run / TOLD
    if not path.is_file():
        raise NotFound(
            f"the model card of {run.resolve().name}",
            "none",
            "Run python -m training card RUN --license LICENCE first.",
        )
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return ToldOfModel(**{one.name: kept[one.name] for one in fields(ToldOfModel)})
    except (ValueError, KeyError, TypeError) as problem:
        raise BadRequest(
            f"what was told for the card in {TOLD} of {run.resolve().name}",
            f"{type(problem).__name__}: {problem}",
            "Run python -m training card again.",
        ) from problem


def told_as_json(told: ToldOfModel) -> str:
    """The text of TOLD."""
    return json.dumps(asdict(told), indent=2, ensure_ascii=False) + "\n"


def _split_of(run: Path, train: dict[str, Any]) -> dict[str, Any] | None:
    """The report of the split beside a run in WORK/runs/NAME, if it is the one that was trained on."""
    work = run.resolve().parent.parent
    if not (work / SPLIT).is_file():
        return None
    split = read_report(work, "split", SPLIT)
    same = split.get("fingerprint") == train.get("input", {}).get("fingerprint")
    return split if same else None
