"""All pairs of hashes within 10 bits: ours whole, imagededup's default search extrapolated, in one run.

python -m benchmarks.hamming_pairs [--count 200000]

Half of the hashes are random, half lie a few bits from another, so that there is something to find. imagededup compares
every hash with every other in two processes at a constant rate; it is run on a few smaller numbers, the seconds for
each pair of hashes are taken from the largest of them, and multiplied by the pairs of the whole. Exactness is checked
against numpy's own count on a sample of the rows.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import resource
import time
from importlib.metadata import version

import numpy as np

from vitrina.duplicates.hamming import pairs_within

BITS = 10


def main() -> None:
    """Search, check, extrapolate, print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--sizes", type=int, nargs="*", default=[2_500, 5_000, 10_000])
    told = parser.parse_args()
    logging.disable(logging.INFO)
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; "
        f"imagededup {version('imagededup')}"
    )
    hashes = made(told.count)
    started = time.perf_counter()
    found = pairs_within(hashes, BITS, expand=True)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"vitrina: {len(found.rows):,} pairs of {told.count:,} hashes in {seconds:.1f} s, peak {peak:,.0f} MiB"
    )
    wrong = check(hashes, found.rows)
    print(f"rows checked one by one: 200, of which {wrong} differ")
    rates = []
    for size in told.sizes:
        took, pairs = theirs(hashes[:size])
        same = pairs == len(pairs_within(hashes[:size], BITS, expand=True).rows)
        rates.append(took / (size * (size - 1) / 2))
        print(
            f"imagededup: {size:,} hashes in {took:.1f} s, {rates[-1] * 1e9:.0f} ns a pair, same pairs: {same}"
        )
    whole = rates[-1] * told.count * (told.count - 1) / 2
    print(f"imagededup for {told.count:,} at the last rate: {whole:,.0f} s; ratio {whole / seconds:,.0f}")


def made(count: int) -> np.ndarray:
    """uint64 (count,): half random, half within 0 to 14 bits of one of those."""
    rng = np.random.default_rng(0)
    random = rng.integers(0, 2**64, (count + 1) // 2, dtype=np.uint64)
    near = rng.choice(random, count // 2)
    for _ in range(14):
        flip = rng.random(len(near)) < 0.5
        near[flip] ^= np.uint64(1) << rng.integers(0, 64, int(flip.sum()), dtype=np.uint64)
    return rng.permutation(np.concatenate([random, near]))


def check(hashes: np.ndarray, rows: np.ndarray) -> int:
    """How many of 200 rows have other partners than a plain comparison with every hash gives."""
    wrong = 0
    for row in np.random.default_rng(1).choice(len(hashes), 200, replace=False):
        near = np.flatnonzero(np.bitwise_count(hashes ^ hashes[row]) <= BITS)
        mine = rows[(rows == row).any(axis=1)]
        wrong += set(near.tolist()) - {int(row)} != set(mine.ravel().tolist()) - {int(row)}
    return wrong


def theirs(hashes: np.ndarray) -> tuple[float, int]:
    """(seconds, pairs) of imagededup's default search for duplicates among encodings."""
    from imagededup.methods import PHash

    encodings = {str(row): f"{int(value):016x}" for row, value in enumerate(hashes)}
    started = time.perf_counter()
    found = PHash(verbose=False).find_duplicates(encoding_map=encodings, max_distance_threshold=BITS)
    seconds = time.perf_counter() - started
    return seconds, sum(len(others) for others in found.values()) // 2


if __name__ == "__main__":
    main()
