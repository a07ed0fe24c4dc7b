from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from vitrina.cleaning.plan import Plan, Removed, plan
from vitrina.cleaning.report import clean_figures
from vitrina.doubts.decisions import Decision
from vitrina.duplicates.found import Duplicates, Pair

WHEN = "2026-03-01T12:00:00+00:00"


def survey(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "label": "a",
        "official_split": None,
        "width": 100,
        "height": 80,
        "sharpness": 10.0,
        "bytes": 1000,
    }
    named = [
        {"picture_id": f"id{i}", "pixel_sha256": f"px{i}", "file_name": f"{i}.jpg"} for i in range(len(rows))
    ]
    return pd.DataFrame([name | usual | row for name, row in zip(named, rows, strict=True)], dtype=object)


def found(
    cluster: list[int], *, group: list[int] | None = None, keep: list[bool] | None = None
) -> Duplicates:
    pairs = [
        Pair(i, j, "related", "one scene", 3, 0.9)
        for i in range(len(cluster))
        for j in range(i + 1, len(cluster))
        if group is not None and group[i] == group[j] and cluster[i] != cluster[j]
    ]
    return Duplicates(
        pairs=pairs,
        cluster=np.array(cluster),
        group=np.array(group or cluster),
        keep=np.array(keep or [True] * len(cluster)),
    )


def decision(picture: str, kind: str, label: str | None = None) -> dict[str, Decision]:
    return {picture: Decision(picture, kind, label, "ana", WHEN, "a")}


def test_what_the_search_would_keep_stays() -> None:
    three = survey({}, {"width": 900}, {"sharpness": 99.0})
    made = plan(three, found([0, 0, 0], keep=[False, False, True]), {}, reach="near")
    assert made.removed == [Removed(0, "near_duplicate", 2), Removed(1, "near_duplicate", 2)]
    assert made.kept == [2]


def test_larger_then_sharper_where_the_search_says_nothing() -> None:
    three = survey({"pixel_sha256": "p"}, {"pixel_sha256": "p", "sharpness": 11.0}, {"pixel_sha256": "p"})
    made = plan(three, found([0, 0, 0]), {}, reach="exact")
    assert [(one.row, one.reason, one.of) for one in made.removed] == [
        (0, "exact_duplicate", 1),
        (2, "exact_duplicate", 1),
    ]


def test_decisions_come_before_copies() -> None:
    two = survey({"width": 900}, {})
    gone = plan(two, found([0, 0], keep=[True, False]), decision("id0", "remove"), reach="near")
    assert gone.removed == [Removed(0, "decided")]
    kept = plan(two, found([0, 0], keep=[True, False]), decision("id1", "keep"), reach="near")
    assert kept.removed == [Removed(0, "near_duplicate", 1)]
    both = decision("id0", "keep") | decision("id1", "keep")
    assert plan(two, found([0, 0], keep=[True, False]), both, reach="near").removed == []


def test_keeping_a_file_of_two_classes_settles_its_label() -> None:
    twice = survey(
        {"picture_id": "x", "pixel_sha256": "p"}, {"picture_id": "x", "pixel_sha256": "p", "label": "b"}
    )
    made = plan(twice, found([0, 0]), decision("x", "keep", "b"), reach="near")
    assert (made.labels, made.relabelled, made.conflicts) == (["b", "b"], [0], [])
    assert made.removed == [Removed(1, "exact_duplicate", 0)]
    strange = plan(twice, found([0, 0]), decision("x", "keep", "never seen"), reach="near")
    assert strange.labels == ["a", "b"]


def test_a_new_label_settles_a_conflict() -> None:
    torn = survey({}, {"label": "b"})
    assert plan(torn, found([0, 0]), {}, reach="near") == Plan(["a", "b"], [], [], [[0, 1]])
    settled = plan(torn, found([0, 0], keep=[True, False]), decision("id1", "relabel", "a"), reach="near")
    assert settled == Plan(["a", "a"], [1], [Removed(1, "near_duplicate", 0)], [])


def test_figures_add_up() -> None:
    rows = survey({}, {"pixel_sha256": "px0"}, {}, {"label": "b"}, {"label": None}, {}, {"label": "b"})
    duplicates = found(
        [0, 0, 0, 1, 2, 3, 3], group=[0, 0, 0, 1, 1, 3, 3], keep=[True, False, False, *[True] * 4]
    )
    made = plan(rows, duplicates, decision("id3", "remove"), reach="near")
    collected = {"counts": {"quarantined": 2}, "class_names": ["a", "b", "c"]}
    figures = clean_figures(rows, duplicates, made, collected=collected)
    assert figures["counts"] == {
        "original": 9,
        "quarantined": 2,
        "pictures": 7,
        "exact_duplicates": 1,
        "near_duplicates": 1,
        "relabelled": 0,
        "irrelevant": 1,
        "final": 4,
    }
    assert figures["classes"] == {"before": {"a": 4, "b": 2, "c": 0}, "after": {"a": 2, "b": 1, "c": 0}}
    assert [(c["kind"], c["conflict"], [p["kept"] for p in c["pictures"]]) for c in figures["clusters"]] == [
        ("near", False, [True, False, False]),
        ("near", True, [True, True]),
    ]
    assert [(one["picture_id"], one["reason"], one["of"]) for one in figures["removed"]] == [
        ("id1", "exact_duplicate", "id0"),
        ("id2", "near_duplicate", "id0"),
        ("id3", "decided", None),
    ]
    assert figures["related"] == {"pairs": 1, "groups": 1, "pictures": 2}


def test_a_file_of_two_classes_goes_from_the_one_where_it_was_removed() -> None:
    twice = survey(
        {"picture_id": "x", "pixel_sha256": "p"}, {"picture_id": "x", "pixel_sha256": "p", "label": "b"}
    )
    made = plan(twice, found([0, 0]), decision("x", "remove"), reach="near")  # Seen with the label a.
    assert (made.removed, made.conflicts) == ([Removed(0, "decided")], [])
    elsewhere = {"x": Decision("x", "remove", None, "ana", WHEN, None)}
    assert [one.row for one in plan(twice, found([0, 0]), elsewhere, reach="near").removed] == [0, 1]
