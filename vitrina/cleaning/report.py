"""clean_report.json: every picture that went, every cluster, every decision."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.cleaning.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

    from vitrina.duplicates.found import Duplicates


def clean_figures(
    survey: pd.DataFrame, duplicates: Duplicates, plan: Plan, *, collected: Mapping[str, Any]
) -> dict[str, Any]:
    """Counts, classes, clusters, removals and related groups, as clean_report.json holds them.

    `collected` is collect_report.json. `counts` add up: original = quarantined + pictures, and pictures minus the
    duplicates and what was decided away = final.
    """
    reasons = Counter(one.reason for one in plan.removed)
    before = [label if isinstance(label, str) else None for label in survey["label"]]
    return {
        "counts": {
            "original": len(survey) + int(collected["counts"]["quarantined"]),
            "quarantined": int(collected["counts"]["quarantined"]),
            "pictures": len(survey),
            "exact_duplicates": reasons["exact_duplicate"],
            "near_duplicates": reasons["near_duplicate"],
            "relabelled": len(plan.relabelled),
            "irrelevant": reasons["decided"],
            "final": len(survey) - len(plan.removed),
        },
        "classes": {
            "before": _count(before, collected["class_names"]),
            "after": _count([plan.labels[row] for row in plan.kept], collected["class_names"]),
        },
        "clusters": _clusters(survey, duplicates, plan),
        "removed": [_removed(survey, plan, one.row, reason=one.reason, of=one.of) for one in plan.removed],
        "related": _related(duplicates),
    }


def digest_of(frame: Mapping[str, Any], plan: Plan, group: np.ndarray) -> str:
    """SHA-256, hexadecimal, over what decides on later stages: the collection that was cleaned, which rows of it are
    left, their labels, their `group` int64 (n,).
    """
    rows = [[row, plan.labels[row], int(group[row])] for row in plan.kept]
    return hashlib.sha256(json.dumps([frame["input"], rows]).encode()).hexdigest()


def _count(labels: Sequence[str | None], class_names: Sequence[str]) -> dict[str, int]:
    counted = Counter(label for label in labels if label is not None)
    return {name: counted[name] for name in class_names}


def _clusters(survey: pd.DataFrame, duplicates: Duplicates, plan: Plan) -> list[dict[str, Any]]:
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(duplicates.cluster.tolist()):
        members[number].append(row)
    gone = {one.row for one in plan.removed}
    torn = {row for rows in plan.conflicts for row in rows}
    found = []
    for number, rows in sorted(members.items(), key=lambda pair: pair[1][0]):
        if len(rows) > 1:
            pictures = [_picture(survey, plan, row) | {"kept": row not in gone} for row in rows]
            kind, conflict = _kind(survey, rows), bool(torn & set(rows))
            found.append({"id": int(number), "kind": kind, "conflict": conflict, "pictures": pictures})
    return found


def _kind(survey: pd.DataFrame, rows: Sequence[int]) -> str:
    """The loosest tie that holds the cluster together."""
    for column, kind in (("picture_id", "bytes"), ("pixel_sha256", "pixels")):
        if survey[column].iloc[list(rows)].nunique() == 1:
            return kind
    return "near"


def _picture(survey: pd.DataFrame, plan: Plan, row: int) -> dict[str, Any]:
    one = survey.iloc[row]
    return {
        "picture_id": str(one["picture_id"]),
        "file_name": str(one["file_name"]),
        "label": plan.labels[row],
        "width": int(one["width"]),
        "height": int(one["height"]),
        "sharpness": round(float(one["sharpness"]), 1),
    }


def _removed(survey: pd.DataFrame, plan: Plan, row: int, *, reason: str, of: int | None) -> dict[str, Any]:
    one = survey.iloc[row]
    return {
        "picture_id": str(one["picture_id"]),
        "file_name": str(one["file_name"]),
        "label": plan.labels[row],
        "reason": reason,
        "of": None if of is None else str(survey["picture_id"].iloc[of]),
    }


def _related(duplicates: Duplicates) -> dict[str, int]:
    """Pictures tied together for the split though they are no copies of each other."""
    pairs = sum(pair.kind == "related" for pair in duplicates.pairs)
    clusters_of = defaultdict(set)
    for group, cluster in zip(duplicates.group.tolist(), duplicates.cluster.tolist(), strict=True):
        clusters_of[group].add(cluster)
    tied = [group for group, clusters in clusters_of.items() if len(clusters) > 1]
    return {
        "pairs": int(pairs),
        "groups": len(tied),
        "pictures": int(np.isin(duplicates.group, tied).sum()),
    }
