"""Streams of random numbers that depend on what is varied alone, never on who varies it or when."""

from __future__ import annotations

import operator
import zlib
from typing import Any

import numpy as np

from vitrina.errors import BadRequest

# SeedSequence pads the entropy to 128 bits before a spawn key and takes the key in words of 32 bits:
# below these limits two different triples never become the same words.
_LIMITS = {"seed": 2**128, "epoch": 2**32, "index": 2**32}


def generator_for(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The stream for one picture in one epoch: the same three numbers, the same stream, in any process.

    `seed` is that of the run (0 to 2**128 - 1), `epoch` counts from 0, `index` is the picture's row in the
    data set (both 0 to 2**32 - 1). It does not depend on workers, processes or the order of calls, so a run
    that is resumed, or spread over several processes, sees the variations of one that was not. Raises
    BadRequest. Method: numpy.random.SeedSequence (O'Neill 2015, "Developing a seed_seq alternative").
    """
    numbers = {"seed": seed, "epoch": epoch, "index": index}
    whole = {name: _whole(value, name) for name, value in numbers.items()}
    key = (whole["epoch"], whole["index"])
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(whole["seed"], spawn_key=key)))


def streams_from(generator: np.random.Generator, names: tuple[str, ...]) -> dict[str, np.random.Generator]:
    """A child stream of `generator` for each name.

    128 bits are taken from `generator` however many names there are, and each child depends on these and its
    own name: a variation that is added or left out changes nothing for the others.
    """
    drawn = generator.integers(0, 2**32, size=4, dtype=np.uint32).tolist()
    return {
        name: np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(drawn, spawn_key=(zlib.crc32(name.encode()),)))
        )
        for name in names
    }


def _whole(value: Any, name: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < _LIMITS[name]:
        bits = _LIMITS[name].bit_length() - 1
        raise BadRequest(
            f"a whole number from 0 to 2**{bits} - 1 as {name}", repr(value), "Count from 0 upwards."
        )
    return number
