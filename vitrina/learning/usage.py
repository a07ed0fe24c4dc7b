"""What this process uses of the machine."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


def usage() -> dict[str, float]:
    """{"cpu_percent", "ram_mib"} and, on a GPU, "gpu_mib". CPU time since the last call, 100 for one core."""
    import torch

    process = _process()
    answer = {"cpu_percent": process.cpu_percent(), "ram_mib": process.memory_info().rss / 2**20}
    if torch.cuda.is_available():
        answer["gpu_mib"] = torch.cuda.max_memory_allocated() / 2**20
    return {name: round(value, 1) for name, value in answer.items()}


@cache
def _process() -> psutil.Process:
    # Kept: cpu_percent counts from the last call on the same object.
    import psutil

    return psutil.Process()
