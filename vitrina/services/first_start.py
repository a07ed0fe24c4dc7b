"""How far the first start has come."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from vitrina.services.wording import sentence


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done (a key of the wording) and how much of it: `done` of `of` pictures."""

    doing: str
    done: int
    of: int


class FirstStart:
    """Written by the thread that prepares the first collection, read by every page. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stages: dict[str, Stage] = {}
        self._failed: dict[str, str] = {}

    def report(self, slug: str, doing: str, done: int = 0, of: int = 0) -> None:
        """The work on collection `slug` has come to this stage."""
        with self._lock:
            self._failed.pop(slug, None)
            self._stages[slug] = Stage(doing, done, of)

    def finish(self, slug: str) -> None:
        """The work on `slug` is done."""
        with self._lock:
            self._stages.pop(slug, None)

    def fail(self, slug: str, message: str) -> None:
        """The work on `slug` ended with an error, which the pages then show."""
        with self._lock:
            self._stages.pop(slug, None)
            self._failed[slug] = message

    def is_running(self, slug: str) -> bool:
        """Whether `slug` is still being prepared."""
        with self._lock:
            return slug in self._stages

    def failure(self, slug: str) -> str | None:
        """Why the work on `slug` ended, where it did not end well."""
        with self._lock:
            return self._failed.get(slug)

    def view(self, language: str, *, slug: str | None = None) -> dict[str, object] | None:
        """{running, doing, done, of} of `slug` (of any collection when None); None when there is nothing to say."""
        with self._lock:
            stages = {k: v for k, v in self._stages.items() if slug in (None, k)}
            failed = {k: v for k, v in self._failed.items() if slug in (None, k)}
        for stage in stages.values():
            doing = sentence(language, f"progress_{stage.doing}")
            return {"running": True, "doing": doing, "done": stage.done, "of": stage.of}
        for message in failed.values():
            doing = sentence(language, "progress_failed", message=message)
            return {"running": False, "doing": doing, "done": 0, "of": 0}
        return None
