"""All pairs of 64-bit hashes that differ in few bits: exact, for hundreds of thousands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from vitrina.errors import VitrinaError

# Matches of one block that may be in memory at once; 12 bytes each as faiss hands them out.
_AT_ONCE = 20_000_000
_BLOCKS = (64, 8192)  # Fewest and most hashes searched for in one go.
_SAMPLE = 256  # Hashes tried first, to guess how many matches a block will bring.


class Pairs(NamedTuple):
    """`rows` int64 (m, 2) with first < second, sorted; `bits` uint8 (m,) their distance; `left_out` how many
    more pairs there were than were asked for.
    """

    rows: np.ndarray
    bits: np.ndarray
    left_out: int


def pairs_within(
    hashes: np.ndarray, bits: int, *, most_each: int | None = None, expand: bool = False
) -> Pairs:
    """The pairs of `hashes` uint64 (n,) that differ in at most `bits` of their 64 bits.

    Rows with equal hashes are tied as a star: each to the first of them, which alone is compared with other
    hashes. So 20,000 equal frames make 19,999 pairs, and every row still hangs together with the same rows.
    `expand` writes all pairs out instead. `most_each`: of the pairs between different hashes, only this many
    with the fewest bits for each first row; `left_out` counts the others. Raises VitrinaError for bits
    outside 0 to 64. Exact: faiss compares every hash with every later one (`IndexBinaryFlat.range_search`).
    """
    _check(hashes, bits)
    order = np.argsort(hashes, kind="stable")
    values, start, count = np.unique(hashes[order], return_index=True, return_counts=True)
    firsts = order[start]  # Stable sorting puts the lowest row of each value first.
    # Unique hashes in the order of their first rows, so that "later" means the same for hashes and rows.
    by_row = np.argsort(firsts, kind="stable")
    firsts, values, start, count = firsts[by_row], values[by_row], start[by_row], count[by_row]
    found = [_equal(order, start, count, expand=expand)]
    left_out = 0
    for queries, others, apart in _later_within(values, bits):
        if most_each is not None:
            kept = _fewest(queries, apart, most_each)
            left_out += len(queries) - len(kept)
            queries, others, apart = queries[kept], others[kept], apart[kept]
        if expand:
            found.append(_spread(order, start, count, (queries, others, apart)))
        else:
            found.append((firsts[queries], firsts[others], apart))
    one, two, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    rows = np.column_stack([np.minimum(one, two), np.maximum(one, two)]).astype(np.int64)
    sorting = np.lexsort((rows[:, 1], rows[:, 0]))
    return Pairs(rows[sorting], distance[sorting].astype(np.uint8), left_out)


def matches_within(
    queries: np.ndarray, hashes: np.ndarray, bits: int, *, most_each: int | None = None
) -> Pairs:
    """The pairs (row of `queries`, row of `hashes`) that differ in at most `bits` bits, both uint64.

    `most_each`: only this many nearest hashes for each query (ties: the lower row); `left_out` the others.
    """
    _check(queries, bits)
    _check(hashes, bits)
    found = [(np.empty(0, np.int64),) * 3]
    left_out = 0
    if len(queries) and len(hashes):
        index = _index(hashes)
        block = _block_size(index, queries, bits)
        for at in range(0, len(queries), block):
            query, other, apart = _search(index, queries[at : at + block], bits)
            sorting = np.lexsort((other, apart, query))
            query, other, apart = query[sorting] + at, other[sorting], apart[sorting]
            if most_each is not None:
                kept = _fewest(query, apart, most_each)
                left_out += len(query) - len(kept)
                query, other, apart = query[kept], other[kept], apart[kept]
            found.append((query, other, apart))
    one, two, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    rows = np.column_stack([one, two]).astype(np.int64)
    sorting = np.lexsort((rows[:, 1], rows[:, 0]))
    return Pairs(rows[sorting], distance[sorting].astype(np.uint8), left_out)


def _check(hashes: np.ndarray, bits: int) -> None:
    if hashes.dtype != np.uint64 or hashes.ndim != 1:
        raise VitrinaError(
            "hashes as uint64 (n,)",
            f"{hashes.dtype} {hashes.shape}",
            "Use vitrina.duplicates.perceptual.as_integers.",
        )
    if not 0 <= bits <= 64:
        raise VitrinaError("a distance of 0 to 64 bits", str(bits), "Ask for 10 bits or fewer.")


def _later_within(values: np.ndarray, bits: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(query, later hash, bits apart) of each block, positions in `values`; each pair comes once."""
    if len(values) < 2 or bits == 0:
        return
    block = _block_size(_index(values), values, bits)
    for at in range(0, len(values), block):
        # Only what comes later is searched: half the work of every hash against every hash.
        query, other, apart = _search(_index(values[at:]), values[at : at + block], bits)
        later = other > query
        query, other, apart = query[later] + at, other[later] + at, apart[later]
        sorting = np.lexsort((other, apart, query))
        yield query[sorting], other[sorting], apart[sorting]


def _index(values: np.ndarray) -> object:
    import faiss

    index = faiss.IndexBinaryFlat(64)
    index.add(_as_bytes(values))
    return index


def _as_bytes(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1, 8)


def _search(index: object, queries: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # faiss takes distances strictly below its radius.
    limits, apart, other = index.range_search(_as_bytes(queries), bits + 1)  # type: ignore[attr-defined]
    query = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
    return query, other.astype(np.int64), apart.astype(np.int64)


def _block_size(index: object, queries: np.ndarray, bits: int) -> int:
    """How many queries go at once, so that their matches stay within _AT_ONCE."""
    sample = queries[:: max(1, len(queries) // _SAMPLE)][:_SAMPLE]
    _, other, _ = _search(index, sample, bits)
    each = max(1.0, len(other) / len(sample))
    return int(np.clip(_AT_ONCE / each, *_BLOCKS))


def _fewest(query: np.ndarray, apart: np.ndarray, most: int) -> np.ndarray:
    """Positions of the first `most` entries of each query; entries are sorted by query, then by bits."""
    starts = np.flatnonzero(np.r_[True, query[1:] != query[:-1]]) if len(query) else np.empty(0, np.int64)
    lengths = np.diff(np.r_[starts, len(query)])
    rank = np.arange(len(query)) - np.repeat(starts, lengths)
    return np.flatnonzero(rank < most)


def _equal(
    order: np.ndarray, start: np.ndarray, count: np.ndarray, *, expand: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of equal hashes: a star around the lowest row, or all of them."""
    one, two = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for at in np.flatnonzero(count > 1):
        members = order[start[at] : start[at] + count[at]]
        left, right = np.triu_indices(len(members), 1) if expand else (0, slice(1, None))
        two.append(members[right])
        one.append(np.broadcast_to(members[left], two[-1].shape))
    first, second = np.concatenate(one), np.concatenate(two)
    return first, second, np.zeros(len(first), np.int64)


def _spread(
    order: np.ndarray,
    start: np.ndarray,
    count: np.ndarray,
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs between different hashes as pairs of all their rows."""
    query, other, apart = found
    times = count[query] * count[other]
    at = np.repeat(np.arange(len(query)), times)
    inner = np.arange(len(at)) - np.repeat(np.cumsum(times) - times, times)
    width = count[other][at]
    one = order[start[query][at] + inner // np.maximum(1, width)]
    two = order[start[other][at] + inner % np.maximum(1, width)]
    return one, two, apart[at]
