"""The perceptual hash of a picture, bit for bit imagededup's PHash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from vitrina.errors import VitrinaError

_DIGITS = frozenset("0123456789abcdefABCDEF")
_SIDE = 32  # Pixels of the square that is transformed.
_KEPT = 8  # Lowest frequencies kept, each way: 64 bits.


def encode(pixels: np.ndarray) -> str:
    """16 hexadecimal digits: the 64-bit DCT hash of uint8 pixels (h, w, 3) or (h, w).

    The steps of imagededup 0.3.3 (`methods/hashing.py`, `PHash`) in the same order: Lanczos to 32x32, grey,
    DCT-II along both sides, the 8x8 lowest frequencies, each compared with their median without the first.
    A test keeps the two equal. Written here because importing imagededup loads torch, which a decoding
    worker has no room for. Give every picture the same kind of decode: one reduced in the JPEG decoder
    moves the hash by 0.4 bits on average. A flat picture has a hash too, and it says nothing.
    """
    return _as_bits(_frequencies(pixels)).hex()


def encode_turns(pixels: np.ndarray) -> np.ndarray:
    """uint64 (8,): the hashes of the picture as it is, turned by 1, 2, 3 quarters to the left, then the same
    of its mirror image (turn 4: mirrored left to right).

    A turned picture has the same frequencies with other signs or exchanged axes, so one transform is enough.
    Bits next to the median may round otherwise than in a picture turned beforehand.
    """
    low = _frequencies(pixels)
    odd = 1.0 - 2.0 * (np.arange(_KEPT) % 2)
    turned = []
    for start in (low, low * odd[None, :]):
        now = start
        for _ in range(4):
            turned.append(_as_bits(now))
            now = now.T * odd[:, None]
    return np.frombuffer(b"".join(turned), dtype=">u8").astype(np.uint64)


def _frequencies(pixels: np.ndarray) -> np.ndarray:
    from scipy.fftpack import dct

    square = Image.fromarray(pixels).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).convert("L")
    # Along the first axis, then the second: another order rounds otherwise and turns bits near the median.
    return dct(dct(np.asarray(square), axis=0), axis=1)[:_KEPT, :_KEPT]


def _as_bits(frequencies: np.ndarray) -> bytes:
    return np.packbits(frequencies >= np.median(frequencies.flatten()[1:])).tobytes()


def as_integers(hashes: Sequence[str]) -> np.ndarray:
    """uint64 (n,) of n hashes of 16 hexadecimal digits; the first digit holds the highest bits.

    Raises VitrinaError for anything else.
    """
    wrong = next((one for one in hashes if len(one) != 16 or not set(one) <= _DIGITS), None)
    if wrong is not None:
        raise VitrinaError("hashes of 16 hexadecimal digits", repr(wrong), "Make them with `encode`.")
    joined = bytes.fromhex("".join(hashes))
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64)
