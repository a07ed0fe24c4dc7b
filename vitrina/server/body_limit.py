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
        body = _Body(receive, most)
        started = False

        async def send_unless_ended(message: Message) -> None:
            # FastAPI answers 400 to whatever keeps it from reading a body: what did is told below.
            nonlocal started
            if body.ended is None or started:
                started = True
                await send(message)

        try:
            await self.app(scope, body.receive, send_unless_ended)
        except RequestEnded as ended:
            if started:  # Nothing true can be said any more; the server closes the connection.
                raise
            body.ended = ended
        if body.ended is not None and not started:
            await answer(body.ended.error, status=body.ended.status)(scope, receive, send)


def _too_large(found: str, most: int) -> PictureRefused:
    return PictureRefused(
        f"a request body of at most {most} bytes",
        found,
        "Send a smaller file, or several requests.",
        reason="too_many_bytes",
    )


class _Body:
    """A request's body, counted and timed; `ended` says why it was given up."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._received = 0
        self._complete = False
        self.ended: RequestEnded | None = None

    async def receive(self) -> Message:
        if self._complete:  # What comes now is the disconnect, which may take as long as the answer.
            return await self._receive()
        left = min(IDLE_SECONDS, self._begun + BODY_SECONDS - self._loop.time())
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError as error:
            slow = PictureRefused(
                f"a body within {BODY_SECONDS:.0f} s and no pause over {IDLE_SECONDS:.0f} s",
                f"{self._received} bytes and then nothing",
                "Send it again.",
                reason="too_slow",
            )
            self.ended = RequestEnded(slow, 408)
            raise self.ended from error
        self._received += len(message.get("body", b""))
        self._complete = message["type"] != "http.request" or not message.get("more_body", False)
        if self._received > self._most:
            self.ended = RequestEnded(_too_large(f"more than {self._most} bytes", self._most))
            raise self.ended
        return message
