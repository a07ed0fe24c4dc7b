"""Fixtures for the whole suite: real pictures where they are at hand, no network anywhere."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
