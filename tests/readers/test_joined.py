"""Rows brought to their pictures, whatever their names look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.readers.item import Remark, Skipped, Value
from vitrina.readers.joined import clean, join
from vitrina.readers.metadata import Row, Table


def table(name: str, *rows: tuple[str, Value] | tuple[str, Value, str | None]) -> Table:
    made = [Row(row[0], row[1], row[2] if len(row) > 2 else None, {}) for row in rows]
    return Table(name, made, [], "label", None)


PICTURES = ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg", "dog/é.jpg", "other/3.jpg"]


@pytest.mark.parametrize(
    ("where", "written", "found"),
    [
        ("m.csv", "cat/1.jpg", "cat/1.jpg"),
        ("m.csv", "./cat//1.jpg", "cat/1.jpg"),
        ("m.csv", "cat\\2.jpg", "cat/2.jpg"),
        ("m.csv", "dog/e\u0301.jpg", "dog/é.jpg"),
        ("m.csv", "cat/../dog/1.jpg", "dog/1.jpg"),
        ("m.csv", "cat/2", "cat/2.jpg"),
        ("m.csv", "3.jpg", "other/3.jpg"),
        ("m.csv", "3", "other/3.jpg"),
        ("dog/m.csv", "1.jpg", "dog/1.jpg"),
        ("dog/m.csv", "dog/1.jpg", "dog/1.jpg"),
        ("dog/m.csv", "../cat/1.jpg", "cat/1.jpg"),
        ("lists/m.csv", "cat/1.jpg", "cat/1.jpg"),
        ("lists/m.csv", "2.jpg", "cat/2.jpg"),
    ],
)
def test_names_that_lead_to_a_picture(where: str, written: str, found: str) -> None:
    joined = join([table(where, (written, "x"))], PICTURES, refused={})
    assert [PICTURES[place] for place in joined.said] == [found]
    assert joined.skipped == []
    assert joined.loosely == (written in ("cat/2", "3.jpg", "3", "2.jpg"))


@pytest.mark.parametrize(
    ("where", "written", "shown", "reason"),
    [
        ("m.csv", "cat/9.jpg", "cat/9.jpg", "no such picture is here"),
        ("m.csv", "1.jpg", "1.jpg", "2 pictures have that name"),
        ("m.csv", "CAT/1.JPG", "CAT/1.JPG", "no such picture is here"),
        ("m.csv", "../cat/1.jpg", "../cat/1.jpg", "it leads out of the folder"),
        ("m.csv", "/cat/1.jpg", "/cat/1.jpg", "it leads out of the folder"),
        ("m.csv", "..\\..\\1.jpg", "..\\..\\1.jpg", "it leads out of the folder"),
        ("m.csv", "C:\\cat\\1.jpg", "C:\\cat\\1.jpg", "it leads out of the folder"),
        ("m.csv", "notes.txt", "notes.txt", "no picture at all"),
        ("cat/m.csv", "3.jpg", "cat/3.jpg", "no such picture is here"),
        ("cat/m.csv", "../../x.jpg", "../../x.jpg", "it leads out of the folder"),
    ],
)
def test_names_that_lead_to_none(where: str, written: str, shown: str, reason: str) -> None:
    joined = join([table(where, (written, "x"))], PICTURES, refused={"notes.txt": "no picture at all"})
    assert joined.said == {}
    assert joined.skipped == [Skipped(shown, f"named in {where}, but {reason}")]
    assert joined.lost == [shown]


def test_a_split_tells_equal_names_apart() -> None:
    pictures = ["a/train/1.jpg", "a/test/1.jpg", "a/test/2.jpg"]
    rows = table("m.json", ("1.jpg", "x", "test"), ("2.jpg", "x", "train"))
    joined = join([rows], pictures, refused={})
    assert list(joined.said) == [1]
    assert joined.lost == ["2.jpg"]


def test_rows_that_contradict_each_other_count_for_neither_but_for_the_strictest_split() -> None:
    one = Table("a.csv", [Row("cat/1.jpg", 1, "train", {"n": "3", "m": "x"})], ["n", "m"], "label", "split")
    two = Table("b.jsonl", [Row("cat/1.jpg", "1", "test", {"n": 3, "m": "y"})], ["n", "m"], "label", "split")
    joined = join([one, two], PICTURES, refused={})
    said = joined.said[0]
    assert (said.label, said.split, said.columns) == (1, "test", {"n": "3", "m": None})
    assert joined.remarks == [
        Remark(
            "cat/1.jpg",
            "named more than once in a.csv, b.jsonl, with another column m, which was left out; "
            "another split, of which the strictest, test, was kept",
        )
    ]
    third = join([one, two, one], PICTURES, refused={}).said[0]
    assert (third.split, third.columns["m"]) == ("test", None)


@pytest.mark.parametrize(
    ("sides", "kept", "differ"),
    [
        (("train", "test"), "test", True),
        (("test", "train"), "test", True),
        (("train", "test", "train"), "test", True),
        (("validation", "train"), "validation", True),
        (("validation", "test", None), "test", True),
        (("train", None, "train"), "train", False),
    ],
)
def test_the_strictest_split_is_kept(sides: tuple[str | None, ...], kept: str, differ: bool) -> None:
    joined = join([table("m.csv", *(("cat/1.jpg", "x", side) for side in sides))], PICTURES, refused={})
    assert (joined.said[0].split, joined.said[0].label) == (kept, "x")
    what = f"named more than once in m.csv, with another split, of which the strictest, {kept}, was kept"
    assert joined.remarks == ([Remark("cat/1.jpg", what)] if differ else [])


def test_control_characters_lead_to_their_own_picture() -> None:
    joined = join([table("m.csv", ("./a\x01.jpg", "x"))], ["a\x01.jpg", "a\x02.jpg"], refused={})
    assert list(joined.said) == [0]


def test_tables_complete_each_other() -> None:
    one = Table("a.csv", [Row("cat/1.jpg", "cat", None, {})], [], "label", None)
    two = Table("b.csv", [Row("cat/1.jpg", None, "test", {"n": "3"})], ["n"], None, "split")
    joined = join([one, two], PICTURES, refused={})
    said = joined.said[0]
    assert (said.label, said.split, said.columns) == ("cat", "test", {"n": "3"})
    assert said.tables == ["a.csv", "b.csv"]
    assert joined.remarks == []


@given(st.text(max_size=40), st.sampled_from(["", "a", "a/b"]))
def test_no_name_leads_out(name: str, base: str) -> None:
    path = clean(name, base)
    assert path is None or (not path.startswith("/") and ".." not in path.split("/"))


@given(st.lists(st.text(alphabet="ab/.é\\", max_size=8), max_size=8))
def test_every_row_is_accounted_for(written: list[str]) -> None:
    joined = join([table("m.csv", *((name, "x") for name in written))], PICTURES, refused={})
    assert len(joined.lost) == len(joined.skipped)
    named = sum(name not in joined.lost for name in written)
    assert len(joined.said) <= named <= len(written)
