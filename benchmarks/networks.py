"""Networks with random weights to measure speed with, in folders that both sides load."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.splits import NAMES

_SMALLEST = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24, "num_hidden_layers": 2}


@dataclass(frozen=True)
class Network:
    """`name` as vitrina.models.architectures knows it, seeing squares of `size` pixels."""

    name: str
    size: int
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        patch = self.options.get("patch_size", 16)
        return f"{self.name}/{patch} at {self.size} pixels, random weights"


VIT_BASE = Network("vit-base", 224)
# Shows that a measurement runs; its numbers mean nothing.
SMALLEST = Network("vit-tiny", 32, _SMALLEST | {"patch_size": 8})


def saved(network: Network, folder: Path, *, seed: int = 0) -> Path:
    """`folder` in the transformers layout, with a head for the classes of benchmarks.splits."""
    from vitrina.labels import LabelScheme
    from vitrina.models.architectures import new_model
    from vitrina.models.backbone import save_model

    made = new_model(network.name, LabelScheme(NAMES), size=network.size, seed=seed, options=network.options)
    save_model(made, folder)
    return folder
