"""What the comparisons have shown so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, MutableMapping, Sequence, Set

import numpy as np

from vitrina.duplicates.candidates import Candidate
from vitrina.duplicates.clusters import Sets
from vitrina.duplicates.confirm import UNALTERED, Judgement, Views, judge_all

# `Candidate.key` -> what was seen.
Memory = MutableMapping[tuple[int, int, int, int], Judgement]


class Evidence:
    """Judgements of pairs of n pictures with `sizes` (n, 2), and the sets they make.

    `judged`: (first, second) -> Judgement, first < second, for pairs that are near or related; `copies`: sets
    of near pairs; `cameras`: sets of pictures taken by one unmoved camera; `compared`: comparisons made.
    """

    def __init__(self, sizes: np.ndarray, views: Views, *, threads: int, memory: Memory | None) -> None:
        self.judged: dict[tuple[int, int], Judgement] = {}
        self.copies = Sets(len(sizes))
        self.cameras = Sets(len(sizes))
        self._copies_of: defaultdict[int, set[int]] = defaultdict(set)
        self._sizes = sizes
        self.compared = 0
        self._views = views
        self._threads = threads
        self._memory = memory

    def look(self, candidates: Sequence[Candidate]) -> None:
        """Compares the candidates, but for those that the memory holds, and learns from all of them."""
        known = self._memory or {}
        fresh = [one for one in candidates if one.key not in known]
        found = dict(
            zip(
                (one.key for one in fresh),
                judge_all(fresh, self._views, threads=self._threads),
                strict=True,
            )
        )
        self.compared += len(fresh)
        for one in candidates:
            self._learn(one, found[one.key] if one.key in found else known[one.key])
        if self._memory is not None:
            self._memory.update(found)

    def settled(self, one: Candidate, *, series: int) -> bool:
        """Nothing is left to learn: they are copies by others already, or two of one series."""
        if self.copies.together(one.first, one.second):
            return True
        return self.cameras.size(one.first) >= series and self.cameras.together(one.first, one.second)

    def near(self) -> list[tuple[int, int]]:
        """The pairs that are copies, sorted."""
        return sorted(pair for pair, found in self.judged.items() if found.kind == "near")

    def is_near(self, one: int, two: int) -> bool:
        """Whether these two were compared and found copies."""
        return two in self._copies_of[one]

    def copies_of(self, row: int) -> Set[int]:
        """The rows that were compared with `row` and found copies."""
        return self._copies_of[row]

    def altered(self, row: int, rows: Iterable[int]) -> int:
        """In how many ways, together, its copies among `rows` differ from `row` beside how they were saved."""
        others = self._copies_of[row].intersection(rows)
        told = [self.judged[min(row, one), max(row, one)].how for one in others]
        return sum(how.count(", ") + 1 for how in told if how != UNALTERED)

    def relate(self, pair: tuple[int, int], how: str) -> None:
        """The two count as related, whatever they were."""
        before = self.judged[pair]
        self._copies_of[pair[0]].discard(pair[1])
        self._copies_of[pair[1]].discard(pair[0])
        self.judged[pair] = Judgement("related", how, before.similarity, before.unmoved)

    def _learn(self, one: Candidate, found: Judgement) -> None:
        if found.kind == "different":
            return
        pair = (min(one.first, one.second), max(one.first, one.second))
        before = self.judged.get(pair)
        if before is None or before.kind != "near":
            self.judged[pair] = found
        if found.kind == "near":
            self.copies.join(*pair)
            self._copies_of[pair[0]].add(pair[1])
            self._copies_of[pair[1]].add(pair[0])
        if found.unmoved and (self._sizes[one.first] == self._sizes[one.second]).all():
            self.cameras.join(*pair)
