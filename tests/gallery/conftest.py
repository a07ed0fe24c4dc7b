"""A store of its own on each of the two databases, the real decoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gallery_made import LABELS, Filler

from tests.postgres import TEMPLATE, Cluster, cluster
from vitrina.decoder import Decoder
from vitrina.gallery.store import Store


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own: a file that is made, or a server's copy of one with the tables in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/vitrina.db"
        return
    postgres: Cluster = request.getfixturevalue("postgres")
    with postgres.database(TEMPLATE) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that is not there yet, or has no table yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/fresh.db"
        return
    postgres: Cluster = request.getfixturevalue("postgres")
    with postgres.database() as url:
        yield url


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    with Store.open(database_url, tmp_path / "files", minimum_free_bytes=0) as store:
        store.collections.create("photos", "Photos", labels=LABELS)
        yield store


@pytest.fixture
def fill(store: Store, decoder: Decoder, tmp_path: Path) -> Filler:
    return Filler(store, decoder, tmp_path / "made")
