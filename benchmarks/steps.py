"""The pace of a training loop, read from outside: when the network is asked, step by step."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass
class Pace:
    """Notes when a network is given a batch in training mode: wall and CPU seconds of this process.

    From one start to the next lies a whole step: forward, backward, optimiser, the next batch read. The first `warm`
    steps are not counted, in which memory is taken and kernels are made, then `steps` are. A loop has to take
    `in_all` of them: the start after the last one that counts ends the count.
    """

    steps: int
    batch: int
    warm: int = 1
    starts: list[tuple[float, float]] = field(default_factory=list)

    @property
    def in_all(self) -> int:
        """How many steps the loop takes."""
        return self.warm + self.steps + 1

    def watch(self, model: nn.Module) -> None:
        """Begin."""
        model.register_forward_pre_hook(self._started)

    def rate(self) -> float:
        """Images a second on the clock."""
        return self._rate(0)

    def cpu_rate(self) -> float:
        """Images a second of CPU time, all threads of this process together, without loader processes."""
        return self._rate(1)

    def _rate(self, clock: int) -> float:
        return self.steps * self.batch / (
            self.starts[self.warm + self.steps][clock] - self.starts[self.warm][clock]
        )

    def _started(self, model: nn.Module, given: Any) -> None:
        if not model.training:
            return
        if len(self.starts) in (self.warm, self.warm + self.steps):
            import torch

            if torch.cuda.is_available():
                # Only where a count begins or ends: work is queued there, and waiting would slow the loop.
                torch.cuda.synchronize()
        self.starts.append((time.perf_counter(), time.process_time()))
