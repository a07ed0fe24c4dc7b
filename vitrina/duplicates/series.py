"""Frames of one camera that stood still: related, however alike they are."""

from __future__ import annotations

from collections import Counter

from vitrina.duplicates.clusters import joined
from vitrina.duplicates.evidence import Evidence


def set_series_apart(evidence: Evidence, count: int, *, series: int) -> int:
    """Relates the near pairs that would make copies of two frames of one series; returns how many.

    Frames of a still sky may differ by less than two savings of one photo, so pixels alone cannot tell them:
    measured on 283 frames of one night, neighbours differ by 0.5 grey levels on average. What tells them is
    that there are many: from `series` different pictures of one unmoved camera on, none is a copy of
    another. A copy that was made of one of them, and is near to no other, stays a copy.
    """
    near = evidence.near()
    clusters = joined(count, near)
    mixed = set()
    for root, rows in clusters.members().items():
        cameras = Counter(evidence.cameras.find(row) for row in rows)
        if any(n > 1 and evidence.cameras.size(camera) >= series for camera, n in cameras.items()):
            mixed.add(root)
    apart = 0
    for pair in near:
        in_series = any(evidence.cameras.size(row) >= series for row in pair)
        if in_series and clusters.find(pair[0]) in mixed:
            evidence.relate(pair, "frames of one unmoved camera")
            apart += 1
    return apart
