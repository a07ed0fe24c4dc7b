"""Serving the app on one address until it is told to stop."""

from __future__ import annotations

import socket
import sys

from fastapi import FastAPI

from vitrina.errors import VitrinaError
from vitrina.server.settings import Settings


def serve(app: FastAPI, settings: Settings) -> None:
    """Run until SIGINT or SIGTERM. Raises VitrinaError when the port is taken."""
    import uvicorn

    config = uvicorn.Config(
        app,
        host=settings.server_name,
        port=settings.server_port,
        log_level="warning",
        # The app reads X-Forwarded-For itself, from the right: uvicorn would believe what the caller wrote.
        proxy_headers=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        server_header=False,
    )
    listener = _listen(settings)
    print(
        f"Vitrina is at http://{settings.server_name}:{settings.server_port} (Ctrl+C ends it)",
        file=sys.stderr,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.server_name else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.server_name, settings.server_port))
    except OSError as error:
        listener.close()
        raise VitrinaError(
            f"a free port {settings.server_port} on {settings.server_name}",
            error.strerror or str(error),
            "End the program that uses it, or set GRADIO_SERVER_PORT to another number.",
        ) from error
    return listener
