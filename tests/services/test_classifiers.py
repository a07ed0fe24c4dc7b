"""Which model answers, which goes on answering, what is said where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import photo
from vitrina.errors import ModelUnavailable
from vitrina.server.app import open_services
from vitrina.server.settings import Settings
from vitrina.services import Services
from vitrina.services.classifiers import Classifiers
from vitrina.starter import ensure_collections

SLUG = "restaurant-photos"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(Settings(data=tmp_path / "data", minimum_free_bytes=0))
    ensure_collections(services)
    yield services
    services.close()


def test_the_former_model_goes_on_answering(services: Services) -> None:
    classifiers = services.classifiers
    former = classifiers.get(SLUG)
    assert former.predict([photo(1)])[0].revision == former.revision
    services.store.collections.set_model(SLUG, model="models/gone", revision=None)
    # It may be a name on the Hub: it is loaded in the background, and nobody waits for it.
    assert classifiers.get(SLUG) is former
    classifiers.warm(SLUG)
    assert classifiers.get(SLUG) is former
    assert classifiers.state(SLUG).kind == "failed"
    assert "models/gone" in classifiers.state(SLUG).found


def test_a_model_that_fails_is_left_alone_for_a_minute(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, tries = [0.0], []
    classifiers = Classifiers(
        services.store,
        services.classifiers.recipes,
        data=services.classifiers.data,
        first_start=services.first_start,
        clock=lambda: now[0],
    )

    def broken(collection: object) -> None:
        tries.append(now[0])
        raise RuntimeError("a damaged file")

    # Stands for whatever a library raises at damaged weights; loading itself is tested with real ones.
    monkeypatch.setattr(classifiers, "_load", broken)
    for at in (0.0, 1.0, 59.0, 61.0):
        now[0] = at
        with pytest.raises(ModelUnavailable) as error:
            classifiers.get(SLUG)
    assert tries == [0.0, 61.0]
    assert str(error.value) == (
        "Expected a model that loads from bundled/efficientnet-lite0; found RuntimeError: a damaged file. "
        "Save the model again, or set the collection to another one."
    )
    assert classifiers.state(SLUG).kind == "failed"


def test_another_revision_than_the_pinned_one_does_not_serve(services: Services) -> None:
    services.store.collections.set_model(SLUG, model="bundled/efficientnet-lite0", revision="another@1")
    with pytest.raises(
        ModelUnavailable, match="Expected revision another@1 of bundled/efficientnet-lite0; found"
    ):
        services.classifiers.get(SLUG)


def test_a_collection_without_a_model_says_so(services: Services) -> None:
    services.store.collections.create("bare", "Bare", labels=("a", "b"))
    assert services.classifiers.state("bare").kind == "none"
    with pytest.raises(ModelUnavailable, match="Expected a model for 'bare'; found no model set"):
        services.classifiers.get("bare")
