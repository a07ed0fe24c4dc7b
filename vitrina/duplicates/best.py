"""Which copy of a cluster is most worth keeping."""

from __future__ import annotations

from collections.abc import Iterable

from vitrina.duplicates.clusters import Sets
from vitrina.duplicates.confirm import Views
from vitrina.duplicates.evidence import Evidence
from vitrina.duplicates.pictures import Pictures


def best_first(
    rows: Iterable[int], pictures: Pictures, *, same: Sets, views: Views, evidence: Evidence
) -> list[int]:
    """`rows` from the copy most worth keeping on; `same`: sets of rows with equal pixels.

    More pixels first, then colour before grey, then the one from which the others differ in the fewest ways: of
    a photo, its rotated, its captioned, its brightened copy that is the photo, and sharpness alone would keep
    the caption. Then what shows detail in a larger share of its cells (steps of a
    hundredth), then the sharper, then the pixel hash, which no order of rows changes.
    """
    chosen = sorted(rows)
    alike = {row: same.find(row) for row in chosen}
    stand_in = sorted(set(alike.values()))
    looks = {row: views[row] for row in stand_in}
    altered = {row: evidence.altered(row, stand_in) for row in stand_in}
    detailed = {row: round(looks[row].detailed(), 2) for row in stand_in}

    def worth(row: int) -> tuple[float, ...]:
        one = alike[row]
        pixels = int(pictures.sizes[row][0]) * int(pictures.sizes[row][1])
        sharpness = float(pictures.sharpness[row])
        return -pixels, not looks[one].colourful, altered[one], -detailed[one], -sharpness

    return sorted(chosen, key=lambda row: (worth(row), pictures.pixel_hashes[row]))
