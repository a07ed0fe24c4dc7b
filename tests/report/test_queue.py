"""What the review page carries."""

from __future__ import annotations

import json

from tests.report.made import BOLD, END, TRICK, Reports
from vitrina.report.found import Found, read_work
from vitrina.report.page import embedded
from vitrina.report.queue import CLASS_KEYS, pictures_of, review_data


def test_lines_come_in_their_rank_with_their_partners(found: Found) -> None:
    data = review_data(found, limit=100)
    assert [item["file"] for item in data["items"]] == [line["file_name"] for line in found.queue]
    assert data["total"] == 6
    assert data["fingerprint"] == found.collected["fingerprint"]
    conflict = data["items"][0]
    assert [(one["file"], one["label"]) for one in conflict["partners"]] == [("metal/torn.png", "metal")]
    assert conflict["partners"][0]["id"] == conflict["id"]
    assert data["items"][4]["file"] == f"metal/{TRICK}"


def test_the_page_says_out_of_how_many(found: Found) -> None:
    data = review_data(found, limit=2)
    assert (len(data["items"]), data["total"]) == (2, 6)
    assert data["kinds"] == ["label_conflict", "label_error"]


def test_classes_have_keys_that_are_not_taken(found: Found) -> None:
    classes = review_data(found, limit=1)["classes"]
    assert [(one["name"], one["key"]) for one in classes] == [(BOLD, "1"), ("glass", "2"), ("metal", "3")]
    assert not set(CLASS_KEYS) & set("kru?/")
    assert len(set(CLASS_KEYS)) == len(CLASS_KEYS)


def test_classes_beyond_the_keys_have_none(reports: Reports) -> None:
    names = [f"class {number:02}" for number in range(40)]
    report = {**reports.collected, "class_names": names}
    reports.write("collected/collect_report.json", report)
    classes = review_data(read_work(reports.work), limit=1)["classes"]
    assert [one["key"] for one in classes].count(None) == 40 - len(CLASS_KEYS)


def test_a_decision_that_was_applied_is_told(reports: Reports) -> None:
    reports.clean([reports.line("metal/6.png", {"dark": "grey 9"})])
    item = review_data(read_work(reports.work), limit=10)["items"][0]
    assert item["before"] == {
        "kind": "relabel",
        "label": "glass",
        "annotator": "Ana",
        "made": "2026-01-02T03:04:05Z",
    }
    assert item["label"] == "glass"


def test_pictures_are_those_of_lines_and_partners(found: Found) -> None:
    data = review_data(found, limit=2)
    expected = {"glass/2.png", "glass/3.png", "metal/3.png"}
    assert pictures_of(data) == sorted(found.survey["picture_id"][found.survey["file_name"].isin(expected)])


def test_embedded_json_ends_no_element_and_survives(found: Found) -> None:
    data = {"hostile": END + "<!-- &amp; \u2028", **review_data(found, limit=10)}
    text = embedded(data)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == data
