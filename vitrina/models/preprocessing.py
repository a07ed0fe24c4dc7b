"""How a picture becomes a model's input: its size, its fit."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np

from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.models.backbone import LoadedModel
from vitrina.models.positions import grown_to, takes

FITS = ("crop", "squash", "pad")
# timm's names for the same three.
_TIMM_MODES = {"crop": "center", "squash": "squash", "pad": "border"}
SMALLEST, LARGEST = 8, 2048
# What a processor keeps that does not decide a pixel.
_IRRELEVANT = {"image_processor_type", "processor_class", "return_tensors", "input_data_format", "device"}
_IRRELEVANT |= {"data_format", "disable_grouping", "architecture", "feature_extractor_type", "_auto_class"}


def with_preprocessing(
    loaded: LoadedModel, *, size: int | None = None, fit: str | None = None
) -> LoadedModel:
    """The same model seeing squares of `size` pixels a side, made by `fit`; None keeps what it has.

    "crop" brings the shorter side to `size` and takes the centre (a model that came with a margin, such as 256
    cropped to 224, keeps its share); "squash" stretches; "pad" puts the whole picture on a square of the mean
    colour. Mean, deviation, interpolation stay. `save_model` writes it so that a plain `pipeline` does the same.
    Position embeddings of a model with a fixed size are interpolated once (bicubic, Dosovitskiy et al. 2021,
    arXiv 2010.11929, section 3.2), and the revision then ends in "+size:<size>". `loaded` stays as it is.
    Raises BadRequest for an unknown fit, a size out of range or one that the model cannot take.
    """
    now_size, now_fit = input_size(loaded), fit_of(loaded)
    size, fit = now_size if size is None else _checked(size), now_fit if fit is None else fit
    if fit not in FITS:
        raise BadRequest(f"a fit among {', '.join(FITS)}", repr(fit), "Correct the fit of the preprocessing.")
    if (size, fit) == (now_size, now_fit):
        return loaded
    processor = _processor(loaded, size, fit)
    if not takes(loaded.model, size):
        loaded = replace(
            loaded, model=grown_to(loaded.model, size), revision=f"{loaded.revision}+size:{size}"
        )
    if _is_timm(loaded):
        # A timm model's preprocessing travels in its configuration.
        model = copy.deepcopy(loaded.model)
        data = processor.data_config
        model.config.pretrained_cfg = {
            **(getattr(model.config, "pretrained_cfg", None) or {}),
            **{key: list(value) if isinstance(value, tuple) else value for key, value in data.items()},
        }
        loaded = replace(loaded, model=model)
    return replace(loaded, image_processor=processor)


def at_size(loaded: LoadedModel, size: int) -> Any:
    """An image processor alone, for squares of `size` pixels; the model stays as it is (progressive resizing).

    Raises BadRequest where the model takes one size only.
    """
    if size == input_size(loaded):
        return loaded.image_processor
    processor = _processor(loaded, _checked(size), fit_of(loaded))
    if not takes(loaded.model, size):
        raise BadRequest(
            f"a model that takes pictures of any size, {size} among them",
            f"{type(loaded.model).__name__} for {input_size(loaded)} pixels alone",
            "Train it at one size, or choose a convolutional network, Swin or DINOv2.",
        )
    return processor


def input_size(loaded: LoadedModel) -> int:
    """The side in pixels of what the model sees. Raises ModelUnavailable where that is no square."""
    height, width = _seen(loaded.image_processor, np.zeros((48, 64, 3), dtype=np.uint8)).shape[-2:]
    if height != width:
        raise ModelUnavailable(
            f"preprocessing that makes squares in {loaded.reference}",
            f"{width} x {height} pixels from a picture of 64 x 48",
            "Correct size and crop_size in preprocessor_config.json.",
        )
    return int(height)


def fit_of(loaded: LoadedModel) -> str:
    """ "crop", "squash" or "pad", as the model's preprocessing is now."""
    processor = loaded.image_processor
    if _is_timm(loaded):
        mode = processor.data_config["crop_mode"]
        return next((fit for fit, theirs in _TIMM_MODES.items() if theirs == mode), "crop")
    if getattr(processor, "do_pad", False):
        return "pad"
    # ConvNeXt's processor crops below 384 pixels, and stretches from there on.
    ratio = getattr(processor, "crop_pct", None)
    if ratio is not None:
        return "crop" if _sizes(processor)["size"].get("shortest_edge", 384) < 384 else "squash"
    return "crop" if getattr(processor, "do_center_crop", False) else "squash"


def margin_of(loaded: LoadedModel) -> float:
    """The (shorter) side after resizing, in sizes of what is seen, of which "crop" takes the centre; else 1."""
    if fit_of(loaded) != "crop":
        return 1.0
    size, share = input_size(loaded), _crop_share(loaded.image_processor)
    if share is not None:
        return int(size / share) / size
    resized = _sizes(loaded.image_processor).get("size", {})
    return resized.get("shortest_edge", resized.get("height", size)) / size


def _crop_share(processor: Any) -> float | None:
    """The share of the shorter side that is kept, where a processor says it so: timm's, ConvNeXT's."""
    told = getattr(processor, "data_config", None)
    share = getattr(processor, "crop_pct", None) if told is None else told["crop_pct"]
    return None if share is None else float(share)


