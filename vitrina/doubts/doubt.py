"""One reason to look at a picture again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

KINDS = (
    "label_conflict",
    "label_error",
    "irrelevant",
    "outlier",
    "flat",
    "dark",
    "bright",
    "blurred",
    "odd_size",
    "odd_aspect",
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A proposal about the picture in `row`.

    `kind`: one of KINDS; `score`: above 0, at most 1, its place among the proposals of its kind (see
    `places`); `label`: the one it carries, None where it carries none; `suggestion`: another label that may
    be right; `partners`: rows to be seen beside it, ascending; `reason`: words, with the figures.
    """

    row: int
    kind: str
    score: float
    label: str | None
    suggestion: str | None
    partners: tuple[int, ...]
    reason: str


def places(strengths: Sequence[float] | np.ndarray) -> np.ndarray:
    """float64 (m,), above 0 and at most 1: the share of the m proposals that are at most as strong.

    The strongest has 1. Equal strengths share the middle of their places. Distances, probabilities, grey
    levels have no common unit; a place in the row of its own kind has, so kinds can be merged.
    """
    values = np.asarray(strengths, dtype=np.float64)
    if not len(values):
        return values
    from scipy.stats import rankdata

    return rankdata(values, method="average") / len(values)
