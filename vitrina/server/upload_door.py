"""Gradio's upload door: paced, within a budget of bytes, shut while the disk is nearly full."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from vitrina.errors import OutOfSpace, TooMany
from vitrina.server.problems import answer
from vitrina.services.pace import Pace

# Gradio keeps what was uploaded for a while (vitrina/pages/cache.py), whoever sent it: all of it together may take
# this much of the disk.
BUDGET_BYTES = 1 << 30


class UploadDoor:
    """Lets a POST to Gradio's upload route pass, or answers 429 or 507 (safety rules 9 and 10).

    A body that does not declare its length counts as `max_bytes`. `clock` gives seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_minute: int,
        folder: Path,
        minimum_free_bytes: int,
        max_bytes: int,
        kept_seconds: float,
        budget_bytes: int = BUDGET_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # What bounds the door, each part by its name: more than six on purpose.
        self.app = app
        self.pace = Pace(per_minute=per_minute)
        self.folder = folder
        self.minimum_free_bytes = minimum_free_bytes
        self.max_bytes = max_bytes
        self.kept_seconds = kept_seconds
        self.budget_bytes = budget_bytes
        self._clock = clock
        # Requests run on one event loop: no lock is needed.
        self._kept: deque[tuple[float, int]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and scope["path"].rstrip("/").endswith("/gradio_api/upload")
        ):
            try:
                self.pace.take((scope.get("client") or ("unknown", 0))[0], what="uploads")
                self._admit(Headers(scope=scope).get("content-length", ""))
            except (TooMany, OutOfSpace) as error:
                await answer(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _admit(self, declared: str) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < self.minimum_free_bytes:
            raise OutOfSpace(
                f"{self.minimum_free_bytes} bytes free on the disk",
                f"{free}",
                "Try again when the collection's staff have made room.",
            )
        now, size = self._clock(), int(declared) if declared.isdecimal() else self.max_bytes
        while self._kept and self._kept[0][0] <= now - self.kept_seconds:
            self._kept.popleft()
        if sum(kept for _, kept in self._kept) + size > self.budget_bytes:
            wait = max(1, round(self._kept[0][0] + self.kept_seconds - now)) if self._kept else 60
            raise TooMany(
                f"at most {self.budget_bytes} bytes of uploads in {self.kept_seconds:.0f} seconds",
                "more",
                f"Wait {wait} seconds.",
                wait_seconds=wait,
            )
        self._kept.append((now, size))
