"""Work that goes on in the background where it takes longer than one waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Errands(Generic[T]):
    """At most one errand of each name is under way; who asks for it again waits for the same one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[T]] = {}

    def result(self, name: str, work: Callable[[], T], *, seconds: float) -> T:
        """What `work` gives, or raises. Raises TimeoutError after `seconds`; the work goes on, and its result is kept
        for whoever asks next."""
        with self._lock:
            # What nobody came back for (a model, perhaps) does not stay in memory.
            for other in [key for key, one in self._under_way.items() if key != name and one.done()]:
                del self._under_way[other]
            future = self._under_way.get(name)
            if future is None:
                future = self._under_way[name] = Future()
                # A daemon: a far end that hangs must not keep the server from ending.
                threading.Thread(target=_run, args=(future, work), name=name, daemon=True).start()
        try:
            return future.result(timeout=seconds)
        finally:
            if future.done():
                with self._lock:
                    self._under_way.pop(name, None)


def _run(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    # Whatever it is: whoever waits is told.
    except BaseException as problem:
        future.set_exception(problem)
