"""Which pairs are worth a look: by hash, by turned hash, by features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitrina.duplicates.hamming import matches_within, pairs_within
from vitrina.duplicates.neighbours import centred, nearest
from vitrina.duplicates.perceptual import encode_turns
from vitrina.duplicates.pictures import Pictures
from vitrina.duplicates.settings import DuplicateSettings

_MIRROR_COSINE = 0.8  # Features of a mirrored picture stay nearer than this (0.90 on 19 of them).
# Turns of the first picture that meet each unordered pair: a quarter to the right of one is a quarter to the
# left of the other, the rest are their own opposites.
_TURNS = (1, 2, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two rows worth a look. `turn` of the first (`perceptual.encode_turns`); `bits` between the hashes in that
    turn, 64 where the whole frames need not be compared; `cosine` of their features (nan without); `points`:
    look for one in a part of the other by key points.
    """

    first: int
    second: int
    turn: int = 0
    bits: int = 64
    cosine: float = float("nan")
    points: bool = False

    @property
    def mirrored_too(self) -> bool:
        """Whether the features are so near that a mirror image is worth a try."""
        return self.points and self.cosine >= _MIRROR_COSINE

    @property
    def key(self) -> tuple[int, int, int, int]:
        """What tells this look at two pictures from others: the rows, the turn, the ways in which they are
        compared (1 as whole frames, 2 by key points, 4 mirrored too, added).
        """
        way = (self.bits < 64) + 2 * self.points + 4 * self.mirrored_too
        return self.first, self.second, self.turn, way


@dataclass(frozen=True)
class Candidates:
    """m pairs in the order in which they are to be looked at: row by row, so that few views are read twice.

    `rows` int64 (m, 2), `turns` and `bits` (m,), `cosine` float (m,), `points` for all of them; `left_out`: how
    many more there were.
    """

    rows: np.ndarray
    turns: np.ndarray
    bits: np.ndarray
    cosine: np.ndarray
    points: bool
    left_out: int

    def __len__(self) -> int:
        return len(self.rows)

    def block(self, at: int, count: int) -> list[Candidate]:
        """The `count` candidates from position `at` on."""
        part = slice(at, at + count)
        told = zip(
            self.rows[part].tolist(),
            self.turns[part].tolist(),
            self.bits[part].tolist(),
            self.cosine[part].tolist(),
            strict=True,
        )
        return [Candidate(a, b, turn, bits, cosine, self.points) for (a, b), turn, bits, cosine in told]


def by_hash(pictures: Pictures, rows: np.ndarray, settings: DuplicateSettings) -> Candidates:
    """Candidates among `rows`, row by row, from the fewest bits on.

    With features, pictures cut out of one another are left to `by_features`.
    """
    found = pairs_within(pictures.perceptual[rows], settings.bits, most_each=settings.partners)
    order = np.lexsort((found.rows[:, 1], found.bits, found.rows[:, 0]))
    return Candidates(
        rows[found.rows[order]],
        np.zeros(len(order), np.uint8),
        found.bits[order],
        np.full(len(order), np.nan),
        pictures.features is None,
        found.left_out,
    )


def by_turned_hash(
    pictures: Pictures,
    rows: np.ndarray,
    settings: DuplicateSettings,
    *,
    progress: Callable[[int, int], None],
) -> Candidates:
    """The same for pictures turned by quarters or mirrored. Reads every view once: 2 ms each."""
    turned = np.empty((len(rows), 8), dtype=np.uint64)
    for at, row in enumerate(rows.tolist()):
        turned[at] = encode_turns(pictures.view(row))
        if at % 256 == 255 or at + 1 == len(rows):
            progress(at + 1, len(rows))
    straight = pictures.perceptual[rows]
    pairs, turns, bits, left_out = (
        [np.empty((0, 2), np.int64)],
        [np.empty(0, np.uint8)],
        [np.empty(0, np.uint8)],
        0,
    )
    for turn in _TURNS:
        found = matches_within(turned[:, turn], straight, settings.bits, most_each=settings.partners)
        left_out += found.left_out
        first, second = found.rows.T
        # A turn that is its own opposite brings each pair from both sides.
        once = (first != second) if turn == 1 else (first < second)
        pairs.append(rows[found.rows[once]])
        bits.append(found.bits[once])
        turns.append(np.full(int(once.sum()), turn, np.uint8))
    both, turn_of, apart = np.concatenate(pairs), np.concatenate(turns), np.concatenate(bits)
    order = np.lexsort((turn_of, both[:, 1], apart, both[:, 0]))
    nothing = np.full(len(order), np.nan)
    return Candidates(both[order], turn_of[order], apart[order], nothing, False, left_out)


def by_features(pictures: Pictures, rows: np.ndarray, settings: DuplicateSettings) -> Candidates:
    """Candidates among `rows` by centred features, row by row, from the highest cosine on."""
    if pictures.features is None or len(rows) < 2 or settings.neighbours == 0:
        pairs, cosine = np.empty((0, 2), np.int64), np.empty(0, np.float32)
    else:
        units, _ = centred(pictures.features, rows)
        pairs, cosine = nearest(units, most_each=settings.neighbours, least=settings.cosine)
    order = np.lexsort((pairs[:, 1], -cosine, pairs[:, 0]))
    count = len(order)
    return Candidates(
        rows[pairs[order]], np.zeros(count, np.uint8), np.full(count, 64, np.uint8), cosine[order], True, 0
    )
