"""What is asked of a split."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from vitrina.errors import BadRequest

SIDES = ("train", "validation", "test")


@dataclass(frozen=True)
class SplitRequest:
    """Shares of the pictures, 0 to 1 and 1 in all, under the names of SIDES; `seed` says which of the many splits.

    A side that is not named has the share 0. Raises BadRequest.
    """

    shares: Mapping[str, float]
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.shares) - set(SIDES))
        if unknown:
            raise BadRequest(
                f"shares for {', '.join(SIDES)}",
                ", ".join(map(repr, unknown)),
                "Correct the names of the sides.",
            )
        told = ", ".join(f"{side} {self.shares[side]:g}" for side in SIDES if side in self.shares) or "none"
        if not all(math.isfinite(share) and share >= 0 for share in self.shares.values()):
            raise BadRequest("shares of 0 or more", told, "Correct the shares of the split.")
        if abs(sum(self.shares.values()) - 1) > 1e-6:
            raise BadRequest(
                "shares that add up to 1",
                f"{told}: {sum(self.shares.values()):g} in all",
                "Correct the shares of the split.",
            )

    @property
    def sides(self) -> list[str]:
        """The sides that get pictures, in the order of SIDES."""
        return [side for side in SIDES if self.shares.get(side, 0) > 0]

    def narrowed(self, sides: list[str]) -> SplitRequest:
        """The same request for some of the sides, their shares in the same proportion. Raises BadRequest."""
        whole = sum(self.shares.get(side, 0) for side in sides) or 1
        return SplitRequest({side: self.shares.get(side, 0) / whole for side in sides}, self.seed)


def lot(key: str, *, seed: int) -> bytes:
    """The place of `key` in a random order, 32 bytes to sort by: it hangs on the key and the seed alone."""
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()
