"""Writing the card of a collection, or of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.arguments import CardArguments, parse
from vitrina.cards.data_card import data_card
from vitrina.cards.front_matter import Told
from vitrina.cards.model_front_matter import ToldOfModel
from vitrina.cards.of_run import RUN_REPORTS, TOLD, card_of_run, told_as_json
from vitrina.cards.reports import SPLIT, read_report, write_text
from vitrina.errors import NotFound

_ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = _ROOT / "data_cards" / "template.md"
MODEL_TEMPLATE = _ROOT / "model_cards" / "template.md"
# Stage -> its report in the working folder.
REPORTS = {
    "collect": "collected/collect_report.json",
    "clean": "cleaned/clean_report.json",
    "split": SPLIT,
}


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
    reports = {stage: read_report(work, stage, path) for stage, path in REPORTS.items()}
    text = data_card(_template(template), told=facts, **reports)
    final = work / "card" / "README.md"
    write_text(final, text)
    print(f"data card: {final}")
    return final


def write_model_card(run: Path, told: CardArguments, *, template: Path = MODEL_TEMPLATE) -> Path:
    """RUN/card/README.md and the same as RUN/model/README.md from the reports of the run; the first one's path.

    A run that was not evaluated gets a card that says so. Groups and leaks are told where the run lies in
    WORK/runs/NAME. Raises NotFound where nothing was trained or the template is not there, BadRequest as `model_card`
    and `ToldOfModel`.
    """
    facts = ToldOfModel(
        told.license,
        told.title,
        told.description,
        told.origin,
        told.repo_id,
        told.dataset_id,
        f"{run.resolve().name}/model",
    )
    text = card_of_run(run, facts, template=_template(template))
    final = run / "card" / "README.md"
    write_text(run / TOLD, told_as_json(facts))
    for path in (run / "model" / "README.md", final):
        write_text(path, text)
    print(f"model card: {final}")
    return final


def facts_of(told: CardArguments) -> Told:
    """What a person told, checked. Raises BadRequest."""
    return Told(
        told.license,
        told.title,
        told.description,
        told.origin,
        told.language,
        repo_id=told.dataset_id or told.repo_id,
    )


def _template(path: Path) -> str:
    if not path.is_file():
        raise NotFound(
            f"the card's template at {path.parent.name}/{path.name}",
            "none",
            "Run it from a checkout of the repository.",
        )
    return path.read_text(encoding="utf-8")
