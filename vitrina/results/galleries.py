"""The pictures that tell most about a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vitrina.results.predicted import Predicted
from vitrina.results.read import Results


@dataclass(frozen=True)
class Gallery:
    """The first of `total` pictures of one kind, the most telling first."""

    kind: str
    total: int
    shown: tuple[Predicted, ...]


def galleries(results: Results, *, limit: int) -> list[Gallery]:
    """At most `limit` pictures of the test set each.

    One class a picture: most_wrong (wrong, highest confidence first), most_right (right, likewise), least_sure (the
    smallest margin between the best two scores first). Else: largest_error, smallest_error. Equal ones come in the
    order of their picture_id.
    """
    known = sorted((one for one in results.test if one.known), key=lambda one: one.picture_id)
    if results.task != "single_label":
        ranked = sorted(known, key=lambda one: -one.error)
        backwards = sorted(known, key=lambda one: one.error)
        return [_first("largest_error", ranked, limit), _first("smallest_error", backwards, limit)]
    surest = sorted(known, key=lambda one: -(one.confidence or 0.0))
    return [
        _first("most_wrong", [one for one in surest if not one.right], limit),
        _first("most_right", [one for one in surest if one.right], limit),
        _first("least_sure", sorted(known, key=lambda one: one.margin), limit),
    ]


def _first(kind: str, ranked: list[Predicted], limit: int) -> Gallery:
    return Gallery(kind, len(ranked), tuple(ranked[:limit]))


def pictures_of(several: Iterable[Gallery]) -> list[str]:
    """The picture_ids that are shown, each once, in the order in which they come."""
    return list(dict.fromkeys(one.picture_id for gallery in several for one in gallery.shown))
