"""How often one address may ask."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from vitrina.errors import TooMany


def asker(address: str) -> str:
    """Whom an address counts as: itself for IPv4, its /64 for IPv6, of which one caller has a whole one.

    An IPv4 address written as IPv6 counts as IPv4; text that is no address counts as itself.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


class Pace:
    """A token bucket for each asker: `per_minute` at once, refilled evenly over a minute.

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
        now, key = self._clock(), asker(address)
        with self._lock:
            tokens, seen = self._buckets.pop(key, (float(self.per_minute), now))
            tokens = min(self.per_minute, tokens + (now - seen) * self.per_minute / 60)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - 1 if allowed else tokens, now)
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
