"""One new picture against a collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitrina.duplicates.alignment import as_sheet
from vitrina.duplicates.candidates import Candidate
from vitrina.duplicates.confirm import Views, judge, one_thread_each
from vitrina.duplicates.hamming import matches_within
from vitrina.duplicates.neighbours import centred, nearest
from vitrina.duplicates.perceptual import encode_turns
from vitrina.duplicates.pictures import Pictures
from vitrina.duplicates.settings import DuplicateSettings
from vitrina.errors import VitrinaError

_KINDS = ("bytes", "pixels", "near", "related")
# Neighbours by features that are compared: a copy is the nearest or next to it (on 231 of them: third at most).
_NEIGHBOURS = 4
_PARTNERS = 4  # And so many by hash in each of the eight turns.


@dataclass(frozen=True)
class NewPicture:
    """`view` uint8 (h, w, 3), longer side at most 256 pixels; `size` (width, height) of the original;
    `byte_hash`, `pixel_hash` SHA-256 in hexadecimal where known; `feature` float32 (d,) of the collection's
    backbone, or None.
    """

    view: np.ndarray
    size: tuple[int, int]
    byte_hash: str | None = None
    pixel_hash: str | None = None
    feature: np.ndarray | None = None


@dataclass(frozen=True)
class Match:
    """A picture of the collection: its `row`, `kind`, `how`, `bits`, `similarity` as in `found.Pair`."""

    row: int
    kind: str
    how: str
    bits: int
    similarity: float


class DuplicateIndex:
    """A collection made ready to be asked about one picture after another.

    Holds the hashes, the features (centred, a copy of 4 bytes a number) and the last few thousand views.
    """

    def __init__(self, pictures: Pictures, *, settings: DuplicateSettings | None = None) -> None:
        self._settings = settings or DuplicateSettings()
        telling = pictures.telling(
            least_side=self._settings.least_side, least_contrast=self._settings.least_contrast
        )
        self._rows = np.flatnonzero(telling)
        self._pictures = pictures
        self._hashes = np.ascontiguousarray(pictures.perceptual[self._rows])
        self._views = Views(pictures.view)
        self._files = _rows_of(pictures.byte_hashes)
        self._pixels = _rows_of(pictures.pixel_hashes)
        self._units, self._centre = None, None
        if pictures.features is not None:
            self._units, self._centre = centred(pictures.features, self._rows)

    def check(self, picture: NewPicture) -> list[Match]:
        """What the collection has of this picture: the surest first, then by similarity, then by row.

        Equal files and pixels are looked up. Where there is one, the rest is not searched. Otherwise the
        nearest by hash in eight turns and by feature are compared pixel by pixel. Raises VitrinaError for a
        feature of another length than the collection's.
        """
        exact = [
            Match(row, "bytes", "the same file", 0, 1.0) for row in self._files.get(picture.byte_hash, [])
        ]
        seen = {match.row for match in exact}
        exact += [
            Match(row, "pixels", "the same pixels", 0, 1.0)
            for row in self._pixels.get(picture.pixel_hash, [])
            if row not in seen
        ]
        if exact:
            return exact
        sheet = as_sheet(picture.view)
        small = min(picture.size) < self._settings.least_side
        if small or float(sheet.grey.std()) < self._settings.least_contrast:
            return []
        turned = encode_turns(picture.view)
        matches: dict[int, Match] = {}
        with one_thread_each:
            for one in self._candidates(turned, picture.feature):
                if one.second in matches and matches[one.second].kind == "near":
                    continue
                found = judge(one, sheet, self._views[one.second])
                if found.kind != "different":
                    apart = int(turned[0] ^ self._pictures.perceptual[one.second]).bit_count()
                    matches[one.second] = Match(one.second, found.kind, found.how, apart, found.similarity)
        return sorted(matches.values(), key=lambda m: (_KINDS.index(m.kind), -m.similarity, m.row))

    def _candidates(self, turned: np.ndarray, feature: np.ndarray | None) -> list[Candidate]:
        """The new picture is the first of each, without a row (-1)."""
        points = feature is None or self._units is None
        found = []
        hits = matches_within(turned, self._hashes, self._settings.bits, most_each=_PARTNERS)
        for (turn, at), bits in zip(hits.rows.tolist(), hits.bits.tolist(), strict=True):
            found.append(Candidate(-1, int(self._rows[at]), turn, bits, points=points and turn == 0))
        if feature is None or self._units is None:
            return found
        if feature.shape != self._units.shape[1:]:
            raise VitrinaError(
                f"a feature of shape {self._units.shape[1:]}",
                str(feature.shape),
                "Compute it with the backbone that the collection's features come from.",
            )
        unit, _ = centred(feature[None], np.zeros(1, np.int64), centre=self._centre)
        pairs, cosine = nearest(self._units, most_each=_NEIGHBOURS, least=self._settings.cosine, queries=unit)
        for at, value in zip(pairs[:, 1].tolist(), cosine.tolist(), strict=True):
            found.append(Candidate(-1, int(self._rows[at]), cosine=value, points=True))
        return found


def _rows_of(keys: Sequence[str]) -> dict[str | None, list[int]]:
    rows: dict[str | None, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return rows
