"""What figures may be made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitrina.errors import BadRequest


def checked_scores(scores: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Scores (n, k), 0 to 1, as float64. Raises BadRequest: another shape, no picture, outside 0 to 1."""
    made = checked_columns(scores, names)
    if made.min() < 0.0 or made.max() > 1.0:
        raise BadRequest(
            "scores from 0 to 1",
            f"{made.min():.4g} to {made.max():.4g}",
            "Give probabilities, not the raw outputs of the model.",
        )
    return made


def checked_columns(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Finite numbers (n, k), one column a name, as float64. Raises BadRequest where they are not."""
    made = np.asarray(values, dtype=np.float64)
    if made.ndim != 2 or made.shape[1] != len(names) or not made.size:
        raise BadRequest(
            f"one row a picture, at least one, and {len(names)} columns",
            f"shape {made.shape}",
            "Measure on pictures with labels, with one number for each class.",
        )
    if not np.isfinite(made).all():
        rows = int((~np.isfinite(made)).any(axis=1).sum())
        next_step = "Look at these pictures and at the model that answers so."
        raise BadRequest("finite numbers", f"others for {rows} of {len(made)} pictures", next_step)
    return made


def checked_probabilities(probabilities: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Scores as in `checked_scores` whose rows sum to 1 (within 0.001). Raises BadRequest."""
    made = checked_scores(probabilities, names)
    off = np.abs(made.sum(axis=1) - 1.0)
    if off.max() > 1e-3:
        raise BadRequest(
            "probabilities that sum to 1 for each picture",
            f"a sum of {made[off.argmax()].sum():.4f}",
            "Apply the softmax before measuring.",
        )
    return made


def checked_targets(targets: np.ndarray, n: int, *, classes: int) -> np.ndarray:
    """Class indices (n,), 0 to classes - 1, as int64. Raises BadRequest where they are not."""
    given = np.asarray(targets)
    if given.shape != (n,) or given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= classes:
        seen = f"shape {given.shape}, {given.dtype}"
        if given.size and given.dtype.kind in "iu":
            seen += f", {given.min()} to {given.max()}"
        raise BadRequest(
            f"{n} class indices from 0 to {classes - 1}",
            seen,
            "Give each picture the index of its true class.",
        )
    return given.astype(np.int64)


def checked_marks(targets: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Marks of the given shape, each 0 or 1, as bool. Raises BadRequest where they are not."""
    given = np.asarray(targets)
    if given.shape != shape or not np.isin(given, (0, 1)).all():
        raise BadRequest(
            f"marks of shape {shape}, each 0 or 1",
            f"shape {given.shape}" if given.shape != shape else "other values",
            "Mark each class that a picture shows with 1, the others with 0.",
        )
    return given.astype(bool)


def checked_answers(confidences: Sequence[float], correct: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    """(confidences float64, correct bool), as long as each other. Raises BadRequest: none, lengths differ."""
    if len(confidences) != len(correct) or not len(confidences):
        raise BadRequest(
            "as many confidences as answers, at least one",
            f"{len(confidences)} and {len(correct)}",
            "Choose the threshold on validation pictures.",
        )
    return np.asarray(confidences, dtype=np.float64), np.asarray(correct, dtype=bool)
