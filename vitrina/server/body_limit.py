"""How large a request's body may be, how long it may take."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitrina.errors import PictureRefused
from vitrina.server.problems import RequestEnded, answer

IDLE_SECONDS = 30.0
BODY_SECONDS = 300.0
# The doors that take a picture write it to a file while it arrives. All others parse what they get as a whole,
# on the one event loop: megabytes of JSON would hold up everybody.
LARGE_DOORS = frozenset({"/predict", "/backend/pictures", "/gradio_api/upload", "/backend/gradio_api/upload"})
SMALL_BYTES = 64 * 1024


class BodyLimit:
    """Ends a request whose body is too large, idle for 30 s, or longer than 300 s under way.

    Too large: over `max_bytes` on LARGE_DOORS, over SMALL_BYTES on every other path.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        large = scope["method"] == "POST" and scope["path"] in LARGE_DOORS
        most = self.max_bytes if large else SMALL_BYTES
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            await answer(_too_large(f"{declared} bytes", most))(scope, receive, send)
            return
        started = False

        async def watch_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, _counted(receive, most), watch_start)
        except RequestEnded as ended:
            if started:  # Nothing true can be said any more; the server closes the connection.
                raise
            await answer(ended.error, status=ended.status)(scope, receive, send)


def _too_large(found: str, most: int) -> PictureRefused:
    return PictureRefused(
        f"a request body of at most {most} bytes",
        found,
        "Send a smaller file, or several requests.",
        reason="too_many_bytes",
    )


def _counted(receive: Receive, most: int) -> Receive:
    loop = asyncio.get_running_loop()
    begun, received, complete = loop.time(), 0, False

    async def counted() -> Message:
        nonlocal received, complete
        if complete:  # What comes now is the disconnect, which may take as long as the answer.
            return await receive()
        left = min(IDLE_SECONDS, begun + BODY_SECONDS - loop.time())
        try:
            message = await asyncio.wait_for(receive(), max(left, 0.001))
        except TimeoutError as error:
            slow = PictureRefused(
                f"a body within {BODY_SECONDS:.0f} s and no pause over {IDLE_SECONDS:.0f} s",
                f"{received} bytes and then nothing",
                "Send it again.",
                reason="too_slow",
            )
            raise RequestEnded(slow, 408) from error
        received += len(message.get("body", b""))
        complete = message["type"] != "http.request" or not message.get("more_body", False)
        if received > most:
            raise RequestEnded(_too_large(f"more than {most} bytes", most))
        return message

    return counted
