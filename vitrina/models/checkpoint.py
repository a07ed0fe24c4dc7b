"""A folder in the transformers layout, read with every tensor accounted for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.self_contained import require_self_contained

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# What published backbones carry in the place of a classification head.
_OTHER_HEADS = {
    "classifier",
    "cls_classifier",
    "distillation_classifier",
    "head",
    "fc",
    "lm_head",
    "decoder",
    "pooler",
}
# Beside the weights: what a model is loaded from. Nothing that runs code, no pickle.
SETTINGS = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "model.safetensors.index.json",
)
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def weight_files(folder: Path, *, said: str) -> list[Path]:
    """`model.safetensors`, or the shards that `model.safetensors.index.json` names, in order of name.

    `said` is what the reader called the model, for the message. Raises ModelUnavailable for a missing
    folder or configuration, pickled weights only, no weights, and a shard that is not there.
    """
    if not folder.is_dir():
        raise ModelUnavailable(
            f"a model folder at {said}",
            "a file" if folder.exists() else "no such folder",
            "Check the path; a model of the Hub is written as org/name@revision.",
        )
    if not (folder / "config.json").is_file():
        raise ModelUnavailable(
            f"config.json in {said}", "none", "Point to a folder written by save_pretrained."
        )
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if index.is_file():
        shards = sorted(set(_json(index, said=said).get("weight_map", {}).values()))
        missing = [name for name in shards if Path(name).name != name or not (folder / name).is_file()]
        if missing or not shards:
            raise ModelUnavailable(
                f"every shard that {index.name} names in {said}",
                f"{', '.join(missing) or 'no shard'} missing",
                "Copy the whole folder again.",
            )
        return [folder / name for name in shards]
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    raise ModelUnavailable(
        f"model.safetensors in {said}",
        f"pickled weights only ({', '.join(pickles)})" if pickles else "no weights",
        "Load it once where it is trusted, then save_pretrained(folder) writes safetensors; "
        "a pickle can run code and is never opened here."
        if pickles
        else "Copy the whole folder again.",
    )


def digest(files: Sequence[Path]) -> str:
    """SHA-256 of the bytes of the files one after the other, 64 hexadecimal digits."""
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                total.update(chunk)
    return total.hexdigest()


def settings_of(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of each file beside the weights that decides what the model answers."""
    return {name: digest([folder / name]) for name in SETTINGS if (folder / name).is_file()}


@contextmanager
def quiet(*, warnings: bool = True) -> Iterator[None]:
    """Without the progress bars of transformers: a model of 20 MB loads before one could be read.

    Without its warnings as well where `warnings` is false, for what is looked into here, tensor by tensor.
    """
    from transformers.utils import logging

    shown, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    if not warnings:
        logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if shown:
            logging.enable_progress_bar()


def load_checkpoint(folder: Path, *, said: str) -> tuple[PreTrainedModel, Any]:
    """(model in eval mode, float32, on the CPU; its image processor). No code of the folder runs, nothing else is read.

    Raises ModelUnavailable for what `weight_files` and `require_self_contained` refuse, an unknown architecture, a
    missing head, missing, unexpected or misshapen tensors, a damaged file, and missing preprocessing.
    """
    model, loading = _read(folder, said=said)
    _refuse_unaccounted(loading, said=said)
    return model.eval(), _load_processor(folder, model.config.model_type, said=said)


def load_headless(folder: Path, scheme: LabelScheme, *, said: str) -> tuple[PreTrainedModel, Any]:
    """The same for a backbone that gets a new head: `scheme`'s number of outputs, whatever the head was.

    Tensors of the head may be missing, misshapen or left over, as may those of another head (a pooler, a
    distillation or masked-image head). Raises ModelUnavailable as `load_checkpoint` does, for any other.
    """
    model, loading = _read(
        folder,
        said=said,
        num_labels=len(scheme.names),
        id2label=dict(scheme.id2label),
        label2id=dict(scheme.label2id),
        ignore_mismatched_sizes=True,
    )
    from vitrina.models.features import head_path

    head = head_path(model, said=said)
    backbone = {
        kind: [
            name for name in _names(keys) if not _of_a_head(name, head, left_over=kind == "unexpected_keys")
        ]
        for kind, keys in loading.items()
    }
    _refuse_unaccounted(backbone, said=said)
    return model.eval(), _load_processor(folder, model.config.model_type, said=said)


