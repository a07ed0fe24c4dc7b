"""Clusters in which every copy was compared with one picture in the middle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from vitrina.duplicates.candidates import Candidate
from vitrina.duplicates.clusters import joined
from vitrina.duplicates.evidence import Evidence

_ALL_PAIRS = 8  # Up to so many copies each is compared with each, to find the one in the middle.
_CENTRES = 3  # Of more, only so many with the most copies known are tried.


def gather_around_centres(
    evidence: Evidence,
    count: int,
    *,
    ranked: Callable[[Sequence[int]], list[int]],
    again: Callable[[int, int], Candidate],
) -> int:
    """Relates the near pairs that lie across clusters with a centre; returns how many.

    A chain a ~ b ~ c is no proof that a and c are copies: frames of a camera that pans make such chains. So
    the picture with the most copies is taken (`ranked`: the best of equals), with those that were compared
    with it; the rest is tried again by itself. `again` makes the candidate of a pair not yet compared.
    """
    centre: dict[int, int] = {}
    for rows in joined(count, evidence.near()).members().values():
        left = ranked(rows)
        while left:
            known = _copies_of_each(evidence, left)
            # Sorting keeps the order of equals: the best first.
            tried = sorted(left, key=lambda row: -known[row])
            if len(left) > _ALL_PAIRS:
                tried = tried[:_CENTRES]
            evidence.look([again(a, b) for a, b in _open_pairs(evidence, tried, left)])
            known = _copies_of_each(evidence, left)
            head = max(tried, key=lambda row: known[row])
            for row in left:
                if row == head or evidence.is_near(head, row):
                    centre[row] = head
            left = [row for row in left if row not in centre]
    across = [pair for pair in evidence.near() if centre.get(pair[0]) != centre.get(pair[1])]
    for pair in across:
        evidence.relate(pair, "copies of a copy")
    return len(across)


def _copies_of_each(evidence: Evidence, rows: Sequence[int]) -> Counter[int]:
    """How many of the others each of `rows` is known to be a copy of."""
    inside = set(rows)
    found: Counter[int] = Counter()
    for row in rows:
        found[row] = len(evidence.copies_of(row) & inside)
    return found


def _open_pairs(evidence: Evidence, tried: Sequence[int], rows: Sequence[int]) -> list[tuple[int, int]]:
    pairs = {(min(a, b), max(a, b)) for a in tried for b in rows if a != b}
    return sorted(pair for pair in pairs if not evidence.is_near(*pair))
