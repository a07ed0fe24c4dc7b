"""What a run was made on."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

PACKAGES = ("torch", "torchvision", "transformers", "accelerate", "datasets", "timm", "scikit-learn")


def hardware() -> dict[str, Any]:
    """{"machine", "cpu", "cores", "ram_gib", "gpu"}; gpu None where there is none."""
    import psutil
    import torch

    gpu = None
    if torch.cuda.is_available():
        gpu = f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return {
        "machine": platform.machine(),
        "cpu": _processor(),
        # What this process may use; macOS only knows what there is.
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "ram_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpu": gpu,
    }


def trains_in_bf16(asked: str, model: nn.Module) -> bool:
    """Whether to train in bf16: as `asked` ("float32", "bf16"), for "auto" where the device multiplies it itself."""
    import torch

    from vitrina.models.precision import BF16, fast_precision

    if asked != "auto":
        return asked == BF16
    if torch.cuda.is_available():  # The model is still on the CPU now.
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return fast_precision(model) == BF16


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide on numbers."""
    answer = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            answer[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return answer


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"
