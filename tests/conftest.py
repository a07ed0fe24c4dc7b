"""Fixtures for the whole suite: real pictures where they are at hand, no network anywhere."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import MutableMapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def share_the_cores(environment: MutableMapping[str, str]) -> None:
    """A worker of pytest-xdist and the processes it starts compute with their share of the cores.

    Threads beyond the cores wait for one another most of the time. Read when numpy and torch are imported.
    """
    workers = int(environment.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        threads = str(max(1, (os.cpu_count() or 1) // workers))
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment.setdefault(name, threads)


share_the_cores(os.environ)


def pytest_configure(config: pytest.Config) -> None:
    """Workers take the files in the order of collection; by itself, xdist keeps those with few tests for the end."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: at the end there are short ones, and no worker waits long for another."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures beside the checkout; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("TEST_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real pictures are not here: {folder} does not exist (set TEST_SHARED_DATA)")
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that leaves this machine is an error in the test that tried it."""
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: object) -> object:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])  # type: ignore[index]
            local = host == "localhost"
            if not local:
                try:
                    local = ipaddress.ip_address(host).is_loopback
                except ValueError:
                    local = False
            if not local:
                raise RuntimeError(f"a test tried to reach {address!r}; tests run without a network")
        return real_connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
