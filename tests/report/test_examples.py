"""Examples show what happened, out of how many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.report.made import BOLD, END, Reports, usual_queue
from vitrina.doubts.doubt import KINDS
from vitrina.report.examples import (
    MOST_COPIES,
    leaks,
    partner_rows,
    pictures_of,
    problems,
    quarantined,
    reasons_for,
    relabelled,
    why_kept,
)
from vitrina.report.found import Found, read_work
from vitrina.report.words import words


def by_kind(found: Found, limit: int = 12) -> dict[str, object]:
    return {problem.kind: problem for group in problems(found, limit=limit).values() for problem in group}


def test_copies_show_the_kept_one_first_with_the_reason(found: Found) -> None:
    near = by_kind(found)["near"]
    assert near.total == 1
    (example,) = near.examples
    assert [(one.file_name, one.status) for one in example.pictures] == [
        ("glass/1.png", "kept"),
        ("glass/small.png", "out"),
    ]
    assert example.why == "why.largest"
    assert example.pictures[0].sharpness is not None


def test_a_conflict_keeps_both_until_somebody_decides(found: Found) -> None:
    conflict = by_kind(found)["label_conflict"]
    assert conflict.total == 1
    (example,) = conflict.examples
    assert [(one.label, one.status) for one in example.pictures] == [("glass", "stays"), ("metal", "stays")]
    assert example.why == "why.conflict"


def test_copies_that_were_left_in_are_not_called_kept(reports: Reports) -> None:
    cluster = reports.cluster("near", ["glass/1.png", "glass/small.png"])
    for one in cluster["pictures"]:
        one["kept"] = True
    reports.clean([], clusters=[cluster])
    (example,) = by_kind(read_work(reports.work))["near"].examples
    assert [one.status for one in example.pictures] == ["stays", "stays"]
    assert example.why == "why.left"


def test_a_large_cluster_says_how_many_more(reports: Reports) -> None:
    names = [f"glass/{number}.png" for number in range(8)]
    reports.clean([], clusters=[reports.cluster("near", names)])
    (example,) = by_kind(read_work(reports.work))["near"].examples
    assert len(example.pictures) == MOST_COPIES
    assert example.more == 8 - MOST_COPIES


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, "why.best"),
        ({"sharpness": 1e9}, "why.sharpest"),
        ({"width": 9999, "sharpness": 0.0}, "why.largest"),
        ({"width": 9999, "label": "glass"}, "why.largest"),
    ],
)
def test_why_follows_the_order_of_choice(found: Found, change: dict[str, object], why: str) -> None:
    assert found.cleaned is not None
    kept, other = (dict(one) for one in found.cleaned["clusters"][1]["pictures"])
    other |= {"width": kept["width"], "height": kept["height"], "sharpness": kept["sharpness"]}
    assert why_kept(found, "near", [kept | change, other]) == why


def test_a_label_or_an_official_test_part_comes_before_size(found: Found) -> None:
    assert found.cleaned is not None
    kept, other = found.cleaned["clusters"][1]["pictures"]
    assert why_kept(found, "near", [kept, other | {"label": None}]) == "why.labelled"
    survey = found.survey.copy()
    survey.loc[found.row_of(kept["picture_id"], kept["file_name"]), "official_split"] = "test"
    pile = type("Pile", (), {"survey": survey})()
    assert why_kept(replace(found, pile=pile), "near", [kept, other]) == "why.in_test"


def test_doubts_are_limited_and_counted(reports: Reports) -> None:
    queue = [reports.line(f"glass/{number}.png", {"dark": f"grey {number}"}) for number in range(5)]
    reports.clean(queue)
    dark = by_kind(read_work(reports.work), limit=2)["dark"]
    assert (dark.total, len(dark.examples)) == (5, 2)
    assert dark.examples[0].reasons == ("grey 0",)


def test_a_line_with_two_reasons_shows_each_where_it_belongs(found: Found) -> None:
    line = next(line for line in found.queue if line["file_name"] == "metal/4.png")
    assert reasons_for(line, "dark") == ("mean grey level 9",)
    assert reasons_for(line, "label_error") == (END,)
    assert reasons_for({**line, "reasons": ["one for all"]}, "dark") == ("one for all",)


def test_a_suggestion_stands_with_its_partners(found: Found) -> None:
    doubt = by_kind(found)["label_error"]
    first, second = doubt.examples
    assert [(one.file_name, one.status) for one in first.pictures] == [
        ("glass/3.png", "doubt"),
        ("metal/3.png", "partner"),
    ]
    assert (first.suggestion, second.suggestion) == ("metal", BOLD)


def test_the_same_file_under_two_labels_is_its_own_partner(found: Found) -> None:
    line = found.queue[0]
    rows = partner_rows(found, line)
    assert [(found.file_names[row], found.labels[row]) for row in rows] == [("metal/torn.png", "metal")]


def test_the_same_file_twice_is_one_partner(reports: Reports) -> None:
    reports.clean(
        [reports.line("metal/1.png", {"outlier": "far"}, partners=["glass/0.png", "glass/copy.png"])]
    )
    found = read_work(reports.work)
    assert len(partner_rows(found, found.queue[0])) == 1


def test_unreadable_files_come_by_reason(found: Found) -> None:
    (one,) = quarantined(found, limit=12)
    assert (one.reason, one.total) == ("truncated", 1)
    assert one.files[0]["file_name"] == "metal/broken.png"


def test_unreadable_files_are_limited_and_ranked(found: Found) -> None:
    told = [{"reason": reason, "file_name": str(n)} for n, reason in enumerate(["empty", *["corrupt"] * 4])]
    ranked = quarantined(replace(found, collected={**found.collected, "quarantined": told}), limit=3)
    assert [(one.reason, one.total, len(one.files)) for one in ranked] == [("corrupt", 4, 3), ("empty", 1, 1)]


def test_decisions_show_the_label_as_collected(found: Found) -> None:
    decided = relabelled(found, limit=12)
    assert decided.total == 2
    last, first = decided.examples
    assert (last.why, last.suggestion) == ("decided.remove", None)
    assert (first.why, first.suggestion, first.pictures[0].label) == ("decided.relabel", "glass", "metal")
    assert first.reasons == ("Ana",)


def test_an_undo_takes_the_decision_before_back(reports: Reports) -> None:
    events = [
        reports.event("metal/6.png", kind, label) for kind, label in (("relabel", "glass"), ("undo", None))
    ]
    reports.clean([], decided=events)
    found = read_work(reports.work)
    assert found.decisions == {}
    assert [example.why for example in relabelled(found, limit=12).examples] == [
        "decided.undo",
        "decided.relabel",
    ]


def test_leaks_say_on_which_side_each_picture_was(found: Found) -> None:
    before = leaks(found, "before", limit=12)
    assert before.total == 2
    assert [one.status for one in before.examples[0].pictures] == ["side.train", "side.test"]
    assert leaks(found, "after", limit=12).total == 0


def test_only_what_is_shown_becomes_a_thumbnail(reports: Reports) -> None:
    reports.clean(usual_queue(reports))
    found = read_work(reports.work)
    shown = pictures_of(one for group in problems(found, limit=12).values() for one in group)
    assert shown == sorted(set(shown))
    assert reports.rows[f"{BOLD}/0.png"]["picture_id"] not in shown
    assert reports.rows["glass/1.png"]["picture_id"] in shown


def test_nothing_was_looked_for_before_cleaning(collected_work: Path) -> None:
    found = read_work(collected_work)
    assert {problem.not_looked for problem in by_kind(found).values()} == {"cleaning has not run"}


def test_every_kind_of_doubt_has_its_place_and_its_words(found: Found) -> None:
    assert set(by_kind(found)) - {"bytes", "pixels", "near"} == set(KINDS)
    for section in ("kind", "kind_note"):
        assert {f"{section}.{kind}" for kind in (*KINDS, "unknown")} == {
            f"{section}.{name}" for name in words("en")[section]
        }
