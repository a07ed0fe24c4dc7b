"""What an archive or a file of arrays may cost, and the counters that hold it to that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from vitrina.errors import PictureRefused
from vitrina.images import Limits, read_bytes

MIB = 1024 * 1024
GIB = 1024 * MIB
_PIECE = 256 * 1024
_ALONE = "Take the picture out of the archive, or out of the data, and give it as a file of its own."


@dataclass(frozen=True)
class ArchiveLimits:
    """`entries`: most entries of an archive. `entry_bytes`, `archive_bytes`: most bytes of one entry and of all
    together, unpacked. `ratio`: most bytes unpacked for each byte packed. `array_bytes`, `frames`: most bytes that
    one array of pictures may declare, most pictures in it. `chunk_bytes`: most bytes that must be unpacked at once
    for one picture of an array.
    """

    entries: int = 5_000
    entry_bytes: int = 256 * MIB
    archive_bytes: int = 16 * GIB
    ratio: int = 100
    array_bytes: int = 64 * GIB
    frames: int = 1_000_000
    chunk_bytes: int = 256 * MIB


DEFAULT_ARCHIVE_LIMITS = ArchiveLimits()


class Stream(Protocol):
    """Anything that gives bytes forward."""

    def read(self, size: int, /) -> bytes: ...


class Budget:
    """Counts the bytes that come out of one archive in one pass."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self.spent = 0

    def take(self, stream: Stream, *, size: int, packed: int | None, limits: Limits) -> bytes:
        """One entry, read to its end: `size` bytes are declared, `packed` bytes hold it (None: not known).

        Raises PictureRefused: too_many_bytes, truncated (fewer bytes than declared), empty.
        """
        most = min(limits.max_bytes, self.limits.entry_bytes)
        pieces: list[bytes] = []
        got = 0
        # One byte more than may be tells a file that is too large from one that just fits.
        while got <= most and (piece := stream.read(min(_PIECE, most + 1 - got))):
            pieces.append(piece)
            got += len(piece)
            self.spend(len(piece))
            if packed is not None and got > self.limits.ratio * packed:
                raise over_ratio(self.limits)
        if got <= most and got < size:
            raise cut_short()
        return read_bytes(b"".join(pieces), limits=replace(limits, max_bytes=most))

    def spend(self, number: int) -> None:
        """Count `number` more bytes. Raises PictureRefused once the archive's budget is used up."""
        self.spent += number
        if self.spent > self.limits.archive_bytes:
            raise PictureRefused(
                f"an archive of at most {self.limits.archive_bytes:,} bytes unpacked",
                "more",
                "Divide the archive into smaller ones.",
                reason="too_many_bytes",
            )


def over_ratio(limits: ArchiveLimits) -> PictureRefused:
    """Refusal of what unpacks to far more than it takes up."""
    expected = f"at most {limits.ratio} bytes unpacked for each byte packed"
    return PictureRefused(expected, "more", _ALONE, reason="too_many_bytes")


def cut_short() -> PictureRefused:
    """Refusal of what ends before its declared size."""
    next_step = "Copy the file again from where it came, or save it anew."
    return PictureRefused("a whole picture", "one that is cut short", next_step, reason="truncated")


def damaged(detail: str = "") -> PictureRefused:
    """Refusal of an entry that cannot be unpacked; `detail` are the words of the library that tried."""
    said = "".join(c for c in detail if c.isprintable())[:100]
    found = f"one that cannot be unpacked{f' ({said})' if said else ''}"
    next_step = "Copy the archive again from where it came, or make it anew."
    return PictureRefused("a sound entry", found, next_step, reason="corrupt")


def gone() -> PictureRefused:
    """Refusal of what was listed but is not there when it is read."""
    return PictureRefused(
        "what was there when the archive was opened",
        "that it is there no more",
        "Leave the file as it is while it is read, then begin again.",
        reason="not_a_picture",
    )