def _of_a_head(name: str, head: str, *, left_over: bool) -> bool:
    if name.startswith(f"{head}."):
        return True
    parts = name.split(".")
    # A name stands at the top, or behind the name of the backbone: "pooler.dense.bias", "vit.pooler.dense.bias".
    return left_over and bool(set(parts[:2]) & _OTHER_HEADS or parts[-1] == "mask_token")


def _read(folder: Path, *, said: str, **told: Any) -> tuple[PreTrainedModel, dict[str, Any]]:
    """The model, and what transformers says of missing, unexpected and misshapen tensors."""
    weight_files(folder, said=said)
    require_self_contained(folder, _json(folder / "config.json", said=said), said=said)
    import torch
    from transformers import AutoModelForImageClassification

    from vitrina.models import mlp_head, small_cnn

    small_cnn.register()
    mlp_head.register()
    try:
        with quiet(warnings=False):
            model, loading = AutoModelForImageClassification.from_pretrained(
                folder,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                local_files_only=True,
                dtype=torch.float32,
                **told,
            )
    # from_pretrained raises ValueError, KeyError, RuntimeError, SafetensorError, ...: each is a refusal.
    except Exception as error:
        raise ModelUnavailable(
            f"an image classification model in {said}",
            f"{type(error).__name__}: {_first_line(error)}",
            "Check config.json against model.safetensors, or save the model again.",
        ) from error
    return model, loading


def _names(keys: Iterable[Any]) -> list[str]:
    # Of mismatched keys transformers gives (name, shape in the file, shape in the model).
    return sorted(str(key[0] if isinstance(key, tuple) else key) for key in keys)


def _refuse_unaccounted(loading: dict[str, Any], *, said: str) -> None:
    missing, unexpected = sorted(loading["missing_keys"]), sorted(loading["unexpected_keys"])
    heads = ("classifier", "head", "fc", "cls_classifier", "distillation_classifier")
    if missing and all(set(name.split(".")) & set(heads) for name in missing):
        raise ModelUnavailable(
            f"a classification head in {said}",
            f"none ({', '.join(missing)} missing)",
            "Train a head on it first; a random one would answer nonsense.",
        )
    misshapen = _names(loading["mismatched_keys"])
    if missing or unexpected or misshapen:
        parts = {"missing": missing, "unexpected": unexpected, "of another shape": misshapen}
        found = "; ".join(
            f"{len(keys)} {what} ({', '.join(keys[:3])})" for what, keys in parts.items() if keys
        )
        raise ModelUnavailable(
            f"exactly the tensors of the architecture in {said}",
            found,
            "Save the model again with the configuration it was trained with.",
        )


def _load_processor(folder: Path, model_type: str, *, said: str) -> Any:
    from transformers import AutoImageProcessor

    # The backend is named, since Pillow's and torchvision's resize differ a little; timm's has only one.
    backend = "pil" if model_type == "timm_wrapper" else "torchvision"
    try:
        return AutoImageProcessor.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True, backend=backend
        )
    except Exception as error:
        raise ModelUnavailable(
            f"preprocessor_config.json in {said}",
            f"{type(error).__name__}: {_first_line(error)}",
            "Copy it from the model this one was trained from.",
        ) from error


def _json(path: Path, *, said: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"readable JSON in {path.name} of {said}", _first_line(error), "Copy the folder again."
        ) from error
    if not isinstance(content, dict):
        raise ModelUnavailable(
            f"an object in {path.name} of {said}", f"a {type(content).__name__}", "Copy the folder again."
        )
    return content


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0].rstrip(".")[:200]
