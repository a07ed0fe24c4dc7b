"""Two models that anybody may publish, a service layer with one collection for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.made import SCHEME
from tests.services.made_versions import content_of, model_folder
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.release import Content
from vitrina.server.app import open_services
from vitrina.server.settings import Settings
from vitrina.services import Services


@pytest.fixture(scope="session")
def contents(tmp_path_factory: pytest.TempPathFactory) -> tuple[Content, Content]:
    """What v1 and v2 are made of; they answer otherwise."""
    place = tmp_path_factory.mktemp("versions")
    one, two = (content_of(model_folder(place / name, seed)) for seed, name in enumerate(("first", "second")))
    return one, two


@pytest.fixture
def repository(tmp_path: Path) -> FolderRepository:
    return FolderRepository(tmp_path / "food")


def services_in(data: Path) -> Services:
    """Over the store there; an empty one gets the collection "pets"."""
    (data / "recipes").mkdir(parents=True, exist_ok=True)
    services = open_services(Settings(data=data, minimum_free_bytes=0, recipes=data / "recipes"))
    if not services.store.collections.all():
        services.store.collections.create("pets", "Pets", labels=SCHEME.names)
    return services


@pytest.fixture
def pets(tmp_path: Path) -> Iterator[Services]:
    services = services_in(tmp_path / "data")
    yield services
    services.close()
