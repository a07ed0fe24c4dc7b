"""What a model says of one picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer of one model revision.

    `scores` maps every label of the scheme, in its order, to 0..1; they sum to 1 for single-label
    tasks. `confidence` (0..1) is what abstention is decided on: the top probability or, for a class map, the
    share of probability that falls on the map at all. `abstained` is true where the model says "not sure";
    `top_label` is then still its best guess. `revision` names weights and, where there is one, the map.
    """

    scores: dict[str, float]
    top_label: str
    confidence: float
    abstained: bool
    revision: str
