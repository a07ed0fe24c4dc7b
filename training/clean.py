"""Cleaning a collection: copies out, doubts queued, decisions applied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vitrina
from training.arguments import CleanArguments, SeedArguments, parse
from vitrina.cleaning.bars import Bars
from vitrina.cleaning.doubted import Doubted, doubts_of
from vitrina.cleaning.plan import plan
from vitrina.cleaning.report import clean_figures
from vitrina.cleaning.search import duplicates_of
from vitrina.cleaning.written import QUEUE, REPORT, clear_what_a_kill_left, write_cleaned
from vitrina.doubts.decisions import Decision, append_decisions, fold, read_decisions
from vitrina.pile import open_pile
from vitrina.pile.join import fingerprint_of

if TYPE_CHECKING:
    from vitrina.pile import Pile

ANNOTATIONS = "annotations.jsonl"


def main(arguments: Sequence[str]) -> None:
    """Clean, print what came of it. Raises VitrinaError."""
    said = "working folder in which a pile was collected"
    place, (told, drawn) = parse(
        "clean", arguments, kinds=(CleanArguments, SeedArguments), place=("work", said)
    )
    clean(Path(place), told, seed=drawn.seed)


def clean(work: Path, told: CleanArguments, *, seed: int, page: bool = True) -> Path:
    """WORK/collected becomes WORK/cleaned, whole or not at all; returns its path. With `page` the report is shown.

    Decisions given with `told` are appended to WORK/annotations.jsonl first; all annotations there are applied.
    A collection cleaned already with the same settings and decisions is left as it is. Stopped at any moment it
    goes on when called again: comparisons of pictures are remembered in WORK/.clean. Raises NotFound where
    nothing was collected, BadRequest for decisions that cannot be read or do not fit the collection.
    """
    from vitrina.report import write_report

    pile = open_pile(work / "collected")
    annotations = _annotations(work, told, pile)
    final = work / "cleaned"
    clear_what_a_kill_left(final)
    frame = _frame(pile, told, annotations, seed=seed)
    report = _finished(final, frame)
    page = page and (report is None or not (work / "report" / "index.html").is_file())
    if report is None:
        report = _clean(work, pile, annotations, told=told, frame=frame)
    else:
        print(f"{final}: cleaned before with the same settings and decisions, left as it is")
    print(summary(report, work))
    if page:
        write_report(work)
    return final


def summary(report: Mapping[str, Any], work: Path) -> str:
    """What cleaning came to, in a few lines."""
    counts, related = report["counts"], report["related"]
    torn = sum(cluster["conflict"] for cluster in report["clusters"])
    lines = [
        f"{counts['pictures']:,} pictures: {counts['exact_duplicates']:,} exact and {counts['near_duplicates']:,} "
        f"near copies taken out, {counts['irrelevant']:,} removed and {counts['relabelled']:,} relabelled by "
        f"decision; {counts['final']:,} left.",
        f"{related['pictures']:,} pictures in {related['groups']:,} groups show one scene or series: kept, and "
        "held together in the split.",
        f"{report['review']['total']:,} pictures wait for a person, {torn:,} clusters of copies hold two labels: "
        f"open {work / 'report' / 'review.html'}",
    ]
    return "\n".join(lines)


def _annotations(work: Path, told: CleanArguments, pile: Pile) -> list[Decision]:
    """All events of WORK/annotations.jsonl, those of `told.decisions` appended first."""
    kept = work / ANNOTATIONS
    known = set(pile.survey["picture_id"])
    if told.decisions is not None:
        given = read_decisions(Path(told.decisions), picture_ids=known, class_names=pile.class_names)
        added = append_decisions(kept, given)
        print(f"{added:,} of {len(given):,} decisions are new; all stand in {kept}")
    if not kept.exists():
        return []
    return read_decisions(kept, picture_ids=known, class_names=pile.class_names)


def _frame(pile: Pile, told: CleanArguments, annotations: Sequence[Decision], *, seed: int) -> dict[str, Any]:
    """What decides on the result: with the same, nothing needs to be done again."""
    events = "\n".join(json.dumps(asdict(event), sort_keys=True) for event in annotations)
    settings = {key: value for key, value in asdict(told).items() if key != "decisions"}
    return {
        "stage": "clean",
        "vitrina": vitrina.__version__,
        "input": {"fingerprint": pile.fingerprint, "pictures": len(pile)},
        "settings": settings
        | {"seed": seed, "features": pile.feature_revision}
        | {"annotations": hashlib.sha256(events.encode()).hexdigest() if events else None},
    }


def _finished(final: Path, frame: Mapping[str, Any]) -> dict[str, Any] | None:
    if not (final / REPORT).is_file():
        return None
    report: dict[str, Any] = json.loads((final / REPORT).read_text(encoding="utf-8"))
    return report if all(report.get(key) == value for key, value in frame.items()) else None


def _clean(
    work: Path, pile: Pile, annotations: Sequence[Decision], *, told: CleanArguments, frame: Mapping[str, Any]
) -> dict[str, Any]:
    from vitrina.duplicates.settings import DuplicateSettings

    decisions = fold(annotations)
    with Bars() as bars:
        settings = DuplicateSettings()
        duplicates = duplicates_of(pile, work / ".clean", settings=settings, progress=bars)
        planned = plan(pile.survey, duplicates, decisions, reach=told.remove)
        doubted = doubts_of(
            pile,
            duplicates,
            planned,
            decided=set(decisions),
            label_errors=told.label_errors,
            seed=frame["settings"]["seed"],
            progress=bars,
        )
    report = {
        **frame,
        **clean_figures(pile.survey, duplicates, planned, collected=pile.report),
        "decided": [asdict(event) for event in annotations],
        "search": {"settings": asdict(settings), "counts": duplicates.counts},
        **_review(doubted),
        "fingerprint": fingerprint_of(pile.survey["picture_id"].iloc[planned.kept]),
    }
    write_cleaned(
        work / "cleaned", pile, planned, group=duplicates.group, queue=doubted.lines(pile), report=report
    )
    return report


def _review(doubted: Doubted) -> dict[str, Any]:
    return {
        "review": {"total": len(doubted.queue), "kinds": doubted.kinds, "file": QUEUE},
        "not_looked_for": doubted.not_looked_for,
    }
