"""How far the search for duplicates reaches, how strict it is."""

from __future__ import annotations

from dataclasses import dataclass

from vitrina.errors import VitrinaError


@dataclass(frozen=True)
class DuplicateSettings:
    """`bits`: perceptual hashes at most so far apart are compared (0 to 64). `neighbours`, `cosine`: so many
    nearest pictures by features, with at least this cosine of centred features. `partners`: candidates by
    hash for each picture; more are counted as left out. `least_side` (pixels), `least_contrast` (standard
    deviation in grey levels): smaller or flatter pictures are compared by bytes and pixels alone. `series`:
    from so many different pictures of one unmoved camera on, they are a series and all kept. `threads`:
    pictures compared at a time. Raises VitrinaError for values out of range.
    """

    bits: int = 10
    neighbours: int = 10
    cosine: float = 0.5
    partners: int = 12
    least_side: int = 64
    least_contrast: float = 5.0
    series: int = 5
    threads: int = 2

    def __post_init__(self) -> None:
        wrong = [
            f"{name} {value}"
            for name, value, good in (
                ("bits", self.bits, 0 <= self.bits <= 64),
                ("neighbours", self.neighbours, self.neighbours >= 0),
                ("cosine", self.cosine, -1 <= self.cosine <= 1),
                ("partners", self.partners, self.partners >= 1),
                ("series", self.series, self.series >= 3),
                ("threads", self.threads, self.threads >= 1),
            )
            if not good
        ]
        if wrong:
            raise VitrinaError(
                "bits 0 to 64, neighbours from 0, cosine -1 to 1, partners and threads from 1, series from 3",
                ", ".join(wrong),
                "Leave out what you have no reason to change.",
            )
