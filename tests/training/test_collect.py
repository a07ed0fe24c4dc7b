"""python -m training collect: every picture ends as a row or is named; a killed run ends like any other."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from tests.hostile_pictures import encoded, photo, png
from training.__main__ import main
from training.arguments import CollectArguments
from training.collect import collect
from vitrina.errors import BadRequest, Conflict, VitrinaError
from vitrina.images import open_picture, reduced
from vitrina.models.backbone import load_model
from vitrina.models.features import compute_features
from vitrina.pile import Pile, open_pile
from vitrina.pile.shard import shard_paths

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = "bundled/efficientnet-lite0"
ANEW = "Choose another --output_dir, or add --overwrite to begin anew."
ODD = {
    "cats/cut.jpg": (encoded(photo(), "JPEG")[:900], "truncated"),
    "dogs/empty.png": (b"", "empty"),
    "dogs/words.jpg": (b"just words", "not_a_picture"),
    "dogs/bomb.png": (png(13_000, 13_000), "too_many_pixels"),
}


def fill(folder: Path, count: int = 9) -> Path:
    """`count` photos in two classes, one of them there twice, four files that are no pictures, a note."""
    for number in range(count):
        path = folder / ("cats" if number % 3 else "dogs") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(photo(160 + number, 120, seed=number), "JPEG"))
    shutil.copyfile(folder / "cats" / "1.jpg", folder / "cats" / "1 again.jpg")
    for name, (data, _) in ODD.items():
        (folder / name).write_bytes(data)
    (folder / "loose.png").write_bytes(encoded(photo(90, 50).convert("L"), "PNG"))
    (folder / "notes.txt").write_text("notes")
    return folder


def run(pile: Path, work: Path, *, shard: int = 4, **told: Any) -> Pile:
    """With one process that decodes, unless it says otherwise: to start a second takes longer than these few."""
    arguments = CollectArguments(output_dir=str(work), **{"backbone": "none", "processes": 1, **told})
    return open_pile(collect(str(pile), arguments, seed=0, shard=shard))


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file that lasts, and of the report without its seconds."""
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("collect_report.json", ".lock")
    }
    report = json.loads((folder / "collect_report.json").read_text(encoding="utf-8"))
    report.pop("seconds")
    return {**found, "report": json.dumps(report)}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("piles") / "pets")


@pytest.fixture(scope="module")
def whole(pile: Path, tmp_path_factory: pytest.TempPathFactory) -> Pile:
    """Collected in one go, with features."""
    return run(pile, tmp_path_factory.mktemp("work"), shard=6, backbone=BUNDLED, processes=2)


def test_every_file_is_a_row_or_named(pile: Path, whole: Pile) -> None:
    report = whole.report
    assert report["counts"] == {"found": 15, "taken": 11, "quarantined": 4, "skipped": 1, "unlabelled": 1}
    files = {str(path.relative_to(pile)) for path in pile.rglob("*") if path.is_file()}
    quarantined = {one["file_name"]: one for one in report["quarantined"]}
    skipped = {one["file_name"] for one in report["skipped"]}
    taken = list(whole.survey["file_name"])
    assert sorted([*taken, *quarantined, *skipped]) == sorted(files)
    assert {name: one["reason"] for name, one in quarantined.items()} == {k: r for k, (_, r) in ODD.items()}
    for name, one in quarantined.items():
        data = ODD[name][0]
        assert one["bytes"] == len(data)
        assert one["picture_id"] == (hashlib.sha256(data).hexdigest() if data else None)
        assert one["next_step"].endswith(".")
    assert report["quarantine_reasons"] == dict.fromkeys(sorted(r for _, r in ODD.values()), 1)
    assert report["classes"] == {"cats": 7, "dogs": 3}
    assert report["class_names"] == whole.class_names == ["cats", "dogs"]
    assert report["formats"] == {"JPEG": 10, "PNG": 1}
    assert report["modes"] == {"RGB": 10, "L": 1}
    assert report["width"] == {"least": 90, "median": 163, "most": 168}
    assert report["source"] == {
        "name": "folder:pets",
        "reader": "folder",
        "inferred": report["source"]["inferred"],
    }
    assert report["fingerprint"] == whole.fingerprint
    ids = sorted(whole.survey["picture_id"])
    assert whole.fingerprint == hashlib.sha256("".join(f"{one}\n" for one in ids).encode()).hexdigest()
    assert len(ids) - len(set(ids)) == 1, "the copy stays a row: cleaning counts it"


