"""A model's answers on a side of a split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import ModelUnavailable
from vitrina.learning.sides import Side
from vitrina.models.inputs import pixel_values
from vitrina.models.precision import FLOAT32, computing

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from vitrina.models.backbone import LoadedModel

View = Callable[["Image.Image"], "Image.Image"]


def logits_of(
    loaded: LoadedModel,
    side: Side,
    *,
    rows: Sequence[int] | None = None,
    view: View | None = None,
    precision: str = FLOAT32,
    batch_size: int = 16,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """float32 (n, k): what the model gives for `rows` of `side` (all by default), each seen through `view`.

    Pictures are prepared in a thread beside the network. Raises PictureRefused, ModelUnavailable where an answer is
    no finite number.
    """
    wanted = list(range(len(side))) if rows is None else list(rows)
    answer = np.zeros((len(wanted), len(side.scheme.names)), dtype=np.float32)

    def prepared(start: int) -> torch.Tensor:
        pictures = [side.picture(row) for row in wanted[start : start + batch_size]]
        return pixel_values(loaded, pictures if view is None else [view(picture) for picture in pictures])

    starts = list(range(0, len(wanted), batch_size))
    with ThreadPoolExecutor(1, thread_name_prefix="vitrina-prepare") as thread:
        coming = thread.submit(prepared, starts[0]) if starts else None
        for place, start in enumerate(starts):
            assert coming is not None
            pixels = coming.result()
            coming = thread.submit(prepared, starts[place + 1]) if place + 1 < len(starts) else None
            with computing(loaded.model, precision):
                logits = loaded.model(pixel_values=pixels).logits
            answer[start : start + len(pixels)] = logits.float().numpy()
            if progress is not None:
                progress(min(start + batch_size, len(wanted)), len(wanted))
    if not np.isfinite(answer).all():
        raise ModelUnavailable(
            f"finite numbers from {loaded.reference}", "NaN", "Train again; the weights are damaged."
        )
    return answer


def probabilities_of(logits: np.ndarray, task: str) -> np.ndarray:
    """float64 (n, k), 0..1: softmax for single_label, else the sigmoid of each."""
    values = np.asarray(logits, dtype=np.float64)
    if task == "single_label":
        shifted = np.exp(values - values.max(axis=-1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
    from scipy.special import expit

    return np.asarray(expit(values))


def prediction_row(
    side: Side, row: int, scores: np.ndarray, *, abstain_below: float, revision: str
) -> dict[str, Any]:
    """One line of predictions.jsonl. `scores` (k,) 0..1."""
    names = side.scheme.names
    line: dict[str, Any] = {
        "picture_id": side.picture_id[row],
        "pixel_sha256": side.keys[row],
        "file_name": side.file_name[row],
        "label": side.label(row),
    }
    if side.scheme.task != "regression":
        top = int(scores.argmax())
        line |= {
            "top_label": names[top],
            "confidence": float(scores[top]),
            "abstained": bool(scores[top] < abstain_below),
        }
    if side.scheme.task == "multi_label":
        line["said"] = [name for name, score in zip(names, scores, strict=True) if score >= 0.5]
    line["scores"] = {name: float(score) for name, score in zip(names, scores, strict=True)}
    return line | {"revision": revision}
