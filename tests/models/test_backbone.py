"""One door: what loads, what is refused with which words, what is saved."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import pipeline

from tests.models.conftest import NAMES
from vitrina.errors import Conflict, ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel, folder_revision, load_model, save_model
from vitrina.models.classifier import Classifier
from vitrina.models.reference import ModelReference


@pytest.fixture
def folder(vit_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny ViT to spoil, under a name that stands in the messages."""
    return Path(shutil.copytree(vit_folder, tmp_path / "mine"))


def refusal(folder: Path, *, labels: LabelScheme | None = None) -> str:
    with pytest.raises(ModelUnavailable) as refused:
        load_model(folder, labels=labels)
    return str(refused.value).replace(str(folder), "MINE")


@pytest.mark.parametrize("made", ["vit_folder", "resnet_folder"])
def test_a_folder_loads(made: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(made)
    loaded = load_model(str(folder))
    assert loaded.labels.names == NAMES
    assert loaded.revision == folder_revision(folder)
    assert loaded.revision.startswith(f"{folder.name}@sha256:")
    assert len(loaded.revision) == len(f"{folder.name}@sha256:") + 12
    assert loaded.reference == ModelReference("folder", str(folder))
    assert not loaded.model.training
    assert loaded.model.dtype == torch.float32


def test_the_real_vit_loads(shared_data: Path) -> None:
    loaded = load_model(shared_data / "weights_vit_tiny_patch16_224")
    assert len(loaded.labels.names) == 1000
    assert loaded.labels.names[517] == "crane (517)"


@pytest.mark.parametrize("made", ["vit_folder", "resnet_folder"])
def test_saved_and_read_back_it_is_the_same(
    made: str, request: pytest.FixtureRequest, tmp_path: Path, pictures: list[Image.Image]
) -> None:
    loaded = load_model(request.getfixturevalue(made))
    revision = save_model(loaded, tmp_path / "again")
    again = load_model(tmp_path / "again")
    assert again.revision == revision
    assert [a.scores for a in Classifier(again).predict(pictures)] == [
        a.scores for a in Classifier(loaded).predict(pictures)
    ]


def test_the_bundled_model_is_a_plain_model_once_saved(
    bundled: LoadedModel, tmp_path: Path, pictures: list[Image.Image]
) -> None:
    folder = tmp_path / "saved"
    save_model(bundled, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o644 for path in folder.iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["id2label"]["967"] == "espresso"
    assert config["label2id"]["espresso"] == 967
    assert str(tmp_path) not in json.dumps(config)
    answers = Classifier(load_model(folder)).predict(pictures)
    plain = pipeline("image-classification", model=str(folder), top_k=1000)
    for picture, answer in zip(pictures, answers, strict=True):
        said = {each["label"]: each["score"] for each in plain(picture)}
        assert said == pytest.approx(answer.scores, abs=1e-5)


def test_saving_over_something_is_refused(vit_folder: Path, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(Conflict) as refused:
        save_model(load_model(vit_folder), folder)
    assert str(refused.value) == (
        f"Expected a new or empty folder at {folder}; found one with files in it. "
        "Choose another name, or move it away."
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_save_that_fails_leaves_nothing(
    vit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(load_model(vit_folder), tmp_path / "never")
    assert list(tmp_path.iterdir()) == []


def test_no_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none").replace(str(tmp_path), "T") == (
        "Expected a model folder at MINE; found no such folder. "
        "Check the path; a model of the Hub is written as org/name@revision."
    )


def test_no_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert refusal(folder) == (
        "Expected config.json in MINE; found none. Point to a folder written by save_pretrained."
    )


def test_a_config_that_is_no_json(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")
    assert refusal(folder).startswith(
        "Expected readable JSON in config.json of MINE; found Expecting property"
    )


def test_pickled_weights_only(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert refusal(folder) == (
        "Expected model.safetensors in MINE; found pickled weights only (pytorch_model.bin). "
        "Load it once where it is trusted, then save_pretrained(folder) writes safetensors; "
        "a pickle can run code and is never opened here."
    )


def test_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert refusal(folder) == (
        "Expected model.safetensors in MINE; found no weights. Copy the whole folder again."
    )


@pytest.mark.parametrize("shard", ["model-00001-of-00002.safetensors", "../model.safetensors"])
def test_a_missing_shard(folder: Path, shard: str) -> None:
    (folder / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": {"classifier.weight": shard}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert refusal(folder) == (
        "Expected every shard that model.safetensors.index.json names in MINE; "
        f"found {shard} missing. Copy the whole folder again."
    )


def test_a_missing_head(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in tensors.items() if not name.startswith("classifier")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    assert refusal(folder) == (
        "Expected a classification head in MINE; found none (classifier.bias, classifier.weight missing). "
        "Train a head on it first; a random one would answer nonsense."
    )


def test_missing_and_unexpected_tensors(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["surplus.weight"] = tensors.pop("vit.layernorm.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    assert refusal(folder) == (
        "Expected exactly the tensors of the architecture in MINE; "
        "found 1 missing (vit.layernorm.weight); 1 unexpected (surplus.weight). "
        "Save the model again with the configuration it was trained with."
    )


def test_a_head_of_another_shape(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["classifier.weight"], tensors["classifier.bias"] = torch.zeros(5, 32), torch.zeros(5)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    text = refusal(folder)
    assert text.startswith("Expected an image classification model in MINE; found RuntimeError: ")
    assert text.endswith("Check config.json against model.safetensors, or save the model again.")


def test_a_damaged_file(folder: Path) -> None:
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    assert refusal(folder).startswith(
        "Expected an image classification model in MINE; found SafetensorError: "
    )


def test_an_architecture_of_its_own_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    marker = folder / "ran"
    (folder / "own.py").write_text(f"open({str(marker)!r}, 'w')\n", encoding="utf-8")
    assert refusal(folder).startswith("Expected an image classification model in MINE; found ValueError: ")
    assert not marker.exists()


def test_no_preprocessing(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    text = refusal(folder)
    assert text.startswith("Expected preprocessor_config.json in MINE; found ")
    assert text.endswith("Copy it from the model this one was trained from.")


def test_another_number_of_labels(vit_folder: Path) -> None:
    assert refusal(vit_folder, labels=LabelScheme(("cat", "dog"))) == (
        "Expected a model with 2 classes (cat, dog); found 3 in MINE. "
        "Choose a model trained for this collection, or train one."
    )


def test_other_labels(vit_folder: Path) -> None:
    assert refusal(vit_folder, labels=LabelScheme(("cat", "dog", "eel"))) == (
        "Expected a model for the labels cat, dog, eel; found cat, dog, owl in MINE. "
        "Choose a model trained for this collection, or train one."
    )


def test_labels_in_another_order_keep_the_order_of_the_outputs(vit_folder: Path) -> None:
    assert load_model(vit_folder, labels=LabelScheme(("owl", "dog", "cat"))).labels.names == NAMES


def test_nameless_outputs_take_the_labels_asked_for(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {str(index): f"LABEL_{index}" for index in range(3)}
    config["label2id"] = {f"LABEL_{index}": index for index in range(3)}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert load_model(folder, labels=LabelScheme(("a", "b", "c"))).labels.names == ("a", "b", "c")


def test_id2label_with_a_gap(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {"0": "cat", "1": "dog", "7": "owl"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert refusal(folder) == (
        "Expected a name for every class in id2label of MINE; found 2. Correct id2label in config.json."
    )
