"""The small Hub as a server of this machine, for tests or by hand: `python -m tests.hub.standin`."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.hub.answering import Answering
from tests.hub.faults import Fault, Faults
from tests.hub.history import Kind, StoredRepository
from tests.hub.routes import CHANGES, PREPARATIONS
from tests.hub.sign_in import SignIn
from tests.hub.state import READ_TOKEN, TOKEN, HubState
from tests.hub.wire import Seen

# What a child process must not take over from the one that starts it.
STRIPPED = ("HF_", "HUGGINGFACE", "HUGGING_FACE", "TRANSFORMERS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Server(ThreadingHTTPServer):
    """Ends all its connections when it is closed, the idle ones too."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, hub: HubStandIn) -> None:
        super().__init__(("127.0.0.1", port), Answering)
        self.hub = hub
        self.connections: dict[socket.socket, threading.Thread] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self.connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.connections.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is shown, and fails the test that looks."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            self.hub.errors.append(repr(error))
            super().handle_error(request, client_address)

    def end(self) -> None:
        self.shutdown()
        for connection, thread in list(self.connections.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
        self.server_close()


class HubStandIn:
    """A Hub on 127.0.0.1 from `with` to its end. `token` may write, `read_token` may read what is private.

    `requests`: all that came, in the order of their answers. `errors`: what broke inside; stays empty.
    """

    token, read_token = TOKEN, READ_TOKEN

    def __init__(self, *, port: int = 0, state: HubState | None = None) -> None:
        self.state = state or HubState()
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []
        self.closing = threading.Event()
        self.server = Server(port, self)
        self.endpoint = self.state.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> HubStandIn:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """From here on nobody answers; what hangs is let go. Twice is as good as once."""
        if not self.closing.is_set():
            self.closing.set()
            self.server.end()
            self._thread.join()

    def add(
        self, kind: Kind, name: str, files: Mapping[str, bytes] | Path, *, private: bool = False
    ) -> StoredRepository:
        return self.state.add(kind, name, files, private=private)

    def repository(self, kind: Kind, name: str) -> StoredRepository:
        """Its branches, tags, commits, tree(revision), bytes(revision, path). KeyError where there is none."""
        return self.state.repository(kind, name)

    def fault(self, path: str, **how: Any) -> Fault:
        """See `Fault`: `hub.fault("/commit/", method="POST", status=500, when="after")`."""
        fault = Fault(path, **how)
        self.faults.all.append(fault)
        return fault

    def count(self, purpose: str) -> None:
        with self.state.lock:
            self.counts[purpose] += 1

    @property
    def sign_in(self) -> SignIn:
        return self.state.sign_in

    @property
    def writes(self) -> int:
        """How many requests came that change something, let in or not."""
        return sum(self.counts[purpose] for purpose in CHANGES)

    @property
    def preparations(self) -> int:
        """How many came that ask only in order to change something afterwards (preupload, batch, validate)."""
        return sum(self.counts[purpose] for purpose in PREPARATIONS)

    def environment(self, cache: Path, *, token: str | None = None) -> dict[str, str]:
        """For a child process: this Hub, a cache of its own, no token but the one given."""
        kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(STRIPPED)}
        return kept | {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(cache),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            # Its uploads and downloads go past the Hub's own API, to servers that are not here.
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            **({"HF_TOKEN": token} if token else {}),
        }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hub.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--add",
        nargs=3,
        action="append",
        default=[],
        metavar=("KIND", "NAME", "FOLDER"),
        help="from the start",
    )
    told = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with HubStandIn(port=told.port) as hub:
        for kind, name, folder in told.add:
            hub.add(kind, name, Path(folder))
        print(f"HF_ENDPOINT={hub.endpoint} HF_TOKEN={hub.token} HF_HUB_DISABLE_XET=1", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
