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
from vitrina.cleaning.report import clean_figures, digest_of
from vitrina.cleaning.search import duplicates_of
from vitrina.cleaning.written import QUEUE, REPORT, clear_what_a_kill_left, write_cleaned
from vitrina.doubts.decisions import Decision, append_decisions, fold, read_decisions
from vitrina.errors import BadRequest
from vitrina.pile import open_pile
from vitrina.pile.begun import held
from vitrina.pile.join import fingerprint_of
from vitrina.splits import join_groups

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
    from vitrina.report import is_current, write_report

    pile = open_pile(work / "collected")
    final = work / "cleaned"
    with held(work / ".clean"):
        annotations, strange = _annotations(work, told, pile)
        clear_what_a_kill_left(final)
        frame = _frame(pile, told, annotations, seed=seed)
        report = _finished(final, frame)
        if report is None:
            report = _clean(work, pile, annotations, told=told, frame=frame)
        else:
            print(f"{final}: cleaned before with the same settings and decisions, left as it is")
        print(summary(report, work))
        if strange:
            print(
                f"{strange:,} older decisions are of pictures or labels that this collection does not have."
            )
        if page and not is_current(work):
            write_report(work)
    return final


def summary(report: Mapping[str, Any], work: Path) -> str:
    """What cleaning came to, in a few lines."""
    counts, related = report["counts"], report["related"]
    torn = sum(cluster["conflict"] for cluster in report["clusters"])
    lines = [
        f"Of {counts['pictures']:,} pictures, copies taken out: {counts['exact_duplicates']:,} exact, "
        f"{counts['near_duplicates']:,} near. By decision: {counts['irrelevant']:,} removed, "
        f"{counts['relabelled']:,} relabelled. Left: {counts['final']:,}.",
        f"Pictures of one scene or series: {related['pictures']:,} (groups: {related['groups']:,}); kept, and held "
        "together in the split.",
        f"Waiting for a person: {report['review']['total']:,} (clusters of copies with two labels: {torn:,}); see "
        f"{work / 'report' / 'review.html'}",
    ]
    split = work / "split" / "split_report.json"
    if (
        split.is_file()
        and json.loads(split.read_text(encoding="utf-8"))["input"].get("clean_digest") != report["digest"]
    ):
        lines.append(
            f"{split.parent} is of an earlier cleaning: run python -m training split {work}, then card."
        )
    return "\n".join(lines)


def _annotations(work: Path, told: CleanArguments, pile: Pile) -> tuple[list[Decision], int]:
    """(events of WORK/annotations.jsonl that fit this collection, those of `told.decisions` appended first; how
    many older ones do not fit, because the pile has changed since).
    """
    kept = work / ANNOTATIONS
    known = set(pile.survey["picture_id"])
    if told.decisions is not None:
        given = read_decisions(Path(told.decisions), picture_ids=known)
        _refuse_labels_without_classes(given, pile)
        given = read_decisions(Path(told.decisions), picture_ids=known, class_names=pile.class_names)
        added = append_decisions(kept, given)
        print(f"{added:,} of {len(given):,} decisions are new; all stand in {kept}")
    if not kept.exists():
        return [], 0
    events = read_decisions(kept)
    fit = [
        event
        for event in events
        if event.picture_id in known and (event.kind != "relabel" or event.label in pile.class_names)
    ]
    return fit, len(events) - len(fit)


def _refuse_labels_without_classes(given: Sequence[Decision], pile: Pile) -> None:
    if not pile.class_names and any(event.kind == "relabel" for event in given):
        raise BadRequest(
            "a collection with classes, for decisions that give labels",
            "a plain pile without any",
            "Put the pictures into class folders, or name their labels in a metadata.csv, and collect them again.",
        )


def _frame(pile: Pile, told: CleanArguments, annotations: Sequence[Decision], *, seed: int) -> dict[str, Any]:
    """What decides on the result: with the same, nothing needs to be done again."""
    events = "\n".join(json.dumps(asdict(event), sort_keys=True) for event in annotations)
    settings = {key: value for key, value in asdict(told).items() if key != "decisions"}
    return {
        "stage": "clean",
        "vitrina": vitrina.__version__,
        "input": {
            "fingerprint": pile.fingerprint,
            "digest": pile.report.get("digest"),
            "pictures": len(pile),
        },
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
        # What a user's group ties together stays together, also through a copy that goes.
        group = join_groups(duplicates.group.tolist(), pile.survey["group"].tolist())
        doubted = doubts_of(
            pile,
            duplicates,
            planned,
            group=group,
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
        "digest": digest_of(frame, planned, group),
    }
    write_cleaned(work / "cleaned", pile, planned, group=group, queue=doubted.lines(pile), report=report)
    return report


def _review(doubted: Doubted) -> dict[str, Any]:
    return {
        "review": {"total": len(doubted.queue), "kinds": doubted.kinds, "file": QUEUE},
        "not_looked_for": doubted.not_looked_for,
    }
