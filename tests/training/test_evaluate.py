"""python -m training evaluate."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.__main__ import main
from vitrina.labels import LabelScheme
from vitrina.models.backbone import load_model, save_model
from vitrina.models.class_map import ClassMap
from vitrina.models.classifier import open_classifier
from vitrina.models.features import compute_features
from vitrina.models.head import attach_head, fit_head
from vitrina.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "training" / "recipes" / "restaurant_photos.yaml"


def paint(path: Path, colour: tuple[int, int, int], *, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-40, 40, (48, 48, 3))
    Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red and blue pictures, six each, one file that is no picture, one that cannot be."""
    folder = tmp_path_factory.mktemp("data") / "colours"
    for label, colour in (("red", (200, 60, 60)), ("blue", (60, 60, 200))):
        (folder / label).mkdir(parents=True)
        for index in range(6):
            paint(folder / label / f"{index}.png", colour, seed=index)
    (folder / "red" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut short")
    (folder / "notes.txt").write_text("notes", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled backbone with a head that tells red from blue."""
    scheme = LabelScheme(("blue", "red"))
    loaded = load_model("bundled/efficientnet-lite0")
    photos = sorted(data.glob("*/*.png"))
    labels = [scheme.index(photo.parent.name) for photo in photos]
    head = fit_head(compute_features(loaded, photos), labels, scheme=scheme, seed=0, l2_grid=(10.0,))
    folder = tmp_path_factory.mktemp("models") / "colours"
    save_model(attach_head(loaded, head, scheme, abstain_below=0.6), folder)
    return folder


def test_it_scores_prints_writes(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(model), "--data", str(data), "--output_dir", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "eval_results.json").read_text(encoding="utf-8"))
    revision = open_classifier(model).revision
    assert (report["accuracy"], report["n"], report["revision"]) == (1.0, 12, revision)
    assert report["interval"] == pytest.approx([0.7575, 1.0], abs=1e-4)
    assert report["per_class"]["red"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 6}
    assert report["abstention"]["abstain_below"] == 0.6
    assert report["not_measured"] == []
    refused = {each["file_name"]: each["reason"] for each in report["refused"]}
    assert set(refused) == {"red/broken.jpg", "notes.txt"}
    lines = (tmp_path / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["file_name"] for row in rows][:2] == ["blue/0.png", "blue/1.png"]
    assert {row["label"] for row in rows} == {"blue", "red"}
    assert all(row["top_label"] == row["label"] for row in rows)
    said = capsys.readouterr().out
    assert f"{revision} on colours" in said
    assert "accuracy 1.000 (95 % interval 0.758 to 1.000, n = 12), macro F1 1.000" in said
    assert "left out: red/broken.jpg (" in said


def test_without_an_output_folder_nothing_is_written(data: Path, model: Path, tmp_path: Path) -> None:
    before = sorted(model.rglob("*")), sorted(data.rglob("*"))
    assert main(["evaluate", str(model), "--data", str(data), "--batch_size", "5"]) == 0
    assert (sorted(model.rglob("*")), sorted(data.rglob("*"))) == before


def test_other_class_folders_are_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "green").mkdir()
    paint(tmp_path / "green" / "a.png", (60, 200, 60), seed=1)
    assert main(["evaluate", str(model), "--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith(
        "python -m training evaluate: Expected class folders named among blue, red; found green. "
        "Point --data to one folder a class, named as the classes are.\n"
    )


def test_no_picture_that_decodes_is_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "a.png").write_bytes(b"none")
    assert main(["evaluate", str(model), "--data", str(tmp_path)]) == 2
    assert "at least one; found 0 and 0." in capsys.readouterr().err


def test_an_archive_gives_the_figures_of_its_folder(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(tmp_path / "colours.zip", "w") as archive:
        for path in sorted(data.rglob("*.*")):
            archive.write(path, path.relative_to(data))
    for place, out in ((data, "folder"), (tmp_path / "colours.zip", "zip")):
        assert main(["evaluate", str(model), "--data", str(place), "--output_dir", str(tmp_path / out)]) == 0
    one, two = (
        json.loads((tmp_path / out / "eval_results.json").read_text(encoding="utf-8"))
        for out in ("folder", "zip")
    )
    assert (one.pop("data"), two.pop("data")) == ("colours", "colours.zip")
    assert one == two
    capsys.readouterr()


def test_a_recipe_without_a_class_map_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = RECIPE.with_name("simulated_sky.yaml")
    assert main(["evaluate", str(recipe), "--data", str(data)]) == 2
    assert capsys.readouterr().err.endswith(
        "Expected a class map in the recipe simulated_sky.yaml; found none: its model is trained first. "
        "Evaluate the folder of the trained model instead.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: python -m training STAGE"),
        (["dance"], "usage: python -m training STAGE"),
        (["evaluate", "none.yaml", "--data", "nowhere"], "nothing at nowhere"),
    ],
)
def test_bad_input_ends_with_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["evaluate"], ["evaluate", "m", "--data", "d", "--colour", "red"]])
def test_wrong_options_end_with_code_2_as_well(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m training evaluate" in capsys.readouterr().err


def test_a_model_wants_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "m"]) == 2
    assert capsys.readouterr().err == (
        "python -m training evaluate: Expected a finished run, or --data with class folders for a model or a recipe; "
        "found m without --data. Name RUN as python -m training train printed it, or add --data FOLDER.\n"
    )


def test_the_command_lists_its_stages() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "evaluate" in done.stdout


def test_the_restaurant_recipe_reaches_what_it_records(shared_data: Path) -> None:
    recipe = load_recipe(RECIPE)
    assert recipe.class_map is not None
    classifier = open_classifier(
        recipe.model,
        class_map=ClassMap(recipe.class_map),
        labels=recipe.labels,
        abstain_below=recipe.abstain_below,
    )
    assert classifier.revision == recipe.measured["revision"]
    folder = shared_data / "places_food_composite"
    for label, recorded in recipe.measured["all"]["per_class"].items():
        photos = sorted(path for path in (folder / label).iterdir())[::9]
        answers = classifier.predict(photos)
        right = sum(answer.top_label == label for answer in answers)
        # A ninth of the photos: within three standard deviations of what the whole set gave.
        share, n = recorded["recall"], len(photos)
        assert abs(right / n - share) <= 3 * (share * (1 - share) / n) ** 0.5
