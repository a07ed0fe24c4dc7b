"""python -m training prepare: a pile goes in; a report, splits without leaks and a card come out."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from datasets import load_from_disk
from PIL import Image, ImageFilter

from training.__main__ import main
from vitrina.images import open_picture

CLASSES = ("glass", "metal", "paper")


def scene(seed: int) -> Image.Image:
    """A made photo: soft shapes, edges and grain, like no other seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    picture = np.asarray(coarse.resize((256, 192), Image.Resampling.BICUBIC), dtype=np.float32)
    for _ in range(25):
        x, y = rng.integers(0, 230), rng.integers(0, 170)
        w, h = rng.integers(6, 60, 2)
        picture[y : y + h, x : x + w] = 0.4 * picture[y : y + h, x : x + w] + 0.6 * rng.integers(0, 256, 3)
    picture += rng.normal(0, 4, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int = 92) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def pile(folder: Path) -> Path:
    """30 photos of three classes, among them one file twice, one twice under two labels, one recompressed, one
    turned over, one darkened, one that is cut short.
    """
    for number in range(27):
        path = folder / CLASSES[number % 3] / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(scene(number)))
    shutil.copyfile(folder / "glass" / "00.jpg", folder / "glass" / "00 copy.jpg")
    shutil.copyfile(folder / "metal" / "01.jpg", folder / "paper" / "01 too.jpg")
    (folder / "paper" / "02 small.jpg").write_bytes(jpeg(scene(2).resize((180, 135)), 80))
    (folder / "glass" / "03 mirrored.jpg").write_bytes(
        jpeg(scene(3).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    )
    dark = scene(4).filter(ImageFilter.GaussianBlur(1)).point(lambda value: value * 0.8)
    (folder / "metal" / "04 dark.jpg").write_bytes(jpeg(dark))
    (folder / "paper" / "cut.jpg").write_bytes(jpeg(scene(99))[:4000])
    return folder


def report(work: Path, stage: str) -> dict[str, Any]:
    folder = {"collect": "collected", "clean": "cleaned", "split": "split"}[stage]
    content: dict[str, Any] = json.loads((work / folder / f"{stage}_report.json").read_text(encoding="utf-8"))
    return content


def prepare(source: Path, work: Path, *more: str) -> None:
    told = [
        "prepare",
        str(source),
        "--output_dir",
        str(work),
        "--license",
        "mit",
        "--backbone",
        "none",
        *more,
    ]
    assert main(told) == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(the pile, what became of it)."""
    base = tmp_path_factory.mktemp("prepared")
    source, work = pile(base / "pile"), base / "work"
    prepare(source, work)
    return source, work


def test_one_command_leaves_clean_splits_a_report_and_a_card(made: tuple[Path, Path]) -> None:
    source, work = made
    counts = report(work, "clean")["counts"]
    assert counts == {
        "original": 33,
        "quarantined": 1,
        "pictures": 32,
        "exact_duplicates": 1,
        "near_duplicates": 3,
        "relabelled": 0,
        "irrelevant": 0,
        "final": 28,
    }
    removed = {one["file_name"]: one["reason"] for one in report(work, "clean")["removed"]}
    exact = [name for name, reason in removed.items() if reason == "exact_duplicate"]
    near = sorted(name.split("/")[1][:2] for name, reason in removed.items() if reason == "near_duplicate")
    assert exact[0] in ("glass/00.jpg", "glass/00 copy.jpg")
    assert near == ["02", "03", "04"]
    assert {"paper/02 small.jpg", "metal/04 dark.jpg"} <= set(removed)  # The smaller and the blurred one go.
    sides = load_from_disk(str(work / "split" / "dataset"))
    rows = {side: set(part["pixel_sha256"]) for side, part in sides.items()}
    assert sum(len(part) for part in sides.values()) == 28
    for one, other in itertools.combinations(rows.values(), 2):
        assert not one & other
    assert report(work, "split")["leaks"]["after"]["groups"] == 0
    assert (work / "card" / "README.md").read_text(encoding="utf-8").startswith("---\n")
    assert (work / "report" / "index.html").is_file()
    assert len(list(source.rglob("*.jpg"))) == 33  # The pile is as it was.


def test_two_labels_of_one_picture_wait_for_a_person(made: tuple[Path, Path], tmp_path: Path) -> None:
    """The conflict is queued; decided, it is settled, and the decision stands in the report."""
    work = tmp_path / "work"
    shutil.copytree(made[1], work)
    queue = [
        json.loads(line) for line in (work / "cleaned" / "review_queue.jsonl").read_text("utf-8").splitlines()
    ]
    torn = [line for line in queue if "label_conflict" in line["kinds"]]
    assert sorted(line["file_name"] for line in torn) == ["metal/01.jpg", "paper/01 too.jpg"]
    decided = {
        "picture_id": torn[0]["picture_id"],
        "kind": "relabel",
        "label": "metal",
        "annotator": "ana",
        "made": "2026-03-01T12:00:00Z",
        "replaces": torn[0]["label"],
    }
    decisions = tmp_path / "decisions.jsonl"
    decisions.write_text(json.dumps(decided) + "\n", encoding="utf-8")
    for _ in range(2):  # Told twice it is the same decision.
        assert main(["clean", str(work), "--decisions", str(decisions)]) == 0
    after = report(work, "clean")
    assert after["counts"] | {"exact_duplicates": 2, "relabelled": 1, "final": 27} == after["counts"]
    assert [one["label"] for one in after["decided"]] == ["metal"]
    assert not any(cluster["conflict"] for cluster in after["clusters"])
    assert len((work / "annotations.jsonl").read_text("utf-8").splitlines()) == 1


def test_a_zip_and_an_hdf5_file_of_the_same_pictures_split_alike(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    source, work = made
    names = sorted(
        path.relative_to(source).as_posix() for path in source.rglob("*.jpg") if path.stem != "cut"
    )
    with zipfile.ZipFile(tmp_path / "pile.zip", "w") as archive:
        for name in names:
            archive.write(source / name, name)
    prepare(tmp_path / "pile.zip", tmp_path / "zip")
    assert report(tmp_path / "zip", "split")["hashes"] == report(work, "split")["hashes"]
    whole = [name for name in names if "small" not in name]
    prepare(folder_of(source, whole, tmp_path / "whole"), tmp_path / "folder")
    prepare(hdf5_of(source, whole, tmp_path / "pile.h5"), tmp_path / "hdf5", "--class_names", *CLASSES)
    assert report(tmp_path / "hdf5", "split")["hashes"] == report(tmp_path / "folder", "split")["hashes"]


def folder_of(source: Path, names: Sequence[str], folder: Path) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / name)
    return folder


def hdf5_of(source: Path, names: Sequence[str], path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["images"] = np.stack([np.asarray(open_picture(source / name).image) for name in names])
        file["ans"] = np.array([CLASSES.index(name.split("/")[0]) for name in names])
    return path


def test_the_same_again_changes_nothing(made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    source, work = made
    before = {path: path.stat().st_mtime_ns for path in (work / "split").rglob("*") if path.is_file()}
    prepare(source, work)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert capsys.readouterr().out.count("left as it is") == 3


def test_a_killed_cleaning_goes_on_where_it_was(made: tuple[Path, Path], tmp_path: Path) -> None:
    """Killed in the middle of the search: what was compared is not compared again, the end is the same."""
    work = tmp_path / "work"
    shutil.copytree(made[1] / "collected", work / "collected")
    code = f"""
import os
from vitrina.cleaning.remembered import RememberedComparisons as R
kept, put = [0], R.__setitem__
def count(self, key, value):
    put(self, key, value); self._file.flush(); kept[0] += 1
    if kept[0] == 2: os.kill(os.getpid(), 9)
R.__setitem__ = count
from training.__main__ import main
main(["clean", {str(work)!r}])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == -9
    assert not (work / "cleaned").exists()
    (compared,) = (work / ".clean").glob("comparisons-*.jsonl")
    first = compared.read_text("utf-8").splitlines()
    assert len(first) == 2
    assert main(["clean", str(work)]) == 0
    assert compared.read_text("utf-8").splitlines()[:2] == first
    ended, whole = report(work, "clean"), report(made[1], "clean")
    assert ended.pop("search")["counts"]["comparisons"] < whole.pop("search")["counts"]["comparisons"]
    assert ended == whole


def test_a_licence_that_cannot_be_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pile"
    folder.mkdir()
    told = ["prepare", str(folder), "--output_dir", str(tmp_path / "work"), "--license", "two words\n"]
    assert main(told) == 2
    assert "licen" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def small(folder: Path, *, into: str = "metal") -> Path:
    """18 photos of two classes; those of `into` last."""
    for number in range(18):
        path = folder / ("glass" if number < 9 else into) / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(scene(200 + number)))
    return folder


