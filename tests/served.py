"""The product as a person runs it: `python app.py` in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent

# Loaded by Python before anything else: every connection that would leave the machine is written down, refused.
NO_NETWORK = """
import ipaddress, os, socket
_connect, _resolve = socket.socket.connect, socket.getaddrinfo
def _local(host):
    try:
        return host in ("localhost", "", None) or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
def _refuse(host):
    with open(os.environ["NETWORK_ATTEMPTS"], "a") as log:
        log.write(f"{host}\\n")
    raise OSError("there is no network")
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _local(address[0]):
        _refuse(address[0])
    return _connect(self, address)
def getaddrinfo(host, *arguments, **options):
    if not _local(host):
        _refuse(host)
    return _resolve(host, *arguments, **options)
socket.socket.connect, socket.getaddrinfo = connect, getaddrinfo
"""


@dataclass
class Server:
    """A running server. `attempts` lists the hosts it tried to reach; there should be none."""

    address: str
    process: subprocess.Popen[bytes]
    data: Path
    attempts_file: Path
    log_file: Path

    @property
    def attempts(self) -> list[str]:
        return self.attempts_file.read_text().split() if self.attempts_file.exists() else []

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def processes(self) -> list[int]:
        """The server and its children (decoder workers)."""
        found = [self.process.pid]
        for path in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            # A thread may end between the listing and the look.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, path.read_text().split())
        return found

    def peak_bytes(self) -> int:
        """The highest resident size so far of the server itself, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024

    def wait_ready(self, *, seconds: float = 240) -> dict[str, str]:
        """Until every model that will answer does; the models' states."""
        end = time.monotonic() + seconds
        with asking() as client:
            while True:
                models: dict[str, str] = client.get(f"{self.address}/health").json()["models"]
                if not set(models.values()) & {"loading", "training"}:
                    return models
                assert time.monotonic() < end, f"not ready: {models}\n{self.log}"
                time.sleep(0.25)


def asking() -> httpx.Client:
    """For questions asked again and again. Without certificates: to load them takes longer than to be answered."""
    return httpx.Client(timeout=30, verify=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    folder: Path,
    *,
    data: Path | None = None,
    python: str = sys.executable,
    root: Path = ROOT,
    **settings: str,
) -> Iterator[Server]:
    """`python app.py` on a free port with no network, ended by SIGTERM. `settings` are VITRINA_ variables."""
    folder.mkdir(parents=True, exist_ok=True)
    data = data or folder / "data"
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(NO_NETWORK)
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VITRINA_", "GRADIO_", "HF_"))}
    environment |= {f"VITRINA_{name.upper()}": value for name, value in settings.items()}
    environment |= {
        "VITRINA_DATA": str(data),
        "GRADIO_SERVER_PORT": str(port),
        "PYTHONPATH": str(folder / "site"),
        "NETWORK_ATTEMPTS": str(folder / "attempts"),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([python, "app.py"], cwd=root, env=environment, stdout=log, stderr=log)
        server = Server(f"http://127.0.0.1:{port}", process, data, folder / "attempts", folder / "log")
        try:
            _await(server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(server: Server) -> None:
    end = time.monotonic() + 120
    with asking() as client:
        while True:
            assert server.process.poll() is None, server.log
            try:
                client.get(f"{server.address}/health")
                return
            except httpx.HTTPError:
                assert time.monotonic() < end, server.log
                time.sleep(0.1)