def test_rows_are_the_pictures(pile: Path, whole: Pile) -> None:
    from datasets import Image as ImageFeature

    rows, survey = whole.dataset, whole.survey
    assert len(rows) == len(survey) == len(whole) == 11
    assert rows.column_names == [
        "image", "label", "picture_id", "source", "file_name", "group", "official_split",
    ]  # fmt: skip
    assert list(survey.index) == list(range(11))
    names = rows.features["label"].names
    raw = rows.cast_column("image", ImageFeature(decode=False))
    for number, row in enumerate(rows):
        measured = survey.iloc[number]
        data = (pile / row["file_name"]).read_bytes()
        assert raw[number]["image"]["bytes"] == data
        assert row["picture_id"] == measured["picture_id"] == hashlib.sha256(data).hexdigest()
        assert row["image"].size == (measured["width"], measured["height"])
        label = None if row["label"] is None else names[row["label"]]
        assert (
            label == measured["label"] == (None if row["file_name"] == "loose.png" else row["file_name"][:4])
        )
        assert (row["group"], row["official_split"]) == (measured["group"], measured["official_split"])
        assert measured["group"] is None
        full = np.asarray(open_picture(data).image)
        view = whole.view(number)
        assert view.shape == full.shape
        assert np.abs(view.astype(int) - full).mean() < 4
    assert survey["channels"].tolist() == [1 if mode == "L" else 3 for mode in survey["mode"]]


def test_features_are_the_classifiers(pile: Path, whole: Pile) -> None:
    model = load_model(BUNDLED)
    paths = [pile / name for name in whole.survey["file_name"]]
    assert whole.features is not None
    assert whole.features.dtype == np.float32
    assert np.allclose(whole.features, compute_features(model, paths), atol=1e-4)
    assert whole.feature_revision == model.revision
    assert whole.report["features"] == {"revision": model.revision, "dimension": 1280}


def test_the_perceptual_hash_is_that_of_the_full_decode(pile: Path, whole: Pile) -> None:
    from vitrina.duplicates.perceptual import encode

    for name, said in zip(whole.survey["file_name"], whole.survey["perceptual_hash"], strict=True):
        assert said == encode(np.asarray(reduced(open_picture(pile / name).image, 128)))


