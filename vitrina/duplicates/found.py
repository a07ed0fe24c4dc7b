"""What was found: pairs, clusters, which copies to keep."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Pair:
    """Rows `first` < `second`. `kind`: "bytes" (the same file), "pixels" (the same pixels, stored otherwise),
    "near" (a copy: resized, cropped, captioned ...), "related" (one scene, a series, no copies). `how` in
    words. `bits`: between the perceptual hashes as they are, 0 to 64. `similarity`: 0 to 1, the share of the
    windows compared that agree.
    """

    first: int
    second: int
    kind: str
    how: str
    bits: int
    similarity: float


@dataclass(frozen=True)
class Duplicates:
    """`pairs` sorted by rows. `cluster` int64 (n,): rows with one number are copies of one picture. `group`
    int64 (n,): coarser, also joins what is related; all of it is kept, but belongs on one side of a split.
    `keep` bool (n,): the best copy of each cluster. `counts`: what was compared, left out, not comparable.
    """

    pairs: list[Pair]
    cluster: np.ndarray
    group: np.ndarray
    keep: np.ndarray
    counts: dict[str, int] = field(default_factory=dict)
