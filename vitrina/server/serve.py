"""Serving the app on one address until it is told to stop."""

from __future__ import annotations

import socket
import sys

from fastapi import FastAPI

from vitrina.errors import VitrinaError
from vitrina.server.settings import Settings


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on; who connects before the app is ready waits. Raises VitrinaError where the port
    is taken.
    """
    family = socket.AF_INET6 if ":" in settings.server_name else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.server_name, settings.server_port))
        # At once: with the option above, two could bind the port while neither listens.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise VitrinaError(
            f"a free port {settings.server_port} on {settings.server_name}",
            error.strerror or str(error),
            "End the program that uses it, or set GRADIO_SERVER_PORT to another number.",
        ) from error
    return listener


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Run until SIGINT or SIGTERM."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        # The app reads X-Forwarded-For itself, from the right: uvicorn would believe what the caller wrote.
        proxy_headers=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        server_header=False,
    )
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Vitrina is at http://{shown}:{port} (Ctrl+C ends it)", file=sys.stderr)
    uvicorn.Server(config).run(sockets=[listener])
