"""Tiny networks trained for an epoch or three, as a recipe would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.recipe import Settings, settings_of
from training.train import train

VIT = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "patch_size": 8,
}
# Without dropout and batch statistics, so that processes and resumed runs can be compared number by number.
EXACT = VIT | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def recipe(work: Path, **more: Any) -> Settings:
    """A ViT of some thousand numbers on pictures of 32 pixels, float32, no tracker."""
    content: dict[str, Any] = {
        "name": "tiny",
        "data": str(work),
        "model": "vit-tiny",
        "mode": "scratch",
        "architecture": dict(EXACT),
        "size": 32,
        "precision": "float32",
        "report_to": "none",
        "num_train_epochs": 3,
        "per_device_train_batch_size": 8,
        "learning_rate": 0.003,
        "disable_tqdm": True,
    }
    return settings_of(content | more, said="tiny.yaml")


def run(settings: Settings, folder: Path) -> dict[str, Any]:
    """Trained into `folder`; the report."""
    return train(settings, folder, command="python -m training train tiny.yaml")


def weights(folder: Path) -> dict[str, Any]:
    """The tensors of the saved model."""
    from safetensors.torch import load_file

    return dict(load_file(folder / "model" / "model.safetensors"))
