"""What staff may do, nobody else may; publishing and undoing in one act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.server.conftest import photo
from vitrina.errors import Conflict, Forbidden, ModelUnavailable, NotFound, Stale
from vitrina.server.app import open_services
from vitrina.server.problems import register_problems
from vitrina.server.settings import Settings
from vitrina.server.staff_routes import staff_routes
from vitrina.services import Principal, Services
from vitrina.services.principal import SESSION_COOKIE

ANA = Principal("ana", "127.0.0.1", is_staff=True)
BEN = Principal("ben", "127.0.0.1", is_staff=True)
VISITOR = Principal(None, "127.0.0.1")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(Settings(data=tmp_path, minimum_free_bytes=0))
    services.store.collections.create("pets", "Pets", labels=("cat", "dog"))
    yield services
    services.close()


@pytest.fixture
def desk(services: Services) -> TestClient:
    """The staff routes, asked by ana with her cookie."""
    app = FastAPI()
    app.include_router(staff_routes(services, max_upload_bytes=1 << 20))
    register_problems(app, language_of=services.language_of)
    services.store.accounts.add("ana", "correct horse battery")
    ana = services.store.accounts.verify("ana", "correct horse battery", address="127.0.0.1")
    assert ana is not None
    token = services.store.accounts.start_session(ana)
    return TestClient(app, base_url="https://testserver", cookies={SESSION_COOKIE: token})


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


def test_a_colleague_in_between_does_not_stop_the_publishing(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [add(services, tmp_path, number) for number in range(3)]
    for picture in pictures:
        services.curation.label(ANA, picture, "cat", expected_version=1, language="en")
    writer, decided = services.store.database.writer, []

    def late() -> object:
        if not decided:
            decided.append(True)
            services.curation.label(BEN, pictures[1], "dog", expected_version=2, language="en")
        return writer()

    monkeypatch.setattr(services.store.database, "writer", late)
    assert services.curation.publish_ready(ANA, "pets")["count"] == 3
    assert services.catalogue.picture(pictures[1], language="en")["label"] == "dog"


def test_one_conflict_does_not_block_the_undo_for_good(services: Services, tmp_path: Path) -> None:
    one, two = add(services, tmp_path, 1), add(services, tmp_path, 2)
    for picture in (one, two):
        services.curation.label(ANA, picture, "cat", expected_version=1, language="en")
    services.curation.label(BEN, two, "dog", expected_version=2, language="en")
    undone = services.curation.undo(ANA, "pets", language="en")
    assert (undone["count"], undone["skipped"], undone["already"]) == (1, 0, False)
    assert [(item["id"], item["label"]) for item in undone["items"]] == [(one, None)]
    with pytest.raises(NotFound, match="Expected something of yours to undo"):
        services.curation.undo(ANA, "pets", language="en")
    assert services.curation.item(ANA, two, language="en")["label"] == "dog"


def test_an_undo_leaves_what_others_changed_and_says_so(services: Services, tmp_path: Path) -> None:
    pictures = [add(services, tmp_path, number) for number in range(3)]
    for picture in pictures:
        services.curation.label(ANA, picture, "cat", expected_version=1, language="en")
    published = services.curation.publish_ready(ANA, "pets")
    services.curation.label(BEN, pictures[0], "dog", expected_version=3, language="en")
    undone = services.curation.undo(ANA, "pets", language="en")
    assert (undone["count"], undone["skipped"]) == (2, 1)
    states = [services.curation.item(ANA, picture, language="en")["state"] for picture in pictures]
    assert states == ["published", "pending", "pending"]
    again = services.curation.undo(ANA, "pets", batch=published["batch"], language="en")
    assert again == {**undone, "already": True}
    with pytest.raises(NotFound) as foreign:
        services.curation.undo(BEN, "pets", batch=published["batch"], language="en")
    assert str(foreign.value) == (
        f"Expected an act of yours in the collection pets; found {published['batch']!r}. "
        "Reload the page, then undo from there."
    )
    services.store.collections.create("birds", "Birds", labels=("robin", "wren"))
    for slug, batch in (("birds", published["batch"]), ("pets", "0" * 32)):
        with pytest.raises(NotFound, match=f"an act of yours in the collection {slug}; found"):
            services.curation.undo(ANA, slug, batch=batch, language="en")


def test_an_undo_sent_twice_is_one(services: Services, desk: TestClient, tmp_path: Path) -> None:
    one, two = add(services, tmp_path, 1), add(services, tmp_path, 2)
    decided = [
        desk.post(f"/backend/api/pictures/{id}/label", json={"label": "cat", "expected_version": 1}).json()
        for id in (one, two)
    ]

    def undo(**body: object) -> httpx.Response:
        return desk.post("/backend/api/collections/pets/undo", **body)  # type: ignore[arg-type]

    first = undo(json={"batch": decided[1]["batch"]})
    second = undo(json={"batch": decided[1]["batch"]})
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["already"] is False
    assert second.json() == {**first.json(), "already": True}
    assert services.curation.item(ANA, one, language="en")["label"] == "cat"
    latest = undo(json={"batch": None})
    assert [item["id"] for item in latest.json()["items"]] == [one]
    services.curation.label(ANA, one, "dog", expected_version=None, language="en")
    assert [item["id"] for item in undo().json()["items"]] == [one]
    assert undo().status_code == 404
    assert undo(json={"batch": "0" * 32}).status_code == 404
    assert undo(json={"batch": 7}).status_code == undo(json={"bach": None}).status_code == 422


def test_an_act_wholly_decided_on_since_is_a_conflict(services: Services, tmp_path: Path) -> None:
    picture = add(services, tmp_path, 1)
    labelled = services.curation.label(ANA, picture, "cat", expected_version=1, language="en")
    services.curation.label(BEN, picture, "dog", expected_version=2, language="en")
    with pytest.raises(Conflict, match=f"no decision on picture {picture} after the one to undo"):
        services.curation.undo(ANA, "pets", batch=labelled["batch"], language="en")


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
    assert spanish["story"][1]["what"] == "El equipo la etiquetó como Cat."
    assert told["address"] == f"/?collection=pets&picture={picture}"
    assert "ana" not in str(told["story"])


def test_a_collection_with_a_model_that_cannot_answer_is_not_made(services: Services) -> None:
    known = [collection.slug for collection in services.store.collections.all()]
    for model in (
        "models/nowhere",
        "bundled/efficientnet-lite0",
    ):  # The second gives a thousand other classes.
        with pytest.raises(ModelUnavailable):
            services.curation.create_collection(
                ANA, slug="x", title="X", labels=["a", "b"], model=model, language="en"
            )
    assert [collection.slug for collection in services.store.collections.all()] == known