def test_one_decode_a_picture_none_of_them_here(
    pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = 0
    real = ImageFile.ImageFile.load

    def load(self: ImageFile.ImageFile) -> Any:
        nonlocal here
        here += bool(self.tile)
        return real(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    collected = run(pile, tmp_path, backbone=BUNDLED)
    assert here == 0
    assert collected.report["decode_passes"] == 1
    with Image.open(pile / "cats" / "1.jpg") as image:
        image.load()
    assert here == 1, "the count counts"


@pytest.mark.parametrize("processes", [1, 3])
def test_the_same_whatever_the_shards_or_the_processes(
    pile: Path, whole: Pile, tmp_path: Path, processes: int
) -> None:
    collected = run(pile, tmp_path, shard=100, processes=processes)
    assert collected.survey.equals(whole.survey)
    assert collected.dataset.to_list() == whole.dataset.to_list()


@pytest.mark.parametrize(
    ("backbone", "photos", "seed"),
    [
        pytest.param("none", 26, 1, id="none"),
        pytest.param(BUNDLED, 10, 2, id="features", marks=pytest.mark.slow),
    ],
)
def test_killed_again_and_again_it_ends_like_one_go(
    tmp_path: Path, backbone: str, photos: int, seed: int
) -> None:
    pile = fill(tmp_path / "pets", photos)
    work = tmp_path / "killed"
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.collect_child", str(pile), str(work), backbone, str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    kills, redone = map(int, done.stdout.split())
    assert kills >= 2
    assert redone == 0, "finished shards stay as they are"
    once = run(pile, tmp_path / "once", shard=6, backbone=backbone, processes=2)
    assert contents(work / "collected") == contents(once.folder)
    assert len(once) == photos + 2
    assert ("features.npy" in contents(once.folder)) == (backbone != "none")


def test_a_finished_one_is_left_as_it_is(
    pile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collected = run(pile, tmp_path)
    out = capsys.readouterr().out
    assert "folder:pets: 11 of 15 pictures taken, 2 classes." in out
    assert "4 could not be read (empty 1, not_a_picture 1, too_many_pixels 1, truncated 1);" in out
    assert "1 pictures have no label." in out
    assert f"Features: left out. Decode passes a picture: 1.\n{collected.folder}\n" in out
    before = stamps(collected.folder)
    for overwrite in (False, True):
        capsys.readouterr()
        run(pile, tmp_path, overwrite=overwrite)
        assert stamps(collected.folder) == before
    assert capsys.readouterr().out == (
        f"Already collected, left as it is: folder:pets, 11 pictures in {collected.folder}\n"
    )


def test_stopped_while_overwriting_it_goes_on(
    pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.png").write_bytes(png(30, 20))
    folder = run(other, tmp_path / "work").folder
    with monkeypatch.context() as stopped:
        stopped.setattr("training.collect._finish", _stop)
        with pytest.raises(KeyboardInterrupt):
            run(pile, tmp_path / "work", overwrite=True)
    first = shard_paths(folder, 0, 4)
    before = {path: path.stat().st_mtime_ns for path in first.values() if path.is_file()}
    rows = first["rows"].stat().st_mtime_ns
    assert len(before) == 4
    collected = run(pile, tmp_path / "work", overwrite=True)
    assert len(collected) == 11
    assert first["rows"].stat().st_mtime_ns == rows
    assert contents(folder) == contents(run(pile, tmp_path / "once").folder)


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_the_digest_is_over_what_the_rows_say(tmp_path: Path) -> None:
    pile = tmp_path / "pile"
    pile.mkdir()
    for number in range(5):
        (pile / f"{number}.png").write_bytes(png(20 + number, 10))
    table = "file_name,label,split,night\n" + "".join(f"{n}.png,{'ab'[n % 2]},train,n{n}\n" for n in range(4))
    (pile / "metadata.csv").write_text(table)
    one = run(pile, tmp_path / "one", shard=2)
    expected = hashlib.sha256()
    for (_, seen), row in zip(one.survey.iterrows(), one.dataset, strict=True):
        names = ("picture_id", "pixel_sha256", "file_name", "label", "official_split", "group")
        line = [*(seen[name] for name in names), [row["night"]]]
        expected.update(f"{json.dumps(line)}\n".encode())
    expected.update(b'[["a", "b"], ["night"]]\n')
    assert one.digest == one.report["digest"] == expected.hexdigest()
    assert run(pile, tmp_path / "two", shard=100).digest == one.digest
    digests = {one.digest}
    for number, (old, new) in enumerate(
        [("n3", "n4"), ("night", "nights"), ("3.png,b", "3.png,a"), ("3.png,b,train", "3.png,b,test")]
    ):
        assert table.count(old) == 1
        (pile / "metadata.csv").write_text(table.replace(old, new))
        digests.add(run(pile, tmp_path / f"changed {number}").digest)
    assert len(digests) == 5
    report = one.folder / "collect_report.json"
    report.write_text(json.dumps({name: value for name, value in one.report.items() if name != "digest"}))
    older = open_pile(one.folder)
    assert (len(older), older.digest, len(older.dataset)) == (5, None, 5)


def test_what_vitrina_wrote_can_be_collected_again(pile: Path, tmp_path: Path) -> None:
    rows = run(pile, tmp_path / "work").dataset
    for name, values in (("duplicate_group", [7]), ("pixel_sha256", ["ab"]), ("balance_copy", [True])):
        rows = rows.add_column(name, values * len(rows))
    rows.save_to_disk(str(tmp_path / "cleaned"))
    again = run(tmp_path / "cleaned", tmp_path / "again")
    assert len(again) == 11
    assert again.dataset["source_duplicate_group"][:] == [7] * 11
    assert again.dataset["source_balance_copy"][:] == [True] * 11
    assert again.report["columns_renamed"]["pixel_sha256"] == "source_pixel_sha256"
    assert "duplicate_group" not in again.dataset.column_names


def test_another_pile_is_refused_then_gives_way(pile: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.png").write_bytes(png(30, 20))
    work = tmp_path / "work"
    collected = run(pile, work)
    before = stamps(collected.folder)
    with pytest.raises(Conflict) as caught:
        run(other, work)
    assert str(caught.value) == (
        f"Expected the pile that {collected.folder} was begun with (folder:pets, 15 pictures); "
        f"found folder:other, 1 pictures. {ANEW}"
    )
    assert stamps(collected.folder) == before
    assert len(run(other, work, overwrite=True)) == 1
    (other / "one.png").write_bytes(png(31, 20))
    with pytest.raises(Conflict, match="found others under the same names, or the same changed since"):
        run(other, work)
    with pytest.raises(Conflict, match=r"\(seed None, subset None\); found seed 0, subset 1\."):
        run(other, work, subset=1)


def test_another_model_under_the_same_name_is_refused(pile: Path, tmp_path: Path) -> None:
    arguments = CollectArguments(output_dir=str(tmp_path), backbone=BUNDLED)
    folder = collect(str(pile), arguments, seed=0, shard=4)
    (folder / "collect_report.json").unlink()
    done = shard_paths(folder, 0, 4)["done"]
    done.parent.mkdir()
    done.write_text(json.dumps({"revision": "bundled/efficientnet-lite0@0.0.9"}))
    with pytest.raises(Conflict) as caught:
        collect(str(pile), arguments, seed=0, shard=4)
    assert str(caught.value) == (
        f"Expected the model that {folder} was begun with (bundled/efficientnet-lite0@0.0.9); "
        f"found {load_model(BUNDLED).revision}. Put that model back, or add --overwrite to begin anew."
    )


def test_the_pile_is_never_written_to(pile: Path, tmp_path: Path) -> None:
    before = stamps(pile)
    run(pile, tmp_path)
    assert stamps(pile) == before
    for inside in (pile, pile / "cats" / "work"):
        with pytest.raises(BadRequest) as caught:
            run(pile, inside)
        assert str(caught.value) == (
            f"Expected an --output_dir outside the pile {pile}; found {inside}. "
            "Name a folder beside it: the pile itself is never written to."
        )
    assert stamps(pile) == before


def test_a_folder_that_cannot_be_written_to(pile: Path, tmp_path: Path) -> None:
    folder = run(pile, tmp_path).folder
    (folder / "collect_report.json").unlink()
    shutil.rmtree(folder / "dataset")
    (folder / "dataset").write_text("in the way")
    with pytest.raises(VitrinaError) as caught:
        run(pile, tmp_path)
    assert str(caught.value) == (
        f"Expected a folder at {folder} that can be written to; found that it cannot (File exists). "
        "Put that right; the same command then goes on where it stopped."
    )
    (folder / "dataset").unlink()
    assert len(run(pile, tmp_path)) == 11


def test_metadata_becomes_columns_and_groups(tmp_path: Path) -> None:
    pile = tmp_path / "nights"
    pile.mkdir()
    lines = ["file_name,label,night,seeing,group"]
    for number in range(6):
        (pile / f"{number}.png").write_bytes(png(20 + number, 10))
        lines.append(f"{number}.png,{'meteor' if number % 2 else 'none'},n{number // 2},{number / 2},g")
    (pile / "metadata.csv").write_text("\n".join(lines))
    collected = run(pile, tmp_path / "work", group_by="night")
    assert collected.survey["group"].tolist() == ["n0", "n0", "n1", "n1", "n2", "n2"]
    rows = collected.dataset
    assert rows["group"][:] == collected.survey["group"].tolist()
    assert rows["night"][:] == collected.survey["group"].tolist()
    assert rows["seeing"][:] == ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]
    assert rows["source_group"][:] == ["g"] * 6
    assert collected.report["columns_renamed"] == {"group": "source_group"}
    assert collected.report["columns"] == ["night", "seeing", "source_group"]
    assert collected.class_names == ["meteor", "none"]
    with pytest.raises(BadRequest) as caught:
        run(pile, tmp_path / "other", group_by="weather")
    assert str(caught.value) == (
        "Expected a metadata column weather; found columns: night, seeing, group. "
        "Correct --group_by, or leave it out."
    )


def test_official_splits_and_a_pile_without_labels(tmp_path: Path) -> None:
    sided, plain = tmp_path / "sided", tmp_path / "plain"
    for number, side in enumerate(("train", "train", "test")):
        place = sided / side / "cats"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.png").write_bytes(png(20 + number, 10))
    plain.mkdir()
    (plain / "one.png").write_bytes(png(20, 10))
    collected = run(sided, tmp_path / "work")
    assert collected.report["official_splits"] == {"train": 2, "test": 1}
    assert Counter(collected.survey["official_split"]) == {"train": 2, "test": 1}
    assert sorted(collected.dataset["official_split"]) == ["test", "train", "train"]
    unlabelled = run(plain, tmp_path / "other")
    assert unlabelled.report["counts"]["unlabelled"] == 1
    assert unlabelled.class_names == []
    assert "label" not in unlabelled.dataset.column_names
    assert unlabelled.survey["label"].tolist() == [None]


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    pile = tmp_path / "pile"
    pile.mkdir()
    with pytest.raises(BadRequest, match=rf"Expected pictures in {pile}; found none\. Name another pile\. "):
        run(pile, tmp_path / "work")
    (pile / "a.png").write_bytes(b"no")
    collected = run(pile, tmp_path / "work", backbone=BUNDLED)
    assert collected.report["counts"] == {
        "found": 1, "taken": 0, "quarantined": 1, "skipped": 0, "unlabelled": 0,
    }  # fmt: skip
    assert collected.report["width"] is None
    assert len(collected.dataset) == len(collected.survey) == 0
    assert collected.features is not None
    assert collected.features.shape == (0, 1280)


def test_a_zip_gives_the_same_as_its_folder(pile: Path, whole: Pile, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for path in sorted(pile.rglob("*")):
            archive.write(path, path.relative_to(pile))
    collected = run(tmp_path / "pets.zip", tmp_path / "work")
    names = ["picture_id", "pixel_sha256", "perceptual_hash", "label"]
    assert collected.fingerprint == whole.fingerprint
    ours, theirs = (
        sorted(map(tuple, each.survey[names].astype(str).to_numpy())) for each in (collected, whole)
    )
    assert ours == theirs
    assert collected.report["counts"] == whole.report["counts"]


def test_a_subset(pile: Path, tmp_path: Path) -> None:
    collected = run(pile, tmp_path, subset=5)
    assert collected.report["counts"]["found"] == 5
    assert collected.report["settings"]["subset"] == 5
    assert collected.report["settings"]["seed"] == 0


def test_files_that_broke_older_decoders(shared_data: Path, tmp_path: Path) -> None:
    collected = run(shared_data / "corrupt_and_odd_pillow", tmp_path, subset=60, processes=2)
    counts = collected.report["counts"]
    assert counts["found"] == 60 == counts["taken"] + counts["quarantined"]
    assert min(counts["taken"], counts["quarantined"]) >= 10
    assert len(collected.dataset) == counts["taken"]
    assert sum(collected.report["quarantine_reasons"].values()) == counts["quarantined"]
    assert all(one["found"] and one["next_step"].endswith(".") for one in collected.report["quarantined"])


def test_the_command(pile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work"
    assert main(["collect", str(pile), "--output_dir", str(work), "--backbone", "none"]) == 0
    assert "folder:pets: 11 of 15 pictures taken" in capsys.readouterr().out
    assert len(open_pile(work / "collected")) == 11
    assert main(["collect", str(tmp_path / "gone"), "--output_dir", str(work)]) == 2
    assert "nothing at" in capsys.readouterr().err
    told = ["collect", str(pile), "--output_dir", str(tmp_path / "new"), "--backbone", "none"]
    assert main([*told, "--processes", "0"]) == 2
    assert "Expected at least one decoder process; found 0." in capsys.readouterr().err
