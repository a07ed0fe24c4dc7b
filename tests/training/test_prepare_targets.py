"""python -m training prepare, on pictures that have numbers instead of a class."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_prepare import jpeg, prepare, report, scene
from training.__main__ import main
from vitrina.learning.sides import open_sides


def pile(folder: Path) -> Path:
    """24 pictures; smooth, disk from 0 to 1, ring, bar 0 or 1; picture 5 lacks smooth."""
    folder.mkdir()
    lines = ["file_name,smooth,disk,ring,bar"]
    for n in range(24):
        (folder / f"{n:02}.jpg").write_bytes(jpeg(scene(700 + n)))
        smooth, disk, ring, bar = numbers(n)
        lines.append(f"{n:02}.jpg,{'' if n == 5 else smooth},{disk},{ring},{bar}")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def numbers(n: int) -> tuple[float, float, int, int]:
    return round(n / 24, 3), round(1 - n / 24, 3), n % 2, int(n % 3 == 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("targets")
    prepare(pile(base / "pile"), base / "work", "--targets", "smooth", "disk")
    return base / "pile", base / "work"


def test_numbers_go_from_the_table_to_training(made: tuple[Path, Path]) -> None:
    sides = open_sides(made[1], task="regression", targets=["smooth", "disk"])
    seen = []
    for name in ("train", "validation", "test"):
        side = sides[name]
        assert side.skipped == 0
        for row, file_name in enumerate(side.file_name):
            n = int(file_name.removesuffix(".jpg"))
            seen.append(n)
            np.testing.assert_allclose(side.targets[row], numbers(n)[:2], atol=1e-6)
    assert sorted(seen) == [n for n in range(24) if n != 5]
    assert [len(sides[name]) for name in ("train", "validation", "test")] == [16, 4, 3]
    out = report(made[1], "split")["left_out"]
    assert [(one["file_name"], one["reason"]) for one in out] == [
        ("05.jpg", "no label, and no number in every target")
    ]


def test_report_and_card_tell_of_targets_without_a_class(made: tuple[Path, Path]) -> None:
    work = made[1]
    counts = report(work, "split")["counts"]
    card = (work / "card" / "README.md").read_text(encoding="utf-8")
    shown = [counts[side]["targets"]["smooth"]["mean"] for side in ("train", "validation", "test")]
    assert "| target | mean in train | mean in validation | mean in test |\n| --- | ---: | ---: | ---: |\n" in card
    assert f"| smooth | {' | '.join(map(str, shown))} |\n" in card
    assert "A picture without a label counts as the highest of its targets, of equals as the first." in card
    assert "- The smallest class, or highest target, is disk: 11.\n" in card
    page = (work / "report" / "index.html").read_text(encoding="utf-8")
    assert "A picture without a label counts as the highest of its targets: <bdi>smooth, disk</bdi>." in page
    assert "It has no label, and not a number for every target." in page


def test_columns_of_0_and_1_become_several_classes(made: tuple[Path, Path]) -> None:
    source, work = made
    prepare(source, work, "--targets", "ring", "bar")
    sides = open_sides(work, task="multi_label", targets=["ring", "bar"])
    pairs = {
        int(file_name[:2]): side.label(row)
        for side in sides.sides.values()
        for row, file_name in enumerate(side.file_name)
    }
    assert pairs == {n: [name for name, k in (("ring", 2), ("bar", 3)) if numbers(n)[k]] for n in range(24)}
    # 12 with a ring, and of the others 4 with a bar, 8 with neither.
    totals = report(work, "split")["totals"]["classes"]
    assert totals == {"ring": 12, "bar": 4, "none of the targets": 8}


def test_corrected_numbers_are_another_split(made: tuple[Path, Path], tmp_path: Path) -> None:
    source, work = (shutil.copytree(folder, tmp_path / folder.name) for folder in made)
    assert main(["split", str(work), "--targets", "smooth", "disk"]) == 0
    before = report(work, "split")
    table = source / "metadata.csv"
    table.write_text(table.read_text("utf-8").replace("00.jpg,0.0,", "00.jpg,0.125,"), encoding="utf-8")
    prepare(source, work, "--targets", "smooth", "disk", "--overwrite")
    after = report(work, "split")
    assert after["hashes"] == before["hashes"]
    assert after["fingerprint"] != before["fingerprint"]


def test_a_column_that_is_not_there(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, work = made
    told = ["prepare", str(source), "--output_dir", str(work), "--license", "mit", "--backbone", "none"]
    assert main([*told, "--targets", "smooth", "spiral"]) == 2
    assert capsys.readouterr().err.endswith(
        "Expected --targets with columns among smooth, disk, ring, bar; found spiral. Name columns that came with "
        "the pictures, or collect them with a table that has these.\n"
    )
    assert json.loads((work / "cleaned" / "clean_report.json").read_text("utf-8"))["counts"]["final"] == 24
