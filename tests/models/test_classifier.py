"""Pictures in, predictions out."""

from __future__ import annotations

import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import pipeline

from tests.models.conftest import NAMES
from vitrina.errors import BadRequest, ModelUnavailable, PictureRefused
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.class_map import ClassMap
from vitrina.models.classifier import Classifier, open_classifier


@pytest.mark.parametrize("made", ["vit_folder", "resnet_folder"])
def test_it_answers_as_the_pipeline_does(
    made: str, request: pytest.FixtureRequest, pictures: list[Image.Image]
) -> None:
    folder = request.getfixturevalue(made)
    plain = pipeline("image-classification", model=str(folder), top_k=3)
    for picture, answer in zip(pictures, open_classifier(folder).predict(pictures), strict=True):
        said = {each["label"]: each["score"] for each in plain(picture)}
        assert said == pytest.approx(answer.scores, abs=1e-5)
        assert tuple(answer.scores) == NAMES
        assert answer.top_label == max(said, key=lambda name: said[name])
        assert answer.confidence == max(answer.scores.values())
        assert sum(answer.scores.values()) == pytest.approx(1.0)
        assert not answer.abstained


def test_the_real_vit_recognises_imagenet_photos(shared_data: Path) -> None:
    folder = shared_data / "weights_vit_tiny_patch16_224"
    from timm.data import ImageNetInfo

    synsets = ImageNetInfo("imagenet-1k").label_names()
    classifier = open_classifier(folder)
    photos = sorted((folder / "check_images").glob("*.JPEG"))
    answers = classifier.predict(photos)
    right = [
        synsets[classifier.labels.index(answer.top_label)] == photo.name.split("_")[0]
        for photo, answer in zip(photos, answers, strict=True)
    ]
    # Its own preprocessing squeezes photos into a square, which costs two of the seventeen.
    assert sum(right) >= 15


def test_every_kind_of_picture_gives_the_same_answer(vit_folder: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "a.png")
    data = io.BytesIO()
    image.save(data, "PNG")
    opaque = image.convert("RGBA")
    answers = open_classifier(vit_folder).predict(
        [image, pixels, data.getvalue(), tmp_path / "a.png", opaque], batch_size=2
    )
    assert len(answers) == 5
    assert all(answer.scores == pytest.approx(answers[0].scores, abs=1e-6) for answer in answers)


def test_colours_under_full_transparency_do_not_count(vit_folder: Path) -> None:
    hidden = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    white = Image.new("RGB", (40, 40), "white")
    seen, expected = open_classifier(vit_folder).predict([hidden, white])
    assert seen.scores == pytest.approx(expected.scores, abs=1e-6)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (
            np.zeros((4, 4), dtype=np.uint8),
            "Expected an array uint8 (height, width, 3); found uint8 (4, 4). "
            "Convert it to RGB with values 0 to 255.",
        ),
        (
            np.zeros((4, 4, 3), dtype=np.float32),
            "Expected an array uint8 (height, width, 3); found float32 (4, 4, 3). "
            "Convert it to RGB with values 0 to 255.",
        ),
        (
            "photo.jpg",
            "Expected a PIL image, an array, bytes or a Path; found str. Open the picture first.",
        ),
        (
            Image.new("F", (4, 4)),
            "Expected a picture of 8 bits a channel; found mode F. "
            "Open it with vitrina.images.open_picture, which scales it by percentiles.",
        ),
    ],
)
def test_what_is_no_picture_is_refused(vit_folder: Path, picture: object, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        open_classifier(vit_folder).predict([picture])  # type: ignore[list-item]
    assert str(refused.value) == message


def test_bytes_that_are_no_picture_are_refused(vit_folder: Path) -> None:
    with pytest.raises(PictureRefused) as refused:
        open_classifier(vit_folder).predict([b"plain text"])
    assert refused.value.reason == "not_a_picture"


def test_no_pictures_no_answers(vit_folder: Path) -> None:
    assert open_classifier(vit_folder).predict([]) == []


def test_a_batch_size_of_zero_is_refused(vit_folder: Path, pictures: list[Image.Image]) -> None:
    with pytest.raises(BadRequest, match=r"Expected a batch size of at least 1; found 0\. Use 16\."):
        open_classifier(vit_folder).predict(pictures, batch_size=0)


def test_the_batch_size_changes_nothing(resnet_folder: Path, pictures: list[Image.Image]) -> None:
    classifier = open_classifier(resnet_folder)
    together = classifier.predict(pictures)
    alone = classifier.predict(pictures, batch_size=1)
    for one, other in zip(together, alone, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-5)


def test_eight_threads_get_their_own_answers(resnet_folder: Path, pictures: list[Image.Image]) -> None:
    classifier = open_classifier(resnet_folder)
    expected = [classifier.predict([picture])[0].scores for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        asked = [index % len(pictures) for index in range(48)]
        answers = list(pool.map(lambda index: classifier.predict([pictures[index]])[0].scores, asked))
    assert answers == [expected[index] for index in asked]


def test_it_abstains_below_the_threshold(vit_folder: Path, pictures: list[Image.Image]) -> None:
    confidence = open_classifier(vit_folder).predict(pictures[:1])[0].confidence
    below, above = (open_classifier(vit_folder, abstain_below=confidence + step) for step in (-1e-4, 1e-4))
    assert not below.predict(pictures[:1])[0].abstained
    assert above.predict(pictures[:1])[0].abstained


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_outside_0_to_1_is_refused(vit_folder: Path, threshold: float) -> None:
    with pytest.raises(
        BadRequest, match=r"Expected abstain_below from 0 to 1; found .*Use 0 to answer always\."
    ):
        open_classifier(vit_folder, abstain_below=threshold)


def test_the_threshold_of_the_model_is_read(vit_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(vit_folder, tmp_path / "mine"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"abstain_below": 0.75}), encoding="utf-8")
    assert open_classifier(folder).abstain_below == 0.75
    assert open_classifier(folder, abstain_below=0.1).abstain_below == 0.1
    (folder / "config.json").write_text(json.dumps(config | {"abstain_below": "high"}), encoding="utf-8")
    with pytest.raises(ModelUnavailable) as refused:
        open_classifier(folder)
    assert str(refused.value) == (
        f"Expected abstain_below from 0 to 1 in config.json of {folder}; found 'high'. Correct it."
    )


def test_damaged_weights_do_not_answer(vit_folder: Path, tmp_path: Path, pictures: list[Image.Image]) -> None:
    folder = Path(shutil.copytree(vit_folder, tmp_path / "mine"))
    tensors = load_file(folder / "model.safetensors")
    tensors["classifier.bias"][0] = torch.nan
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelUnavailable, match=r"Expected finite numbers from mine@sha256:.*; found NaN\."):
        open_classifier(folder).predict(pictures)


