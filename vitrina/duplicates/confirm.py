"""Candidates looked at: each pair compared by its pixels, several at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from vitrina.duplicates.alignment import Sheet, as_sheet, resemblance, rough, whole_frame
from vitrina.duplicates.candidates import Candidate
from vitrina.duplicates.comparison import Comparison, compare
from vitrina.duplicates.verdict import is_copy, is_one_scene, is_unmoved

_SHEETS = 2048  # Views kept ready, about 150 kB each.
_RESEMBLANCE = 0.75
_LEAST_POINTS = 12  # Fewer key points on one similarity happen by chance (measured: 16 among galaxies).
_LEAST_SHARE = 0.3  # Of the matched points; copies from 0.55.
UNALTERED = "the same frame"
_TURNS = ("", "turned left", "upside down", "turned right")


@dataclass(frozen=True)
class Judgement:
    """`kind` "near", "related" or "different"; `how` in words; `similarity` 0 to 1; `unmoved`: one camera that
    stood still took both.
    """

    kind: str
    how: str = ""
    similarity: float = 0.0
    unmoved: bool = False


_DIFFERENT = Judgement("different")


class Views:
    """Sheets of the pictures, the last few thousand kept."""

    def __init__(self, view: Callable[[int], np.ndarray]) -> None:
        self._view = view
        self._kept: OrderedDict[int, Sheet] = OrderedDict()

    def __getitem__(self, row: int) -> Sheet:
        sheet = self._kept.pop(row, None)
        if sheet is None:
            sheet = as_sheet(self._view(row))
        self._kept[row] = sheet
        while len(self._kept) > _SHEETS:
            self._kept.popitem(last=False)
        return sheet


class _OneThreadEach:
    """OpenCV with one thread while anybody compares, its own setting afterwards: the pool runs in parallel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        import cv2

        with self._lock:
            if self._inside == 0:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._inside += 1

    def __exit__(self, *exception: object) -> None:
        import cv2

        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                cv2.setNumThreads(self._before)


# The number of OpenCV's threads belongs to the whole process; so does the count of those who want one.
one_thread_each = _OneThreadEach()


def judge_all(candidates: Sequence[Candidate], views: Views, *, threads: int) -> list[Judgement]:
    """A Judgement for each candidate, in order. Views are read in this thread alone."""
    pairs = [(candidate, views[candidate.first], views[candidate.second]) for candidate in candidates]
    with one_thread_each:
        if threads == 1:
            return [judge(*pair) for pair in pairs]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda pair: judge(*pair), pairs))


def judge(candidate: Candidate, first: Sheet, second: Sheet) -> Judgement:
    """Copy, one scene, or different."""
    if candidate.bits < 64:
        turned = first.turned(candidate.turn)
        judgement = _as_frames(turned, second, candidate.turn)
        if judgement.kind != "different":
            return judgement
    if not candidate.points:
        return _DIFFERENT
    judgement = _by_points(first, second, 0)
    if judgement.kind == "different" and candidate.mirrored_too:
        judgement = _by_points(first.turned(4), second, 4)
    return judgement


def _as_frames(first: Sheet, second: Sheet, turn: int) -> Judgement:
    """The whole of one against the whole of the other."""
    if resemblance(first, second) < _RESEMBLANCE:
        return _DIFFERENT
    found = compare(first, second, whole_frame(first, second))
    if found is None:
        return _DIFFERENT
    unmoved = turn == 0 and is_unmoved(found) and first.colourful == second.colourful
    if is_copy(found):
        return Judgement("near", in_words(found, turn), likeness(found), unmoved)
    return Judgement("related", "one camera, unmoved", likeness(found), True) if unmoved else _DIFFERENT


def _by_points(first: Sheet, second: Sheet, turn: int) -> Judgement:
    start, points, matched = rough(first, second)
    if start is None or points < max(_LEAST_POINTS, _LEAST_SHARE * matched):
        return _DIFFERENT
    found = compare(first, second, start)
    if (
        found is not None
        and not is_copy(found)
        and found.differing < 0.3
        and abs((found.angle + 45) % 90 - 45) > 1
    ):
        # The filled corners of a rotated copy are outside the other's frame only when seen from there.
        other = compare(first, second, start, swap=True)
        if other is not None and other.differing < found.differing:
            found = other
    if found is None:
        return _DIFFERENT
    unmoved = turn == 0 and is_unmoved(found) and first.colourful == second.colourful
    if is_copy(found):
        return Judgement("near", in_words(found, turn), likeness(found), unmoved)
    if is_one_scene(found, points=points, matched=matched):
        return Judgement("related", "one scene", likeness(found), unmoved)
    return _DIFFERENT


def likeness(found: Comparison) -> float:
    """0 to 1: the share of the windows that agree."""
    return float(np.clip(1 - found.differing, 0, 1))


def in_words(found: Comparison, turn: int) -> str:
    """How the second picture was made of the first, as far as it can be seen."""
    said = [word for word in ("mirrored" if turn >= 4 else "", _TURNS[turn % 4]) if word]
    if abs(found.angle) >= 0.5:
        said.append(f"rotated by {abs(found.angle):.0f} degrees")
    elif found.moved > 1:
        said.append("cropped")
    if found.compared < 0.97:
        said.append("with a caption or frame")
    if abs(found.gain - 1) > 0.05:
        said.append("in another brightness")
    if found.blur > 1:
        said.append("blurred")
    if found.moved <= 1 and abs(found.scale - 1) > 0.03:
        said.append("in another size")
    return ", ".join(said) or UNALTERED