def test_another_label_is_another_collection_all_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same pictures in other classes are cleaned, split and told of anew; a card of an old split is refused."""
    work = tmp_path / "work"
    source = small(tmp_path / "pile")
    prepare(source, work)
    (source / "glass" / "00.jpg").rename(source / "metal" / "00.jpg")
    prepare(source, work, "--overwrite")
    assert report(work, "clean")["classes"]["after"] == {"glass": 8, "metal": 10}
    totals = [side["classes"] for side in report(work, "split")["counts"].values()]
    assert sum(side["metal"] for side in totals) == 10
    assert "| all classes |" in (work / "card" / "README.md").read_text("utf-8")
    picture = load_from_disk(str(work / "cleaned" / "dataset"))[0]["picture_id"]
    decided = {"picture_id": picture, "kind": "relabel", "label": "metal", "annotator": "ana"}
    (tmp_path / "d.jsonl").write_text(json.dumps(decided | {"made": "2026-03-01T12:00:00Z"}) + "\n", "utf-8")
    assert main(["clean", str(work), "--decisions", str(tmp_path / "d.jsonl")]) == 0
    assert main(["card", str(work), "--license", "mit"]) == 2
    assert "python -m training split" in capsys.readouterr().err


def test_a_group_holds_together_through_a_copy_that_went(tmp_path: Path) -> None:
    """A stays, its copy of another night goes; whatever was taken in that night stays with A."""
    source = tmp_path / "pile"
    lines = ["file_name,label,night"]
    for number in range(24):
        for name, seed, night in (
            (f"a{number}", number, f"n{number}"),
            (f"d{number}", 100 + number, f"m{number}"),
        ):
            (source / f"{name}.jpg").parent.mkdir(exist_ok=True)
            (source / f"{name}.jpg").write_bytes(jpeg(scene(seed)))
            lines.append(f"{name}.jpg,{CLASSES[number % 2]},{night}")
        shutil.copyfile(source / f"a{number}.jpg", source / f"x{number}.jpg")
        lines.append(f"x{number}.jpg,{CLASSES[number % 2]},m{number}")
    (source / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    prepare(source, tmp_path / "work", "--group_by", "night")
    sides = load_from_disk(str(tmp_path / "work" / "split" / "dataset"))
    side_of = {Path(name).stem: side for side, part in sides.items() for name in part["file_name"]}
    assert len(side_of) == 48
    for number in range(24):
        kept = side_of.get(f"a{number}") or side_of[f"x{number}"]
        assert side_of[f"d{number}"] == kept


def test_official_splits_keep_their_test_pictures(tmp_path: Path) -> None:
    """A copy of a test picture leaves train, however much better it is."""
    folder = tmp_path / "pile"
    for side, count in (("train", 12), ("test", 6)):
        for number in range(count):
            path = folder / side / CLASSES[number % 2] / f"{number:02}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(scene(number + (50 if side == "test" else 0))))
    (folder / "test" / "glass" / "00 small.jpg").write_bytes(jpeg(scene(0).resize((200, 150)), 70))
    prepare(folder, tmp_path / "work", "--train", "0.5", "--validation", "0.25", "--test", "0.25")
    removed = report(tmp_path / "work", "clean")["removed"]
    assert [one["file_name"] for one in removed] == ["train/glass/00.jpg"]
    sides = load_from_disk(str(tmp_path / "work" / "split" / "dataset"))
    assert sorted(sides["test"]["file_name"]) == sorted(
        path.relative_to(folder).as_posix() for path in (folder / "test").rglob("*.jpg")
    )
    leaks = report(tmp_path / "work", "split")["leaks"]
    assert (leaks["before"]["groups"], leaks["after"]["groups"]) == (1, 0)


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", str(tmp_path)]) == 2
    assert "Run: python -m training collect PILE --output_dir WORK" in capsys.readouterr().err


def test_trashnet_from_the_pile_to_the_card(shared_data: Path, tmp_path: Path) -> None:
    """Real photos with features: a share of trashnet, one copy and one crop planted in it."""
    source = tmp_path / "trash"
    for name in ("glass", "metal", "paper"):
        for path in sorted((shared_data / "trashnet" / name).glob("*.jpg"))[:14]:
            target = source / name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    first = sorted((source / "glass").glob("*.jpg"))[0]
    with Image.open(first) as image:
        image.rotate(4, Image.Resampling.BICUBIC).crop((16, 20, 176, 236)).save(source / "glass" / "crop.jpg")
    told = ["prepare", str(source), "--output_dir", str(tmp_path / "work"), "--license", "mit"]
    assert main(told) == 0
    work = tmp_path / "work"
    assert [one["file_name"] for one in report(work, "clean")["removed"]] == ["glass/crop.jpg"]
    assert report(work, "collect")["decode_passes"] == 1
    assert report(work, "split")["leaks"]["after"]["groups"] == 0
    assert "| glass |" in (work / "card" / "README.md").read_text(encoding="utf-8")
