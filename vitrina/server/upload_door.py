"""Gradio's upload door: paced, within a budget of bytes, shut while the disk is nearly full."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitrina.errors import OutOfSpace, TooMany
from vitrina.server.problems import RequestEnded, answer
from vitrina.server.upload_budget import UploadBudget
from vitrina.services.pace import Pace, asker

# Gradio keeps what was uploaded for a while (vitrina/pages/cache.py), whoever sent it: all of it together may take
# this much of the disk, what came from one address an eighth of it.
BUDGET_BYTES = 1 << 30
SHARES = 8
_ASK_EVERY = 1 << 20


class UploadDoor:
    """Lets a POST to Gradio's upload route pass, or answers 429 or 507 (safety rules 9 and 10).

    What arrives is counted while it arrives; a body that is refused underway ends there. One upload of
    `max_bytes` is always within an address's share. `clock` gives seconds.
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
        each = max(budget_bytes // SHARES, max_bytes)
        self.budget = UploadBudget(total=budget_bytes, each=each, kept_seconds=kept_seconds, clock=clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inside = scope["path"].rstrip("/").endswith("/gradio_api/upload") if "path" in scope else False
        if scope["type"] != "http" or scope["method"] != "POST" or not inside:
            await self.app(scope, receive, send)
            return
        address = asker((scope.get("client") or ("unknown", 0))[0])
        declared = Headers(scope=scope).get("content-length", "")
        size = int(declared) if declared.isdecimal() else 0
        try:
            self.pace.take(address, what="uploads")
            self._require_space(size)
            self.budget.require_room(address, size)
        except (TooMany, OutOfSpace) as error:
            await answer(error)(scope, receive, send)
            return
        claim = self.budget.open(address)

        async def counted() -> Message:
            message = await receive()
            before = claim.size // _ASK_EVERY
            try:
                claim.add(len(message.get("body", b"")))
                if claim.size // _ASK_EVERY > before:
                    self._require_space(0)
            except (TooMany, OutOfSpace) as error:
                raise RequestEnded(error) from error
            return message

        try:
            await self.app(scope, counted, send)
        finally:
            claim.settle()

    def _require_space(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free - size < self.minimum_free_bytes:
            raise OutOfSpace(
                f"{self.minimum_free_bytes} bytes free on the disk",
                f"{max(0, free - size)}",
                "Try again when the collection's staff have made room.",
            )
