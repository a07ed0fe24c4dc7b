"""The search for duplicates: exact ones, candidates, their confirmation, clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vitrina.duplicates.best import best_first
from vitrina.duplicates.candidates import Candidate, Candidates, by_features, by_hash, by_turned_hash
from vitrina.duplicates.centres import gather_around_centres
from vitrina.duplicates.clusters import Sets, equal_pairs, joined
from vitrina.duplicates.confirm import Views
from vitrina.duplicates.evidence import Evidence, Memory
from vitrina.duplicates.found import Duplicates, Pair
from vitrina.duplicates.pictures import Pictures
from vitrina.duplicates.series import set_series_apart
from vitrina.duplicates.settings import DuplicateSettings

Progress = Callable[[str, int, int], None]
# Pairs compared before what they taught is used. Fixed, so that the number of threads changes nothing.
_AT_A_TIME = 128


def find_duplicates(
    pictures: Pictures,
    *,
    settings: DuplicateSettings | None = None,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Duplicates:
    """Copies and related pictures among `pictures`.

    Equal files and equal pixels are copies. Others are candidates by perceptual hash as they are, by the hash
    of their other turns, by features; each candidate is laid over its partner and compared pixel by pixel,
    and only what agrees throughout is a copy, gathered around one picture that all were compared with.
    Frames of one unmoved camera (from `settings.series` on) and other views of one scene are related: kept.

    `progress(stage, done, of)`, stages "hash", "turns", "turned hash", "features". `memory`: what was compared
    is added to it, what it holds is not compared again, so that an interrupted search goes on where it was;
    its rows are those of `pictures`. The same pictures in the same order give the same answer, whatever
    `settings.threads` is.
    """
    settings = settings or DuplicateSettings()
    told = progress or _silent
    views = Views(pictures.view)
    exact, same = _exact_pairs(pictures)
    rows = _comparable(pictures, same, settings)
    evidence = Evidence(pictures.sizes, views, threads=settings.threads, memory=memory)
    counts = {"comparable": len(rows)}
    stages: dict[str, Callable[[], Candidates]] = {
        "hash": lambda: by_hash(pictures, rows, settings),
        "turned hash": lambda: by_turned_hash(
            pictures, rows, settings, progress=lambda done, of: told("turns", done, of)
        ),
        "features": lambda: by_features(pictures, rows, settings),
    }
    for stage, make in stages.items():
        found = make()
        _look_at(found, evidence, series=settings.series, told=lambda n, of, s=stage: told(s, n, of))  # type: ignore[misc]
        counts |= {f"candidates by {stage}": len(found), f"left out by {stage}": found.left_out}

    def ranked(some: Sequence[int]) -> list[int]:
        return best_first(some, pictures, same=same, views=views, evidence=evidence)

    def again(first: int, second: int) -> Candidate:
        bits = _bits(pictures, first, second)
        return Candidate(first, second, 0, bits if bits <= settings.bits else 64, 1.0, True)

    counts["kept as a series"] = set_series_apart(evidence, len(pictures), series=settings.series)
    counts["kept as copies of copies"] = gather_around_centres(
        evidence, len(pictures), ranked=ranked, again=again
    )
    counts["comparisons"] = evidence.compared
    return _result(pictures, exact, evidence, ranked=ranked, counts=counts)


def _silent(_stage: str, _done: int, _of: int) -> None:
    pass


def _exact_pairs(pictures: Pictures) -> tuple[list[Pair], Sets]:
    """Pairs of equal files and of equal pixels, the sets they make."""
    by_bytes = equal_pairs(pictures.byte_hashes)
    same = joined(len(pictures), by_bytes)
    pairs = [Pair(a, b, "bytes", "the same file", 0, 1.0) for a, b in by_bytes]
    for a, b in equal_pairs(pictures.pixel_hashes):
        if not same.together(a, b):
            same.join(a, b)
            pairs.append(Pair(a, b, "pixels", "the same pixels", _bits(pictures, a, b), 1.0))
    return pairs, same


def _comparable(pictures: Pictures, same: Sets, settings: DuplicateSettings) -> np.ndarray:
    """Rows that stand for their pixels and show enough to be compared by looks."""
    telling = pictures.telling(least_side=settings.least_side, least_contrast=settings.least_contrast)
    return np.array(
        [row for row in np.flatnonzero(telling).tolist() if same.find(row) == row], dtype=np.int64
    )


def _look_at(found: Candidates, evidence: Evidence, *, series: int, told: Callable[[int, int], None]) -> None:
    for at in range(0, len(found), _AT_A_TIME):
        block = found.block(at, _AT_A_TIME)
        evidence.look([one for one in block if not evidence.settled(one, series=series)])
        told(at + len(block), len(found))


def _bits(pictures: Pictures, first: int, second: int) -> int:
    return int(pictures.perceptual[first] ^ pictures.perceptual[second]).bit_count()


def _result(
    pictures: Pictures,
    exact: list[Pair],
    evidence: Evidence,
    *,
    ranked: Callable[[Sequence[int]], list[int]],
    counts: dict[str, int],
) -> Duplicates:
    looked = [
        Pair(a, b, found.kind, found.how, _bits(pictures, a, b), found.similarity)
        for (a, b), found in evidence.judged.items()
    ]
    pairs = sorted(exact + looked, key=lambda pair: (pair.first, pair.second))
    copies = joined(len(pictures), [(p.first, p.second) for p in pairs if p.kind != "related"])
    groups = joined(len(pictures), [(p.first, p.second) for p in pairs])
    keep = np.ones(len(pictures), dtype=bool)
    for rows in copies.members().values():
        keep[ranked(rows)[1:]] = False
    return Duplicates(pairs, copies.numbers(), groups.numbers(), keep, counts)
