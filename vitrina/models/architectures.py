"""New models with random weights."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel
from vitrina.models.positions import takes
from vitrina.models.preprocessing import make_processor
from vitrina.models.reference import ModelReference
from vitrina.models.small_cnn import MODEL_TYPE, register
from vitrina.models.task import describe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_WIDE = {"layer_type": "bottleneck", "hidden_sizes": [256, 512, 1024, 2048]}
_NARROW = {"layer_type": "basic", "hidden_sizes": [64, 128, 256, 512]}
_TINY_VIT = {"hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768}
_SMALL_VIT = {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536}
_BASE_VIT = {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}
# name -> (model_type, configuration). He et al. 2016 (arXiv 1512.03385, table 1); Touvron et al. 2021
# (arXiv 2012.12877, table 1) for the ViTs; Tan, Le 2019 (arXiv 1905.11946); Liu et al. 2022 (arXiv 2201.03545);
# Oquab et al. 2023 (arXiv 2304.07193).
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "small-cnn": (MODEL_TYPE, {}),
    "resnet-18": ("resnet", {**_NARROW, "depths": [2, 2, 2, 2]}),
    "resnet-34": ("resnet", {**_NARROW, "depths": [3, 4, 6, 3]}),
    "resnet-50": ("resnet", {**_WIDE, "depths": [3, 4, 6, 3]}),
    "resnet-152": ("resnet", {**_WIDE, "depths": [3, 8, 36, 3]}),
    "vit-tiny": ("vit", {**_TINY_VIT, "patch_size": 16}),
    "vit-small": ("vit", {**_SMALL_VIT, "patch_size": 16}),
    "vit-base": ("vit", {**_BASE_VIT, "patch_size": 16}),
    "efficientnet-b0": (
        "efficientnet",
        {
            "width_coefficient": 1.0,
            "depth_coefficient": 1.0,
            "hidden_dim": 1280,
            "dropout_rate": 0.2,
            # Keras's 0.99 is what stays, torch's what is new; transformers hands Keras's number to torch.
            "batch_norm_momentum": 0.01,
        },
    ),
    "convnext-tiny": ("convnext", {"depths": [3, 3, 9, 3], "hidden_sizes": [96, 192, 384, 768]}),
    "dinov2-small": (
        "dinov2",
        {"hidden_size": 384, "num_attention_heads": 6, "mlp_ratio": 4, "patch_size": 14},
    ),
}
_IMAGENET: dict[str, Any] = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
_HALVES: dict[str, Any] = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}


def new_model(
    name: str, scheme: LabelScheme, *, size: int, seed: int, options: Mapping[str, Any] | None = None
) -> LoadedModel:
    """A model of that architecture with random weights for `scheme`, seeing squares of `size` pixels (crop).

    `name` is one of ARCHITECTURES, or "timm/<architecture>" for any of timm's. `options` are fields of its
    transformers configuration (of timm: arguments of its constructor), such as depths. The same seed gives the
    same weights; torch's own random state stays as it was. Raises BadRequest for an unknown name or option,
    or a size that is no multiple of the patch.
    """
    import torch

    options = dict(options or {})
    if not isinstance(size, int) or not 8 <= size <= 2048:
        raise BadRequest("a size from 8 to 2048 pixels", repr(size), "Use 224.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name.startswith("timm/"):
            model, processor = _timm(name.removeprefix("timm/"), scheme, size, options)
        else:
            model, processor = _transformers(name, scheme, size, options)
    if not takes(model, size):
        raise BadRequest(
            f"options with which {name} sees pictures of {size} pixels",
            f"{options} with which it cannot",
            "Correct the options of the model, or the size.",
        )
    describe(model, scheme)
    return LoadedModel(
        model=model.eval(),
        image_processor=processor,
        labels=scheme,
        revision=f"scratch/{name}@seed{seed}",
        reference=ModelReference("scratch", name),
    )


def _transformers(
    name: str, scheme: LabelScheme, size: int, options: dict[str, Any]
) -> tuple[PreTrainedModel, Any]:
    if name not in ARCHITECTURES:
        raise BadRequest(
            f"an architecture among {', '.join(sorted(ARCHITECTURES))}, timm/<architecture>",
            repr(name),
            "Name a known one.",
        )
    from transformers import AutoConfig, AutoModelForImageClassification, PreTrainedConfig
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    register()
    model_type, standard = ARCHITECTURES[name]
    kind: Any = CONFIG_MAPPING[model_type]
    known = {field.name for field in fields(kind)} - {field.name for field in fields(PreTrainedConfig)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise BadRequest(
            f"options of {name} among {', '.join(sorted(known))}",
            ", ".join(unknown),
            "Correct the options of the model.",
        )
    told: dict[str, Any] = {"image_size": size} if "image_size" in known else {}
    told |= {**standard, **options}
    patch: Any = told.get("patch_size")
    if model_type in ("vit", "dinov2") and size % patch:
        raise BadRequest(
            f"a size that is a multiple of {name}'s patch of {patch} pixels",
            str(size),
            f"Use {max(1, size // patch) * patch} or {(size // patch + 1) * patch}.",
        )
    config = _made(lambda: AutoConfig.for_model(model_type, num_labels=len(scheme.names), **told), name, options)
    model = _made(lambda: AutoModelForImageClassification.from_config(config), name, options)
    if model_type == "efficientnet":
        _start_efficientnet(model)
    colours = _HALVES if model_type in (MODEL_TYPE, "vit") else _IMAGENET
    return model, make_processor("crop", size, resample=3, **colours)


def _start_efficientnet(model: PreTrainedModel) -> None:
    """As Tan and Le's own code does: norms at 1. transformers draws those as well, with a deviation of 0.02, after
    which a new EfficientNet says the same of every picture.
    """
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
            torch.nn.init.normal_(module.weight, std=(2 / fan_out) ** 0.5)
        elif isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)


def _timm(
    architecture: str, scheme: LabelScheme, size: int, options: dict[str, Any]
) -> tuple[PreTrainedModel, Any]:
    import timm
    import torch
    from transformers import TimmWrapperConfig, TimmWrapperForImageClassification, TimmWrapperImageProcessor

    name = f"timm/{architecture}"
    if not timm.is_model(architecture):
        near = difflib.get_close_matches(architecture, timm.list_models(), n=5)
        raise BadRequest(
            f"an architecture of timm {timm.__version__}",
            repr(architecture),
            f"Did you mean {', '.join(near)}?" if near else "timm.list_models() names them.",
        )
    published = timm.get_pretrained_cfg(architecture)
    about = published.to_dict() if published is not None else {}
    keep = ("mean", "std", "interpolation", "fixed_input_size", "first_conv", "classifier")
    described: dict[str, Any] = {key: about[key] for key in keep if key in about}
    described = {key: list(value) if isinstance(value, tuple) else value for key, value in described.items()}
    described |= {"input_size": [3, size, size], "crop_mode": "center", "crop_pct": 1.0}
    if about.get("fixed_input_size"):
        options = {"img_size": size, **options}
    told: dict[str, Any] = {"num_labels": len(scheme.names), "pretrained_cfg": described}
    config = TimmWrapperConfig(architecture=architecture, model_args=options or None, **told)
    state = torch.get_rng_state()
    model = _made(lambda: TimmWrapperForImageClassification(config), name, options)
    # The wrapper draws every convolution as if it were a head; timm's own rules are what a network starts from.
    torch.set_rng_state(state)
    own = timm.create_model(architecture, pretrained=False, num_classes=len(scheme.names), **options)
    model.timm_model.load_state_dict(own.state_dict(), strict=True)
    return model, TimmWrapperImageProcessor(dict(described), architecture=architecture)


def _made(make: Callable[[], Any], name: str, options: Mapping[str, Any]) -> Any:
    try:
        return make()
    except BadRequest:
        raise
    # Configurations and constructors refuse values with ValueError, TypeError, AssertionError and their own.
    except Exception as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
        raise BadRequest(
            f"options that {name} can be built with",
            f"{dict(options)} ({said})",
            "Correct the options of the model.",
        ) from error