def test_a_model_for_several_labels_at_once_is_refused(vit_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(vit_folder, tmp_path / "mine"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["problem_type"] = "multi_label_classification"
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelUnavailable) as refused:
        open_classifier(folder)
    assert str(refused.value) == (
        "Expected a model that gives one of two or more classes; "
        f"found multi_label_classification in {folder}. Choose a single-label classification model."
    )


def test_a_class_map_sums_and_abstains_by_mass(bundled: LoadedModel, pictures: list[Image.Image]) -> None:
    mapped = ClassMap({"food": ["pizza", "bagel", "plate"], "drink": ["espresso", "cup"]})
    plain = Classifier(bundled).predict(pictures)
    classifier = Classifier(bundled, class_map=mapped, abstain_below=0.01)
    for before, after in zip(plain, classifier.predict(pictures), strict=True):
        food = sum(before.scores[name] for name in mapped.classes["food"])
        drink = sum(before.scores[name] for name in mapped.classes["drink"])
        assert after.confidence == pytest.approx(food + drink)
        assert after.scores == pytest.approx({"food": food / (food + drink), "drink": drink / (food + drink)})
        assert after.abstained == (food + drink < 0.01)
        assert after.revision == f"bundled/efficientnet-lite0@0.1.0+map:{mapped.fingerprint}"


def test_a_class_map_answers_in_the_order_of_the_collection(bundled: LoadedModel) -> None:
    mapped = ClassMap({"food": ["pizza"], "drink": ["espresso"]})
    classifier = Classifier(bundled, class_map=mapped, labels=LabelScheme(("drink", "food")))
    answer = classifier.predict([np.full((64, 64, 3), 128, dtype=np.uint8)])[0]
    assert tuple(answer.scores) == ("drink", "food")


def test_open_classifier_takes_a_class_map() -> None:
    mapped = ClassMap({"food": ["pizza"], "drink": ["espresso"]})
    classifier = open_classifier("bundled/efficientnet-lite0", class_map=mapped, abstain_below=0.25)
    assert classifier.labels.names == ("food", "drink")
    assert classifier.abstain_below == 0.25


def test_open_classifier_checks_the_labels(vit_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"Expected a model with 2 classes \(a, b\); found 3"):
        open_classifier(vit_folder, labels=LabelScheme(("a", "b")))


def test_large_files_are_decoded_reduced(vit_folder: Path, tmp_path: Path) -> None:
    small = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((1800, 1800), Image.Resampling.BICUBIC)
    image.save(tmp_path / "large.png")
    loaded = load_model(vit_folder)
    from_file, whole = Classifier(loaded).predict([tmp_path / "large.png", image])
    assert from_file.scores == pytest.approx(whole.scores, abs=0.02)
