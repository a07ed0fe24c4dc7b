"""Decisions: read, appended once, folded in order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.doubts.decisions import Decision, append_decisions, fold, read_annotations, read_decisions
from vitrina.errors import BadRequest, NotFound

GOOD = {
    "picture_id": "aa",
    "kind": "relabel",
    "label": "dog",
    "annotator": "Ana",
    "made": "2026-03-01T18:30:00.250Z",
    "replaces": "cat",
}
AT = "2026-03-01T18:30:00+00:00"
EVENTS = st.lists(
    st.builds(
        Decision,
        picture_id=st.sampled_from(["aa", "bb"]),
        kind=st.sampled_from(["keep", "remove", "undo"]),
        label=st.none(),
        annotator=st.sampled_from(["Ana", "Ben"]),
        made=st.sampled_from([f"2026-03-0{day}T00:00:00+00:00" for day in range(1, 8)]),
    ),
    unique=True,
    max_size=12,
)


def event(picture_id: str, kind: str, day: int, label: str | None = None) -> Decision:
    return Decision(picture_id, kind, label, "Ana", f"2026-03-{day:02}T00:00:00+00:00")


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_both_formats_give_the_same_events(tmp_path: Path) -> None:
    told = lines(tmp_path / "d.jsonl", GOOD, GOOD | {"kind": "remove", "label": None, "file_name": "a.jpg"})
    table = tmp_path / "d.csv"
    text = (
        "picture_id,kind,label,annotator,made,replaces,note\r\n"
        "aa,relabel,dog,Ana,2026-03-01T19:30:00.250+01:00,cat,sure\r\n"
        "aa,remove,,Ana,2026-03-01T18:30:00.250Z,cat,\r\n"
    )
    table.write_bytes(b"\xef\xbb\xbf" + text.encode())
    expected = [
        Decision("aa", "relabel", "dog", "Ana", "2026-03-01T18:30:00.250000+00:00", "cat"),
        Decision("aa", "remove", None, "Ana", "2026-03-01T18:30:00.250000+00:00", "cat"),
    ]
    assert read_decisions(told) == read_decisions(table) == expected
    assert read_decisions(told, picture_ids={"aa"}, class_names=["cat", "dog"]) == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"kind": "delete"},
            "Expected one of the kinds keep, remove, relabel, undo in line 2 of d.jsonl; found 'delete'. "
            "Write one of those.",
        ),
        (
            {"annotator": " "},
            "Expected an annotator in line 2 of d.jsonl; found none. "
            "Write who decided, so that it can be asked about later.",
        ),
        (
            {"label": None},
            "Expected the new label in line 2 of d.jsonl; found an empty name. Write the label that is right.",
        ),
        (
            {"picture_id": None},
            "Expected a picture_id in line 2 of d.jsonl; found none. "
            "Copy it from review_queue.jsonl, or from the report.",
        ),
        (
            {"made": "2026-03-01"},
            "Expected a moment with its time zone as made in line 2 of d.jsonl; found '2026-03-01'. "
            "Write it like 2026-03-01T18:30:00Z, a different one for each decision on a picture.",
        ),
        (
            {"made": None},
            "Expected a moment with its time zone as made in line 2 of d.jsonl; found none. "
            "Write it like 2026-03-01T18:30:00Z, a different one for each decision on a picture.",
        ),
        (
            {"label": 3},
            "Expected text as label in line 2 of d.jsonl; found 3. Put it in quotation marks.",
        ),
        (
            {"picture_id": "zz"},
            "Expected pictures of this collection; found zz (line 2). "
            "Decide on the pictures of this working folder, or collect those first.",
        ),
        (
            {"label": "yak"},
            "Expected labels among cat, dog; found yak (line 2). "
            "Choose a known label, or add the class to the collection first.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = lines(tmp_path / "d.jsonl", GOOD, GOOD | change)
    with pytest.raises(BadRequest) as refused:
        read_decisions(path, picture_ids={"aa"}, class_names=["cat", "dog"])
    assert str(refused.value) == said


def test_all_unknown_pictures_are_counted_five_named(tmp_path: Path) -> None:
    path = lines(tmp_path / "d.jsonl", *[GOOD | {"picture_id": f"p{n}"} for n in range(8)])
    with pytest.raises(BadRequest, match=r"found p0 \(line 1\), .*p4 \(line 5\) and 3 more\. "):
        read_decisions(path, picture_ids={"aa"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "d.txt",
            b"",
            "Expected decisions in a .jsonl or .csv file; found d.txt. Save them as one of the two.",
        ),
        ("d.csv", b"\xff\xfe", "Expected UTF-8 text in d.csv; found another byte at 0. Save it as UTF-8."),
        (
            "d.jsonl",
            b"\n[1]\n",
            "Expected a JSON object in line 2 of d.jsonl; found '[1]'. Correct that line, or take it out.",
        ),
        (
            "d.csv",
            b"picture_id,kind\naa,keep\n",
            "Expected a first line of d.csv with the columns picture_id, kind, label, annotator, made; "
            "found none called annotator, made. Add the first line with those names.",
        ),
    ],
)
def test_files_that_hold_no_decisions(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadRequest) as refused:
        read_decisions(tmp_path / name)
    assert str(refused.value) == said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"found no such file\. Check the name\."):
        read_decisions(tmp_path / "d.csv")
    assert read_annotations(tmp_path / "annotations.jsonl") == []


def test_later_wins_undo_takes_back_one(tmp_path: Path) -> None:
    first, second = event("aa", "relabel", 1, "dog"), event("aa", "remove", 2)
    assert fold([first, second]) == {"aa": second}
    undone = [first, second, event("aa", "undo", 3)]
    assert fold(undone) == {"aa": first}
    assert fold([*undone, event("aa", "undo", 4)]) == {}
    assert fold([event("aa", "undo", 1), first]) == {"aa": first}
    # The order of the file decides, not the clocks.
    assert fold([second, first]) == {"aa": first}


@given(EVENTS, EVENTS)
def test_fold_respects_order_and_pictures_do_not_touch_one_another(
    before: list[Decision], after: list[Decision]
) -> None:
    both = list(dict.fromkeys([*before, *after]))
    whole = fold(both)
    assert list(whole) == sorted(whole)
    for picture_id in ("aa", "bb"):
        alone = [one for one in both if one.picture_id == picture_id]
        assert fold(alone).get(picture_id) == whole.get(picture_id)
        if alone and alone[-1].kind != "undo":
            assert whole[picture_id] == alone[-1]
    # Told again in the same order, nothing changes.
    assert fold([*both, *both]) == whole


@given(EVENTS)
def test_an_undo_at_the_end_takes_back_exactly_the_last(before: list[Decision]) -> None:
    late = Decision("aa", "keep", None, "Cy", "2027-01-01T00:00:00+00:00")
    undo = Decision("aa", "undo", None, "Cy", "2027-01-02T00:00:00+00:00")
    assert fold([*before, late, undo]) == fold(before)


def test_appending_twice_is_appending_once(tmp_path: Path) -> None:
    annotations = tmp_path / "annotations.jsonl"
    events = [event("aa", "relabel", 1, "perro ñ"), event("bb", "remove", 2)]
    assert append_decisions(annotations, events) == 2
    before = annotations.read_bytes()
    assert append_decisions(annotations, events) == 0
    assert annotations.read_bytes() == before
    later = [*events, event("aa", "undo", 3), event("aa", "undo", 3)]
    assert append_decisions(annotations, later) == 1
    assert annotations.read_bytes().startswith(before)
    assert read_annotations(annotations) == later[:3]
    assert [path.name for path in tmp_path.iterdir()] == ["annotations.jsonl"]


def test_appending_keeps_what_was_there_byte_for_byte(tmp_path: Path) -> None:
    annotations = tmp_path / "annotations.jsonl"
    annotations.write_text(json.dumps(GOOD | {"note": "kept"}), encoding="utf-8")
    append_decisions(annotations, [event("bb", "keep", 2)])
    first, second = annotations.read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["note"] == "kept"
    assert json.loads(second)["picture_id"] == "bb"


def test_nothing_to_append_still_makes_the_file(tmp_path: Path) -> None:
    assert append_decisions(tmp_path / "annotations.jsonl", []) == 0
    assert (tmp_path / "annotations.jsonl").read_bytes() == b""


def test_a_spoiled_file_of_annotations_is_left_as_it_is(tmp_path: Path) -> None:
    annotations = tmp_path / "annotations.jsonl"
    annotations.write_bytes(b'{"picture_id": "a')
    with pytest.raises(BadRequest, match=r"line 1 of annotations\.jsonl"):
        append_decisions(annotations, [event("bb", "keep", 2)])
    assert annotations.read_bytes() == b'{"picture_id": "a'
