"""One connection: requests are read, answered, spoilt where a fault says so."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from tests.hub import routes
from tests.hub.faults import Fault, flipped
from tests.hub.wire import Answer, Request, Seen

if TYPE_CHECKING:
    from tests.hub.standin import HubStandIn


class Ended(ConnectionError):
    """This connection is over."""


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def hub(self) -> HubStandIn:
        return self.server.hub  # type: ignore[attr-defined]

    def answer(self) -> None:
        path = self.path.split("?")[0]
        found = routes.find(self.command, path)
        self.hub.count(found[0].purpose if found else "unknown")
        fault = self.hub.faults.take(self.command, self.path)
        try:
            reply = self.reply(fault)
        except Ended:
            self.seen(0)
            self.reset()
            return
        self.send(reply, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def reply(self, fault: Fault | None) -> Answer:
        """The answer, the Hub's or the fault's. Ended: there is none."""
        before = fault is not None and fault.when == "before"
        if fault and before and fault.call:
            fault.call()
        body = self.body(fault)
        if fault and before and self.broken(fault):
            return fault.answer()
        request = Request(self.command, self.path, self.headers, body)  # type: ignore[arg-type]
        answer = routes.answer(self.hub.state, request)
        if fault and not before:
            if fault.call:
                fault.call()
            if self.broken(fault):
                return fault.answer()
        return answer

    def broken(self, fault: Fault) -> bool:
        """Whether the fault's own answer goes out. Ended: none goes out."""
        if fault.hang is not None:
            self.hub.closing.wait(fault.hang)
            raise Ended
        if fault.cut and (fault.when == "after" or self.command != "GET"):
            raise Ended
        return fault.status is not None

    def body(self, fault: Fault | None) -> bytes:
        """What was sent; of an upload that is cut, half at most is taken."""
        size = int(self.headers.get("Content-Length") or 0)
        if fault and fault.cut and fault.when == "before" and self.command != "GET":
            self.rfile.read(size // 2)
            raise Ended
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            return b"".join(self.chunks())
        if fault and fault.slow is not None:
            return b"".join(self.trickle(size, fault))
        data = self.rfile.read(size)
        if len(data) < size:
            raise Ended
        return data

    def trickle(self, size: int, fault: Fault) -> Iterator[bytes]:
        while size > 0:
            self.hub.closing.wait(fault.slow)
            piece = self.rfile.read(min(size, fault.piece))
            if not piece:
                raise Ended
            size -= len(piece)
            yield piece

    def chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            piece = self.rfile.read(size)
            if len(piece) < size:
                raise Ended
            self.rfile.readline()
            yield piece
        while self.rfile.readline().strip():
            pass

    def send(self, reply: Answer, fault: Fault | None) -> None:
        body = flipped(reply.body) if fault and fault.flip else reply.body
        cut = fault is not None and fault.cut
        # Before it goes out, so that a test that has the answer finds it counted.
        self.seen(0 if cut else reply.status)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.close_connection = True
        elif fault and fault.slow is not None:
            for begin in range(0, len(body), fault.piece):
                self.wfile.write(body[begin : begin + fault.piece])
                self.wfile.flush()
                if self.hub.closing.wait(fault.slow):
                    break
        else:
            self.wfile.write(body)

    def seen(self, status: int) -> None:
        self.hub.requests.append(Seen(self.command, self.path, status))

    def reset(self) -> None:
        """The connection ends as it does when a machine in between gives up, not politely."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, format: str, *args: object) -> None:
        """Tests stay quiet."""
