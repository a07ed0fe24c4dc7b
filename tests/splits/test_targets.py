"""Columns of numbers where there is no class."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.splits.cleaned import Piece, make_cleaned
from training.__main__ import main
from vitrina.errors import BadRequest
from vitrina.splits import SplitRequest
from vitrina.splits.plan import make_plan
from vitrina.splits.rows import read_rows
from vitrina.splits.targets import NONE, Targets, strata
from vitrina.splits.written import contents, fingerprint, write_sides

USUAL = SplitRequest({"train": 0.7, "validation": 0.15, "test": 0.15}, seed=0)


def told(seed: int, smooth: str | None, disk: str | None, label: str | None = None) -> Piece:
    return Piece(seed, label, seed, None, {"smooth": smooth, "disk": disk})


def refusal(work: Path, *targets: str) -> str:
    with pytest.raises(BadRequest) as refused:
        read_rows(work / "cleaned", targets=targets)
    return str(refused.value)


def test_the_highest_target_stands_for_a_label(tmp_path: Path) -> None:
    made = [
        told(0, "0.2", "0.8"),
        told(1, "1", "1"),  # Of equals the first.
        told(2, "0", "0"),
        told(3, "0.4", None),
        told(4, "", "0.1"),
        told(5, "0.1", "0.9", label="a"),
        told(6, None, None, label="a"),
    ]
    removed = [{"picture_id": "ff", "file_name": "x.png", "label": None, "of": made[0].picture_id}]
    rows = read_rows(make_cleaned(tmp_path, made, removed=removed) / "cleaned", targets=["smooth", "disk"])
    assert rows.label == ["disk", "smooth", NONE, None, None, "a", "a"]
    assert rows.own_label == [None] * 5 + ["a", "a"]
    assert rows.targets is not None
    assert rows.targets.told(0) == [0.2, 0.8]
    assert rows.targets.told(3) is None
    assert rows.copies[0].label == "disk"
    assert read_rows(tmp_path / "cleaned").label == [None] * 5 + ["a", "a"]


def test_what_is_no_number_or_not_there_is_told(tmp_path: Path) -> None:
    made = [told(0, "0.2", "much"), told(1, None, "inf"), told(2, None, "0.5")]
    work = make_cleaned(tmp_path, made)
    assert refusal(work, "disk") == (
        "Expected numbers, or nothing, in the target column disk; found 'much' for pile/0.png. "
        "Correct the table and collect again, or name another column."
    )
    made[0].columns["disk"] = "0.5"
    assert "found 'inf' for pile/1.png" in refusal(make_cleaned(tmp_path / "2", made), "disk")
    assert refusal(work, "smooth", "spiral", "label") == (
        "Expected --targets with columns among disk, smooth; found spiral, label. "
        "Name columns that came with the pictures, or collect them with a table that has these."
    )
    assert refusal(work, "smooth", "smooth") == (
        "Expected --targets with each column once; found smooth twice. Name it once."
    )
    empty = make_cleaned(tmp_path / "3", [told(0, "0.2", None), told(1, None, "1", label="a")])
    assert refusal(empty, "smooth", "disk") == (
        "Expected pictures with a number in each of smooth, disk; found none among 2. "
        "Name other columns with --targets, or fill these in and collect again."
    )


def test_the_plan_has_each_target_on_every_side_and_names_who_is_out(tmp_path: Path) -> None:
    made = [told(n, *(("0.9", "0.1") if n < 40 else ("0.2", "0.7"))) for n in range(60)]
    made += [told(60, "0.9", None)]
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned", targets=["smooth", "disk"])
    plan = make_plan(rows, USUAL)
    counted = Counter(zip(plan.sides, rows.label, strict=True))
    assert counted == {
        ("train", "smooth"): 28,
        ("train", "disk"): 14,
        ("validation", "smooth"): 6,
        ("validation", "disk"): 3,
        ("test", "smooth"): 6,
        ("test", "disk"): 3,
        (None, None): 1,
    }
    (out,) = plan.left_out
    assert (out.row, out.reason) == (60, "no label, and no number in every target")


def test_a_rare_highest_target_stops_no_split(tmp_path: Path) -> None:
    """A class must lie on every side; a number is there in every picture, whichever is the highest."""
    made = [told(n, "0.9", "0.1") for n in range(20)] + [told(20, "0.1", "0.2"), told(21, "0", "0")]
    made[7].official = "test"
    work = make_cleaned(tmp_path, made)
    for official in ("ignore", "keep"):
        rows = read_rows(work / "cleaned", targets=["smooth", "disk"])
        plan = make_plan(rows, USUAL, official=official)  # type: ignore[arg-type]
        assert None not in plan.sides
        assert set(plan.sides) == {"train", "validation", "test"}


def test_rare_targets_give_way_to_the_next_then_to_the_largest_class() -> None:
    labels = ["a"] * 6 + ["b"] * 3 + [None] * 5
    values = np.full((14, 2), np.nan)
    values[9:] = [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.3, 0.6], [0.3, 0.6]]
    groups = np.arange(14)
    targets = Targets(("x", "y"), values)
    dealt = strata(labels, targets, groups=groups, rows=range(14), sides=3)
    assert dealt[9:] == ["x"] * 5
    dealt = strata(labels, targets, groups=np.where(groups < 9, groups, 9), rows=range(14), sides=3)
    assert dealt[9:] == ["a"] * 5
    alone = Targets(("x", "y"), values[9:])
    assert strata([None] * 5, alone, groups=np.zeros(5), rows=range(5), sides=3) == ["x"] * 5


def test_digest_and_fingerprint_see_the_targets(tmp_path: Path) -> None:
    def both(name: str, made: list[Piece], *targets: str) -> tuple[str, str]:
        rows = read_rows(make_cleaned(tmp_path / name, made) / "cleaned", targets=targets)
        written = write_sides(rows.dataset, {"train": [0, 1]}, copies=[], folder=tmp_path / f"{name}.out")
        return rows.digest(), fingerprint(written, targets=targets)

    made = [told(0, "0.2", "0.8"), told(1, "0.3", "0.7")]
    first, turned = both("1", made, "smooth", "disk"), both("2", made, "disk", "smooth")
    made[0].columns["smooth"] = "0.25"
    other = both("3", made, "smooth", "disk")
    assert len({first[0], turned[0], other[0]}) == len({first[1], turned[1], other[1]}) == 3


def test_contents_of_pictures_without_any_label(tmp_path: Path) -> None:
    made = [told(0, "0.2", "0.8"), told(1, "0.6", "0.4"), told(2, "0", "0")]
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned", targets=["smooth", "disk"])
    bare: Any = rows.dataset.remove_columns("label")
    written = write_sides(bare, {"train": [0, 2], "test": [1]}, copies=[0], folder=tmp_path / "out")
    assert contents(written, ["picture_id"], targets=["smooth", "disk"]) == {
        "train": {
            "pictures": 2,
            "rows": 3,
            "groups": 2,
            "classes": {"smooth": 0, "disk": 1, NONE: 1},
            "targets": {"smooth": {"n": 2, "mean": 0.1}, "disk": {"n": 2, "mean": 0.4}},
        },
        "test": {
            "pictures": 1,
            "rows": 1,
            "groups": 1,
            "classes": {"smooth": 1, "disk": 0, NONE: 0},
            "targets": {"smooth": {"n": 1, "mean": 0.6}, "disk": {"n": 1, "mean": 0.4}},
        },
    }
    assert Targets(("x",), np.full((2, 1), np.nan)).figures([0, 1]) == {"x": {"n": 0, "mean": None}}


def test_other_targets_are_another_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = [told(n, f"{n / 20}", f"{1 - n / 20}") for n in range(20)]
    work = make_cleaned(tmp_path, made)
    assert main(["split", str(work)]) == 2
    assert "Expected pictures with a label; found none among 20. Label some pictures" in capsys.readouterr().err
    for again in (False, True):
        assert main(["split", str(work), "--targets", "smooth", "disk"]) == 0
        said = capsys.readouterr().out
        assert ("the same split was made before" in said) is again
        assert "targets    smooth, disk; a picture without a label counts as one of its highest\n" in said
    assert main(["split", str(work), "--targets", "smooth"]) == 0
    assert "the same split was made before" not in capsys.readouterr().out
    report = json.loads((work / "split" / "split_report.json").read_text(encoding="utf-8"))
    assert report["settings"]["targets"] == ["smooth"]
    assert report["totals"]["classes"] == {"smooth": 19, NONE: 1}
