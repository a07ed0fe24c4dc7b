"""Splitting a cleaned collection into train, validation, test."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import vitrina
from training.arguments import SeedArguments, SplitArguments, parse
from vitrina.splits import SIDES, SplitRequest
from vitrina.splits.figures import figures
from vitrina.splits.plan import Plan, make_plan
from vitrina.splits.rows import Rows, read_rows
from vitrina.splits.written import leaks_of, refuse_leaks, write_sides


def main(arguments: Sequence[str]) -> None:
    """Split, print what came of it. Raises VitrinaError."""
    place, (told, drawn) = parse(
        "split",
        arguments,
        kinds=(SplitArguments, SeedArguments),
        place=("work", "working folder in which a collection was cleaned"),
    )
    split_collection(Path(place), told, seed=drawn.seed)


def split_collection(work: Path, told: SplitArguments, *, seed: int) -> Path:
    """WORK/cleaned becomes WORK/split, whole or not at all; returns its path. The report page is refreshed.

    A complete split of the same collection with the same settings is left as it is; another is replaced.
    Raises NotFound where nothing was cleaned yet, BadRequest where the request cannot be met.
    """
    from vitrina.report import is_current, write_report

    final = work / "split"
    _clear_what_a_kill_left(final)
    request = SplitRequest({side: getattr(told, side) for side in SIDES}, seed)
    rows = read_rows(work / "cleaned", keep_together=told.keep_together, targets=told.targets)
    frame = _frame(work, told, request, rows)
    report = _finished(final, frame)
    if report is None:
        plan = make_plan(
            rows, request, official=told.official, balance=told.balance, balance_to=told.balance_to
        )
        report = _write(final, plan, rows=rows, frame=frame)
    else:
        print(f"{final}: the same split was made before, left as it is")
    print(summary(report))
    if (work / "collected" / "collect_report.json").is_file() and not is_current(work):
        write_report(work)
    return final


def summary(report: dict[str, Any]) -> str:
    """The split for a terminal."""
    lines = [report["said"]]
    for side, counts in report["counts"].items():
        copies = counts["rows"] - counts["pictures"]
        repeated = f", and {copies} rows that repeat some" if copies else ""
        lines.append(f"{side:10} {counts['pictures']:7d} pictures in {counts['groups']} groups{repeated}")
    if report["settings"]["targets"]:
        names = ", ".join(report["settings"]["targets"])
        lines.append(f"targets    {names}; a picture without a label counts as one of its highest")
    for reason, count in report["left_out_reasons"].items():
        lines.append(f"left out   {count:7d}: {reason}")
    before, after = report["leaks"]["before"], report["leaks"]["after"]
    lines.append(
        f"groups on two sides: {before['groups']} in {before['what']} ({before['pictures']} pictures), "
        f"{after['groups']} now"
    )
    return "\n".join(lines)


def _frame(work: Path, told: SplitArguments, request: SplitRequest, rows: Rows) -> dict[str, Any]:
    """What decides on a split: two of the same frame are the same."""
    cleaned = json.loads((work / "cleaned" / "clean_report.json").read_text(encoding="utf-8"))
    return {
        "stage": "split",
        "vitrina": vitrina.__version__,
        "input": {
            "fingerprint": cleaned["fingerprint"],
            # The same pictures may have got other labels since; cleanings older than the digest tell only pictures.
            "clean_digest": cleaned.get("digest", cleaned["fingerprint"]),
            "pictures": len(rows.label),
            "digest": rows.digest(),
        },
        "settings": {
            "shares": {side: request.shares[side] for side in SIDES},
            "seed": request.seed,
            "group_by": list(rows.columns),
            "official": told.official,
            "balance": told.balance,
            "balance_to": told.balance_to,
            "targets": list(rows.target_names),
        },
    }


def _finished(final: Path, frame: dict[str, Any]) -> dict[str, Any] | None:
    """The report of the split that lies there, if it is this one."""
    try:
        report = json.loads((final / "split_report.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    same = all(report.get(key) == value for key, value in frame.items())
    return report if same and (final / "dataset" / "dataset_dict.json").is_file() else None


def _write(final: Path, plan: Plan, *, rows: Rows, frame: dict[str, Any]) -> dict[str, Any]:
    """Written beside, the report last, then put in the place of what was there."""
    partial, old = (final.with_name(f".split.{uuid4().hex}.{end}") for end in ("partial", "old"))
    try:
        written = write_sides(rows.dataset, plan.rows_of(), copies=plan.copies, folder=partial / "dataset")
        after = leaks_of(written, list(rows.columns))
        refuse_leaks(after)
        report = frame | figures(plan, rows, written=written, after=after)
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        (partial / "split_report.json").write_text(text, encoding="utf-8")
        if final.exists():
            os.replace(final, old)
        os.replace(partial, final)
    except BaseException:
        if old.exists() and not final.exists():
            os.replace(old, final)
        raise
    finally:
        for rest in (partial, old):
            shutil.rmtree(rest, ignore_errors=True)
    return report


def _clear_what_a_kill_left(final: Path) -> None:
    """Half-written splits go; a whole one whose successor never took its place comes back."""
    for old in final.parent.glob(".split.*.old"):
        if final.exists():
            shutil.rmtree(old)
        else:
            os.replace(old, final)
    for partial in final.parent.glob(".split.*.partial"):
        shutil.rmtree(partial)