def resample_of(loaded: LoadedModel) -> str | None:
    """ "bilinear" or "bicubic"; None where pictures are brought to their size in another way, or not at all."""
    from PIL import Image

    processor = loaded.image_processor
    if _is_timm(loaded):
        told = processor.data_config["interpolation"]
    elif not getattr(processor, "do_resize", False):
        return None
    else:
        told = Image.Resampling(int(getattr(processor, "resample", Image.Resampling.LANCZOS))).name.lower()
    return told if told in ("bilinear", "bicubic") else None


def preprocessing_digest(loaded: LoadedModel) -> str:
    """12 hexadecimal digits, of a SHA-256 of everything that decides pixel values; the same after saving."""
    processor = loaded.image_processor
    told = dict(processor.data_config) if _is_timm(loaded) else processor.to_dict()
    deciding = {key: value for key, value in told.items() if key not in _IRRELEVANT and value is not None}
    # The Pillow variants resize a little differently, so the class counts.
    deciding["class"] = type(processor).__name__
    text = json.dumps(deciding, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def plain_processor(loaded: LoadedModel) -> Any:
    """The same preprocessing in a class that saves itself: timm's does not, and then one of transformers' own."""
    if not _is_timm(loaded):
        return loaded.image_processor
    from PIL import Image

    data = loaded.image_processor.data_config
    return make_processor(
        fit_of(loaded),
        input_size(loaded),
        margin=1 / data["crop_pct"],
        image_mean=list(data["mean"]),
        image_std=list(data["std"]),
        resample=int(Image.Resampling[data["interpolation"].upper()]),
    )


def make_processor(fit: str, size: int, *, margin: float = 1.0, **kept: Any) -> Any:
    """One of transformers' own image processors; `kept` is image_mean, image_std, resample, ...

    `margin` (at least 1) is the shorter side after resizing, in sizes, of which "crop" takes the centre.
    """
    from transformers import BitImageProcessor, LlavaImageProcessor, ViTImageProcessor

    square = {"height": size, "width": size}
    if fit == "squash":
        return ViTImageProcessor(size=square, **kept)
    if fit == "pad":
        return LlavaImageProcessor(size={"shortest_edge": size}, crop_size=square, do_pad=True, **kept)
    return BitImageProcessor(size={"shortest_edge": int(size * margin)}, crop_size=square, **kept)


def _processor(loaded: LoadedModel, size: int, fit: str) -> Any:
    old, keeps_fit = loaded.image_processor, fit == fit_of(loaded)
    if _is_timm(loaded):
        from transformers import TimmWrapperImageProcessor

        data = {**old.data_config, "input_size": (3, size, size), "crop_mode": _TIMM_MODES[fit]}
        if not keeps_fit:
            data["crop_pct"] = 1.0
        return TimmWrapperImageProcessor(data, architecture=loaded.model.config.architecture)
    if keeps_fit and not hasattr(old, "crop_pct"):
        return _scaled(old, size, input_size(loaded))
    kept = {name: getattr(old, name) for name in ("image_mean", "image_std", "resample", "rescale_factor")}
    kept |= {name: getattr(old, name) for name in ("do_rescale", "do_normalize")}
    if getattr(old, "include_top", False):
        # EfficientNet's processor divides by the deviation twice.
        kept["image_std"] = [value * value for value in old.image_std]
    margin = 1 / old.crop_pct if keeps_fit and fit == "crop" else 1.0
    made = make_processor(fit, size, margin=margin, **kept)
    flat = np.full((64, 64, 3), (200, 120, 40), dtype=np.uint8)
    before, after = _seen(old, flat), _seen(made, flat)
    if not np.allclose(before.mean(axis=(2, 3)), after.mean(axis=(2, 3)), atol=1e-4):
        raise BadRequest(
            f"preprocessing that can be changed to {fit}",
            f"{type(old).__name__}, which computes colours in a way of its own",
            "Leave the fit as the model has it.",
        )
    return made


def _scaled(old: Any, size: int, now: int) -> Any:
    """The same class with every length times size / now."""
    told = old.to_dict()
    for name, lengths in _sizes(old).items():
        told[name] = {side: round(length * size / now) for side, length in lengths.items()}
    return type(old).from_dict(told)


def _sizes(processor: Any) -> dict[str, dict[str, int]]:
    told = {name: dict(getattr(processor, name, None) or {}) for name in ("size", "crop_size", "pad_size")}
    found = {
        name: {side: value for side, value in sizes.items() if value is not None}
        for name, sizes in told.items()
    }
    return {name: sizes for name, sizes in found.items() if sizes}


def _seen(processor: Any, picture: np.ndarray) -> np.ndarray:
    from PIL import Image

    values = processor(images=[Image.fromarray(picture)], return_tensors="pt")["pixel_values"]
    return np.asarray(values)


def _is_timm(loaded: LoadedModel) -> bool:
    return hasattr(loaded.image_processor, "data_config")


def _checked(size: int) -> int:
    if isinstance(size, bool) or not isinstance(size, int) or not SMALLEST <= size <= LARGEST:
        raise BadRequest(f"a size from {SMALLEST} to {LARGEST} pixels", repr(size), "Use 224.")
    return size


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "keys") else str(value)
