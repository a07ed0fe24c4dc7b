"""Features of pictures that come one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from vitrina.models.features import compute_features, final_linear

if TYPE_CHECKING:
    from vitrina.models.backbone import LoadedModel

# A batch is full when it holds this many pictures, or this many bytes of pixels: long strips are large. With 32
# pictures it takes the same time, with half as much memory again (EfficientNet-Lite0, two cores).
BATCH = 16
BATCH_BYTES = 64 * 1024 * 1024


class FeatureStream:
    """Takes pixels, computes a batch at a time in a thread beside its caller, who decodes meanwhile.

    At most two batches are in memory. Which pictures share a batch depends on the pictures alone, never on
    time, so the same pictures between two calls of `drain` give the same bits. Use it as a context manager.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._dimension = final_linear(loaded)[2].in_features
        self._waiting: list[np.ndarray] = []
        self._bytes = 0
        self._running: Future[np.ndarray] | None = None
        self._ready: list[np.ndarray] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vitrina-features")

    def __enter__(self) -> FeatureStream:
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    @property
    def revision(self) -> str:
        """The model's revision."""
        return self._loaded.revision

    def add(self, pixels: np.ndarray) -> None:
        """One picture, uint8 (height, width, 3). Raises what computing an earlier batch raised."""
        self._waiting.append(pixels)
        self._bytes += pixels.nbytes
        if len(self._waiting) >= BATCH or self._bytes >= BATCH_BYTES:
            self._start()

    def drain(self) -> np.ndarray:
        """float32 (n, d): a row for each picture added since the last call, in their order."""
        if self._waiting:
            self._start()
        self._collect()
        rows, self._ready = self._ready, []
        return np.concatenate([np.zeros((0, self._dimension), dtype=np.float32), *rows])

    def _start(self) -> None:
        self._collect()
        batch, self._waiting, self._bytes = self._waiting, [], 0
        self._running = self._thread.submit(self._compute, batch)

    def _collect(self) -> None:
        if self._running is not None:
            self._ready.append(self._running.result())
            self._running = None

    def _compute(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        return compute_features(self._loaded, batch, batch_size=len(batch))
