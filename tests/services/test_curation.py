"""What staff may do, nobody else may; publishing and undoing in one act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import photo
from vitrina.errors import Forbidden, NotFound, Stale
from vitrina.server.app import open_services
from vitrina.server.settings import Settings
from vitrina.services import Principal, Services

ANA = Principal("ana", "127.0.0.1", is_staff=True)
BEN = Principal("ben", "127.0.0.1", is_staff=True)
VISITOR = Principal(None, "127.0.0.1")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(Settings(data=tmp_path, minimum_free_bytes=0))
    services.store.collections.create("pets", "Pets", labels=("cat", "dog"))
    yield services
    services.close()


def add(services: Services, tmp_path: Path, number: int) -> int:
    path = tmp_path / f"{number}.jpg"
    path.write_bytes(photo(number))
    ingest = services.store.ingest(services.decoder)
    return ingest.accept(path, slug="pets", source="test", file_name=path.name, actor="staff:ana").picture.id


def test_every_method_of_curation_refuses_a_visitor(services: Services, tmp_path: Path) -> None:
    picture = add(services, tmp_path, 1)
    curation = services.curation
    calls = {
        "collections": lambda: curation.collections(VISITOR, "en"),
        "create_collection": lambda: curation.create_collection(
            VISITOR, slug="x", title="X", labels=["a", "b"], model=None, language="en"
        ),
        "queue": lambda: curation.queue(VISITOR, "pets"),
        "item": lambda: curation.item(VISITOR, picture, language="en"),
        "upload": lambda: curation.upload(VISITOR, None, slug="pets", file_name="x", language="en"),  # type: ignore[arg-type]
        "label": lambda: curation.label(VISITOR, picture, "cat", expected_version=None, language="en"),
        "move": lambda: curation.move(VISITOR, picture, "trash", expected_version=None, language="en"),
        "publish_ready": lambda: curation.publish_ready(VISITOR, "pets"),
        "undo": lambda: curation.undo(VISITOR, "pets", language="en"),
    }
    public = {
        name for name in dir(curation) if not name.startswith("_") and callable(getattr(curation, name))
    }
    public -= {"store", "classifiers", "decoder"}
    assert set(calls) == public
    for call in calls.values():
        with pytest.raises(Forbidden) as error:
            call()
        assert str(error.value) == (
            "Expected a signed-in member of staff; found a visitor. Sign in at /backend/sign-in."
        )
    for forbidden in (
        lambda: services.trial.logged(VISITOR, slug=None, offset=0, limit=1),
        lambda: services.trial.reset(VISITOR, slug=None),
        lambda: services.trial.restore(VISITOR, "0" * 32),
    ):
        with pytest.raises(Forbidden):
            forbidden()


def test_a_hundred_and_more_are_published_and_taken_back_in_one_act(
    services: Services, tmp_path: Path
) -> None:
    for number in range(105):
        picture = add(services, tmp_path, number)
        services.curation.label(ANA, picture, "cat", expected_version=1, language="en")
    published = services.curation.publish_ready(ANA, "pets")
    assert published["count"] == 105
    assert services.catalogue.collection("pets", "en")["total"] == 105
    undone = services.curation.undo(ANA, "pets", language="en")
    assert undone["count"] == 105
    assert undone["undone"] == "ana published it to the gallery."
    assert services.catalogue.collection("pets", "en")["total"] == 0
    assert services.curation.publish_ready(BEN, "pets")["count"] == 105
    assert services.curation.publish_ready(BEN, "pets") == {"batch": None, "count": 0}


def test_two_staff_at_one_picture(services: Services, tmp_path: Path) -> None:
    picture = add(services, tmp_path, 1)
    services.curation.label(ANA, picture, "cat", expected_version=1, language="en")
    with pytest.raises(Stale):
        services.curation.label(BEN, picture, "dog", expected_version=1, language="en")
    with pytest.raises(NotFound) as nothing:
        services.curation.undo(BEN, "pets", language="en")
    assert str(nothing.value) == (
        "Expected something of yours to undo; found nothing. Decide something first; each decision can be undone."
    )


def test_the_story_in_both_languages_without_names(services: Services, tmp_path: Path) -> None:
    picture = add(services, tmp_path, 1)
    services.curation.label(ANA, picture, "cat", expected_version=None, language="en")
    services.curation.publish_ready(ANA, "pets")
    told = services.catalogue.picture(picture, language="en")
    assert [line["what"] for line in told["story"]] == [
        "A member of staff uploaded it.",
        "A member of staff labelled it Cat.",
        "A member of staff published it to the gallery.",
    ]
    spanish = services.catalogue.picture(picture, language="es")
    assert spanish["story"][1]["what"] == "El personal la etiquetó como Cat."
    assert told["address"] == f"/?collection=pets&picture={picture}"
    assert "ana" not in str(told["story"])
