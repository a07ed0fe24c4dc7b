"""A store in a folder of its own, the real decoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gallery_made import LABELS, Filler

from vitrina.decoder import Decoder
from vitrina.gallery.store import Store


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/vitrina.db", tmp_path / "files", minimum_free_bytes=0) as store:
        store.collections.create("photos", "Photos", labels=LABELS)
        yield store


@pytest.fixture
def fill(store: Store, decoder: Decoder, tmp_path: Path) -> Filler:
    return Filler(store, decoder, tmp_path / "made")
