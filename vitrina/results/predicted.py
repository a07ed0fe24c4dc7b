"""What a model said of one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Predicted:
    """One picture of an evaluation.

    `scores`: class or target -> 0..1. `labels`: what the picture is (none, one, or several classes), `said`: what
    the model said; both are empty in a regression, where `targets` (target -> 0..1) is what should have come out.
    `confidence`, 0..1, is the score of the class that was said first; None in a regression. `known`: whether anyone
    has said what the picture is.
    """

    picture_id: str
    file_name: str
    scores: Mapping[str, float]
    labels: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    targets: Mapping[str, float] | None = None
    confidence: float | None = None
    abstained: bool = False
    known: bool = True

    @property
    def right(self) -> bool:
        """Whether the model said what the picture is, no class more, no class less. It may have abstained."""
        return set(self.labels) == set(self.said)

    @property
    def margin(self) -> float:
        """The best score less the second, 0..1; the best score itself where there is no second."""
        ranked = sorted(self.scores.values(), reverse=True)
        return ranked[0] - ranked[1] if len(ranked) > 1 else ranked[0]

    @cached_property
    def error(self) -> float:
        """How far the scores lie from the truth, 0..1: a regression's mean over the targets, else the largest gap."""
        if self.targets is not None:
            gaps = [abs(self.scores[name] - value) for name, value in self.targets.items()]
            return sum(gaps) / max(1, len(gaps))
        return max(abs(score - (name in self.labels)) for name, score in self.scores.items())


def predicted(line: Mapping[str, Any], task: str) -> Predicted:
    """One line of predictions.jsonl. Raises KeyError, TypeError, ValueError for one that is none."""
    scores = {str(name): float(score) for name, score in line["scores"].items()}
    label = line["label"]
    about: dict[str, Any] = {"known": label is not None}
    if task == "regression":
        about["targets"] = {str(name): float(value) for name, value in (label or {}).items()}
        if not scores or not set(about["targets"]) <= set(scores):
            raise ValueError("targets without a score")
    else:
        several = task == "multi_label"
        about["labels"] = tuple(label or ()) if several else () if label is None else (str(label),)
        about["said"] = tuple(line.get("said") or ()) if several else (str(line["top_label"]),)
        about["confidence"] = float(line["confidence"])
        about["abstained"] = bool(line.get("abstained"))
        if not scores:
            raise ValueError("no scores")
    return Predicted(str(line["picture_id"]), str(line["file_name"]), scores, **about)
