"""Splits read back from disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import datasets
import pytest

from tests.splits.cleaned import make_cleaned, pieces
from vitrina.errors import BadRequest, Conflict
from vitrina.splits.rows import OWN_GROUPS, read_rows
from vitrina.splits.written import COPY, contents, fingerprint, hashes, leaks_of, refuse_leaks, write_sides


def test_a_written_leak_is_found_and_refused(tmp_path: Path) -> None:
    made = pieces({"a": 6}, groups_of=2)
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned")
    sides = {"train": [0, 2, 3, 4, 5], "test": [1]}
    written = write_sides(rows.dataset, sides, copies=[], folder=tmp_path / "out")
    leaks = leaks_of(written, OWN_GROUPS)
    assert (leaks.groups, leaks.pictures) == (1, 2)
    with pytest.raises(Conflict) as refused:
        refuse_leaks(leaks)
    assert str(refused.value) == (
        "Expected a written split in which every group lies on one side; found on two sides: 1, with pictures in "
        "them: 2. Nothing was kept of it; please report this with the collection's reports."
    )


def test_pictures_keep_their_bytes_and_repeats_are_marked(tmp_path: Path) -> None:
    made = pieces({"a": 3, "b": 3})
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned")
    before = sorted(path.name for path in (tmp_path / "cleaned" / "dataset").iterdir())
    sides = {"train": [0, 1, 3], "test": [2, 4, 5]}
    written = write_sides(rows.dataset, sides, copies=[3, 3], folder=tmp_path / "out")
    assert written["train"][COPY][:] == [False, False, False, True, True]
    assert written["test"][COPY][:] == [False, False, False]
    raw = written["train"].cast_column("image", datasets.Image(decode=False))["image"][:]
    assert [one["bytes"] for one in raw] == [made[row].png for row in (0, 1, 3, 3, 3)]
    assert contents(written, OWN_GROUPS) == {
        "train": {"pictures": 3, "rows": 5, "groups": 3, "classes": {"a": 2, "b": 1}},
        "test": {"pictures": 3, "rows": 3, "groups": 3, "classes": {"a": 1, "b": 2}},
    }
    lines = "\n".join(sorted(made[row].pixel_sha256 for row in (0, 1, 3)))
    assert hashes(written)["train"] == hashlib.sha256(lines.encode()).hexdigest()
    # Nothing is cached beside the cleaned collection.
    assert sorted(path.name for path in (tmp_path / "cleaned" / "dataset").iterdir()) == before


def test_the_fingerprint_sees_sides_labels_and_repeats_but_no_order(tmp_path: Path) -> None:
    made = pieces({"a": 2, "b": 2})
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned")

    def of(name: str, sides: dict[str, list[int]], copies: list[int]) -> str:
        return fingerprint(write_sides(rows.dataset, sides, copies=copies, folder=tmp_path / name))

    first = of("1", {"train": [0, 2], "test": [1, 3]}, [])
    assert of("2", {"train": [2, 0], "test": [3, 1]}, []) == first
    assert of("3", {"train": [1, 2], "test": [0, 3]}, []) != first
    assert of("4", {"train": [0, 2], "test": [1, 3]}, [0]) != first
    made[0].label = "b"
    rows = read_rows(make_cleaned(tmp_path / "relabelled", made) / "cleaned")
    assert of("5", {"train": [0, 2], "test": [1, 3]}, []) != first


def test_a_column_of_that_name_is_refused(tmp_path: Path) -> None:
    made = pieces({"a": 2})
    made[0].columns = {COPY: "x"}
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned")
    with pytest.raises(BadRequest) as refused:
        write_sides(rows.dataset, {"train": [0]}, copies=[], folder=tmp_path / "out")
    assert str(refused.value) == (
        "Expected a collection without a column of that name; found balance_copy. "
        "Rename the column in the source, then collect again."
    )
