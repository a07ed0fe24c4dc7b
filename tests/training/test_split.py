"""python -m training split, on a small cleaned collection."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import datasets
import pytest

from tests.splits.cleaned import Piece, make_cleaned, pieces
from training.__main__ import main


def report_of(work: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((work / "split" / "split_report.json").read_text(encoding="utf-8"))
    return report


def collection() -> list[Piece]:
    """60 of a and 40 of b in pairs of one scene, two without a label, each in a night of 10 pictures."""
    made = [*pieces({"a": 60, "b": 40}, groups_of=2), Piece(500, None, 900), Piece(501, None, 1)]
    for number, piece in enumerate(made):
        piece.columns = {"night": str(number // 10)}
    return made


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return make_cleaned(tmp_path / "work", collection())


def test_it_splits_writes_reports(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", str(work)]) == 0
    said = capsys.readouterr().out
    report = report_of(work)
    written: Any = datasets.load_from_disk(str(work / "split" / "dataset"))
    assert {side: len(part) for side, part in written.items()} == {"train": 70, "validation": 16, "test": 14}
    by_picture = {piece.picture_id: piece for piece in collection()}
    seen: dict[int, str] = {}
    for side, part in written.items():
        for picture_id, label in zip(part["picture_id"][:], part["label"][:], strict=True):
            piece = by_picture.pop(picture_id)
            assert piece.label == part.features["label"].int2str(label)
            assert seen.setdefault(piece.group, side) == side
    assert {piece.label for piece in by_picture.values()} == {None}
    assert report["stage"] == "split"
    assert report["counts"]["train"] == {
        "pictures": 70,
        "rows": 70,
        "groups": 35,
        "classes": {"a": 42, "b": 28},
    }
    assert report["totals"] == {"pictures": 100, "classes": {"a": 60, "b": 40}}
    assert report["left_out_reasons"] == {"no label": 2}
    assert [one["file_name"] for one in report["left_out"]] == ["pile/500.png", "pile/501.png"]
    assert report["leaks"]["after"] == {
        "what": "the splits as written",
        "groups": 0,
        "pictures": 0,
        "examples": [],
    }
    assert report["leaks"]["before"]["what"] == "a random split by picture"
    assert report["leaks"]["before"]["groups"] > 0
    assert sorted(path.name for path in work.iterdir()) == ["cleaned", "split"]
    assert "train           70 pictures in 35 groups\n" in said
    assert "left out         2: no label\n" in said


def test_again_it_leaves_what_is_there(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["split", str(work)])
    path = work / "split" / "split_report.json"
    first, inode = report_of(work), path.stat().st_ino
    capsys.readouterr()
    assert main(["split", str(work)]) == 0
    assert f"{work / 'split'}: the same split was made before, left as it is\n" in capsys.readouterr().out
    assert path.stat().st_ino == inode
    assert main(["split", str(work), "--seed", "1"]) == 0
    assert path.stat().st_ino != inode
    assert report_of(work)["hashes"] != first["hashes"]
    main(["split", str(work)])
    assert report_of(work) == first


def test_another_collection_replaces_the_split(work: Path) -> None:
    main(["split", str(work)])
    first = report_of(work)
    made = collection()
    made[0].label = "b"
    make_cleaned(work, made)
    assert main(["split", str(work)]) == 0
    assert report_of(work)["totals"] == {"pictures": 100, "classes": {"a": 59, "b": 41}}
    assert report_of(work)["fingerprint"] != first["fingerprint"]


def test_another_digest_of_cleaning_is_another_split(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = work / "cleaned" / "clean_report.json"
    cleaned = json.loads(path.read_text(encoding="utf-8"))
    main(["split", str(work)])
    assert report_of(work)["input"]["clean_digest"] == cleaned["fingerprint"]  # Older than the digest.
    for digest in ("1" * 64, "2" * 64):
        path.write_text(json.dumps(cleaned | {"digest": digest}), encoding="utf-8")
        for again in (False, True):
            capsys.readouterr()
            assert main(["split", str(work)]) == 0
            assert ("the same split was made before" in capsys.readouterr().out) is again
            assert report_of(work)["input"]["clean_digest"] == digest


def test_the_order_of_the_rows_does_not_matter(work: Path, tmp_path: Path) -> None:
    other = make_cleaned(tmp_path / "other", random.Random(3).sample(collection(), 102))
    for each in (work, other):
        main(["split", str(each), "--keep_together", "night"])
    assert report_of(other)["hashes"] == report_of(work)["hashes"]
    assert report_of(other)["fingerprint"] == report_of(work)["fingerprint"]


def test_a_night_stays_on_one_side(work: Path) -> None:
    assert main(["split", str(work), "--keep_together", "night"]) == 0
    written: Any = datasets.load_from_disk(str(work / "split" / "dataset"))
    nights = [set(part["night"][:]) for part in written.values()]
    assert sum(map(len, nights)) == len(set.union(*nights)) == 10
    assert report_of(work)["settings"]["group_by"][-1] == "night"


def test_official_splits_are_kept_and_what_leaks_is_named(tmp_path: Path) -> None:
    made = pieces({"a": 60, "b": 40}, groups_of=2)
    for number, piece in enumerate(made):
        piece.official = "test" if number % 5 == 0 else "train"
    work = make_cleaned(tmp_path, made)
    assert main(["split", str(work)]) == 0
    report = report_of(work)
    assert report["counts"]["test"]["pictures"] == 20
    assert report["leaks"]["before"]["what"] == "the official splits"
    assert (report["leaks"]["before"]["groups"], report["leaks"]["before"]["pictures"]) == (20, 40)
    assert report["left_out_reasons"] == {"its group has pictures in test": 20}
    assert {one["side"] for one in report["left_out"]} == {"train"}
    assert report["said"] == "Official splits kept: train, test; validation cut from train."
    assert main(["split", str(work), "--official", "ignore"]) == 0
    assert report_of(work)["left_out"] == []
    assert report_of(work)["said"] == "New splits: train, validation, test."


def test_oversampling_marks_its_rows(work: Path) -> None:
    assert main(["split", str(work), "--balance", "oversample"]) == 0
    written: Any = datasets.load_from_disk(str(work / "split" / "dataset"))
    assert sum(written["train"]["balance_copy"][:]) == 14
    assert not any(written["test"]["balance_copy"][:])
    report = report_of(work)
    assert report["balance"]["after"] == {"a": 42, "b": 42}
    assert (report["counts"]["train"]["pictures"], report["counts"]["train"]["rows"]) == (70, 84)


def test_what_a_kill_left_goes_and_a_whole_split_comes_back(work: Path) -> None:
    main(["split", str(work)])
    first = report_of(work)
    (work / "split").rename(work / ".split.1.old")
    (work / ".split.2.partial" / "dataset").mkdir(parents=True)
    assert main(["split", str(work), "--train", "0.5"]) == 2
    assert report_of(work) == first
    assert sorted(path.name for path in work.iterdir()) == ["cleaned", "split"]


def test_a_refused_request_leaves_the_split_that_is_there(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["split", str(work)])
    first = report_of(work)
    capsys.readouterr()
    # Every picture is of one collection: one group.
    made = [Piece(piece.seed, piece.label, 7) for piece in collection()]
    make_cleaned(work, made)
    assert main(["split", str(work)]) == 2
    assert "Expected each class in at least 3 groups" in capsys.readouterr().err
    assert report_of(work) == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--train", "0.9"],
            "Expected shares that add up to 1; found train 0.9, validation 0.15, test 0.15: 1.2 in all.",
        ),
        (
            ["--balance_to", "5"],
            "Expected --balance_to with --balance undersample or oversample; found --balance none.",
        ),
        (["--keep_together", "moon"], "found moon. Name columns of the collection."),
    ],
)
def test_bad_requests_end_with_code_2(
    work: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["split", str(work), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (work / "split").exists()


def test_nothing_cleaned_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", str(tmp_path / "w")]) == 2
    assert capsys.readouterr().err.endswith(
        f"python -m training split: Expected a cleaned collection in {tmp_path / 'w'}; "
        f"found no cleaned/clean_report.json. Run python -m training clean {tmp_path / 'w'} first.\n"
    )
