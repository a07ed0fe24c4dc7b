"""How many bytes of uploads may lie on the disk at one time."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

from vitrina.errors import TooMany


class UploadBudget:
    """`total` bytes for all together, `each` for one address, every byte for `kept_seconds` after its upload.

    Only bytes that arrived count. Requests run on one event loop: it takes no lock. `clock` gives seconds.
    """

    def __init__(
        self, *, total: int, each: int, kept_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.each = each
        self.kept_seconds = kept_seconds
        self._clock = clock
        self._settled: deque[tuple[float, str, int]] = deque()
        self._by_address: Counter[str] = Counter()

    def require_room(self, address: str, size: int) -> None:
        """Raises TooMany where `size` bytes more from `address` are too many."""
        self._forget()
        if self._by_address[address] + size > self.each:
            raise self._too_many(self.each, " from one address", address)
        if self._by_address.total() + size > self.total:
            raise self._too_many(self.total, "", None)

    def open(self, address: str) -> Claim:
        """The claim of an upload that begins, of no bytes yet."""
        return Claim(self, address)

    def _take(self, address: str, size: int) -> None:
        self.require_room(address, size)
        self._by_address[address] += size

    def _settle(self, address: str, size: int) -> None:
        if size:
            self._settled.append((self._clock() + self.kept_seconds, address, size))

    def _forget(self) -> None:
        now = self._clock()
        while self._settled and self._settled[0][0] <= now:
            _, address, size = self._settled.popleft()
            self._by_address[address] -= size
            if not self._by_address[address]:
                del self._by_address[address]

    def _too_many(self, most: int, whose: str, address: str | None) -> TooMany:
        ends = (end for end, whom, _ in self._settled if address in (None, whom))
        wait = max(1, round(next(ends, self._clock() + 60) - self._clock()))
        return TooMany(
            f"at most {most} bytes of uploads{whose} in {self.kept_seconds:.0f} seconds",
            "more",
            f"Wait {wait} seconds.",
            wait_seconds=wait,
        )


class Claim:
    """The bytes of one upload, from the first that arrives; `settle` it when the request is over."""

    def __init__(self, budget: UploadBudget, address: str) -> None:
        self._budget = budget
        self._address = address
        self.size = 0

    def add(self, size: int) -> None:
        """Count `size` bytes that arrived. Raises TooMany; they do not count then."""
        self._budget._take(self._address, size)
        self.size += size

    def settle(self) -> None:
        """What arrived lies on the disk from now on, also of an upload that was cut off or refused."""
        self._budget._settle(self._address, self.size)
        self.size = 0
