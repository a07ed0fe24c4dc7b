"""How often one address may ask."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from vitrina.errors import TooMany


class Pace:
    """A token bucket for each address: `per_minute` at once, refilled evenly over a minute.

    At most `addresses` buckets are kept, the longest unused forgotten first, so that memory stays bounded
    whoever calls. Thread-safe. `clock` gives seconds.
    """

    def __init__(
        self, *, per_minute: int, addresses: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_minute = per_minute
        self.addresses = addresses
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, *, what: str = "requests") -> None:
        """Take one token; raises TooMany, which says how many seconds to wait, when there is none."""
        now = self._clock()
        with self._lock:
            tokens, seen = self._buckets.pop(address, (float(self.per_minute), now))
            tokens = min(self.per_minute, tokens + (now - seen) * self.per_minute / 60)
            allowed = tokens >= 1
            self._buckets[address] = (tokens - 1 if allowed else tokens, now)
            while len(self._buckets) > self.addresses:
                self._buckets.popitem(last=False)
        if not allowed:
            wait = max(1, round((1 - tokens) * 60 / self.per_minute))
            raise TooMany(
                f"at most {self.per_minute} {what} a minute from one address",
                "more",
                f"Wait {wait} seconds.",
                wait_seconds=wait,
            )
