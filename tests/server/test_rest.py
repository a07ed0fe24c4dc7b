"""REST: predict, the log, the reset, health, with the real bundled model."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.server.conftest import HOST, Running, photo, piecemeal, post_piecemeal, written
from vitrina.errors import Busy, OutOfSpace, TooMany
from vitrina.server import body_limit
from vitrina.server.problems import answer
from vitrina.server.rest import PLACES
from vitrina.server.uploads import Places


@pytest.fixture(scope="module", autouse=True)
def model_is_loaded(running: Running) -> None:
    running.services.classifiers.get("restaurant-photos")


def test_a_photo_is_answered_and_not_kept(running: Running) -> None:
    before = written(running.settings.data)
    answer = running.visitor.post("/predict?collection=restaurant-photos", content=photo(1))
    assert answer.status_code == 201
    body = answer.json()
    assert {s["label"] for s in body["scores"]} == {"food", "drink", "inside", "outside", "menu"}
    assert sum(s["score"] for s in body["scores"]) == pytest.approx(1)
    scores = [s["score"] for s in body["scores"]]
    assert scores == sorted(scores, reverse=True)
    assert body["top"]["label"] == body["scores"][0]["label"]
    assert body["model_revision"].startswith("bundled/efficientnet-lite0@")
    assert isinstance(body["abstained"], bool)
    assert written(running.settings.data) == before  # The prediction is a row; no file stays.


def test_the_same_bytes_are_the_same_prediction(running: Running) -> None:
    first = running.visitor.post("/predict", files={"file": ("a.jpg", photo(2), "image/jpeg")})
    again = running.visitor.post("/predict", content=photo(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["prediction_id"] == again.json()["prediction_id"]
    read = running.visitor.get(f"/predictions/{first.json()['prediction_id']}").json()
    assert read["top_label"] == first.json()["top"]["label"]
    assert read["sha256"] == first.json()["sha256"]


def test_one_key_stands_for_one_picture(running: Running) -> None:
    headers = {"Idempotency-Key": "k-1"}
    assert running.visitor.post("/predict", content=photo(3), headers=headers).status_code == 201
    assert running.visitor.post("/predict", content=photo(3), headers=headers).status_code == 200
    clash = running.visitor.post("/predict", content=photo(4), headers=headers)
    assert clash.status_code == 409
    assert clash.json()["error"]["message"] == (
        "Expected one picture for one Idempotency-Key; found 'k-1' with different bytes than before. "
        "Use a new key for a new picture."
    )


def test_the_log_is_for_staff_and_pages(running: Running) -> None:
    for seed in (5, 6, 7):
        running.visitor.post("/predict", content=photo(seed))
    assert running.visitor.get("/predictions").status_code == 403
    first = running.staff.get("/predictions?limit=2").json()["items"]
    second = running.staff.get("/predictions?limit=2&offset=2").json()["items"]
    assert len(first) == 2
    assert not {row["id"] for row in first} & {row["id"] for row in second}
    assert all(row["source"] == "rest" for row in first)
    assert running.staff.get("/predictions?offset=1000000000").json()["items"] == []


@pytest.mark.parametrize(
    "query", ["offset=-1", "limit=0", "limit=100000", "offset=x", "offset=1e99", "limit=NaN"]
)
def test_bad_paging(running: Running, query: str) -> None:
    answer = running.staff.get(f"/predictions?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["next_step"] == "Correct the named fields."


def test_reset_needs_staff_and_a_confirmation_and_can_be_taken_back(running: Running) -> None:
    made = running.visitor.post("/predict", content=photo(8)).json()["prediction_id"]
    assert running.visitor.delete("/predictions/reset?confirm=all").status_code == 403
    unconfirmed = running.staff.delete("/predictions/reset", headers={"origin": HOST})
    assert unconfirmed.status_code == 400
    assert unconfirmed.json()["error"]["next_step"] == "Add confirm=all to the address."
    assert running.staff.get("/predictions/reset").status_code == 404  # Reading resets nothing.
    assert running.visitor.get(f"/predictions/{made}").status_code == 200
    reset = running.staff.delete("/predictions/reset?confirm=all", headers={"origin": HOST}).json()
    assert reset["count"] >= 1
    assert running.staff.get("/predictions").json()["items"] == []
    again = running.staff.delete("/predictions/reset?confirm=all", headers={"origin": HOST}).json()
    assert again["count"] == 0
    restored = running.staff.post(f"/predictions/reset/{reset['reset']}/restore", headers={"origin": HOST})
    assert restored.json()["count"] == reset["count"]
    assert running.visitor.get(f"/predictions/{made}").status_code == 200


def test_unknown_things_are_not_found(running: Running, flowers: str) -> None:
    unknown = running.visitor.post("/predict?collection=nowhere", content=photo(9))
    assert unknown.status_code == 404
    assert "restaurant-photos" in unknown.json()["error"]["message"]
    assert running.visitor.get("/predictions/" + "0" * 32).status_code == 404
    assert running.visitor.get("/predictions/..%2f..%2fetc").status_code == 404
    without_model = running.visitor.post(f"/predict?collection={flowers}", content=photo(9))
    assert without_model.status_code == 503
    assert without_model.headers["retry-after"] == "5"
    assert without_model.json()["error"]["message"] == (
        "Expected a model for 'flowers'; found no model set for this collection. "
        "Try again later, or choose another collection."
    )


def test_health_and_openapi(running: Running) -> None:
    health = running.visitor.get("/health").json()
    assert health["status"] == "ok"
    assert health["models"]["restaurant-photos"] == "ready"
    paths = running.visitor.get("/openapi.json").json()["paths"]
    assert {"post"} == set(paths["/predict"])
    assert {"/predictions", "/predictions/{prediction_id}", "/predictions/reset", "/health"} <= set(paths)
    assert "multipart/form-data" in paths["/predict"]["post"]["requestBody"]["content"]


def test_only_named_origins_may_read_across(running: Running) -> None:
    friend = running.visitor.get("/health", headers={"origin": "https://friend.example"})
    assert friend.headers["access-control-allow-origin"] == "https://friend.example"
    stranger = running.visitor.get("/health", headers={"origin": "https://stranger.example"})
    assert "access-control-allow-origin" not in stranger.headers


def test_predictions_are_paced(running: Running) -> None:
    from vitrina.services.pace import Pace

    trial, wide = running.services.trial, running.services.trial._predictions
    trial._predictions = Pace(per_minute=2)
    try:
        codes = [running.visitor.post("/predict", content=photo(2)).status_code for _ in range(3)]
    finally:
        trial._predictions = wide
    assert codes == [200, 200, 429]


def test_the_pace_comes_before_the_body(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from vitrina.services.pace import Pace

    monkeypatch.setattr(running.services.trial, "_predictions", Pace(per_minute=1))
    assert running.visitor.post("/predict", content=photo(2)).status_code == 200
    status, body, given = piecemeal(running.app, "/predict", itertools.repeat(b"x" * 1000))
    assert (status, given) == (429, 0)
    assert body["error"]["expected"] == "at most 1 predictions a minute from one address"


def test_a_page_is_paced_once(running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from vitrina.services import Principal
    from vitrina.services.pace import Pace

    monkeypatch.setattr(running.services.trial, "_predictions", Pace(per_minute=2))
    path = tmp_path / "x.jpg"
    path.write_bytes(photo(2))
    for _ in range(2):
        running.services.trial.predict(path, slug="restaurant-photos", principal=Principal(None, "192.0.2.1"))
    with pytest.raises(TooMany):
        running.services.trial.admit(Principal(None, "192.0.2.1"))


def test_a_declared_size_that_does_not_fit_is_refused_unread(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = running.services.store.files
    monkeypatch.setattr(files, "minimum_free_bytes", shutil.disk_usage(files.root).free - 2**24)
    pieces = itertools.repeat(b"x" * 1000)
    status, body, given = piecemeal(running.app, "/predict", pieces, content_length=str(2**25))
    assert (status, given) == (507, 0)
    assert body["error"]["next_step"] == "Labels still work; make room on the disk, then upload again."


def test_space_is_asked_for_with_every_mib(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    files = running.services.store.files
    asked: list[int] = []

    def full_after_two(size: int = 0) -> None:
        asked.append(size)
        if len(asked) > 3:
            raise OutOfSpace("room", "none", "Make room.")

    monkeypatch.setattr(files, "require_space", full_after_two)
    status, body, given = piecemeal(running.app, "/predict", itertools.repeat(b"x" * 2**19))
    assert (status, given) == (507, 6)
    assert body["error"]["message"] == "Expected room; found none. Make room."
    assert list(files.incoming_folder.iterdir()) == []


def test_bodies_at_one_time_are_bounded() -> None:
    places = Places(total=3, each=2)
    with places.taken("192.0.2.1"), places.taken("192.0.2.1"):
        with pytest.raises(TooMany) as each, places.taken("192.0.2.1"):
            pytest.fail("a third place")
        with places.taken("192.0.2.2"), pytest.raises(Busy) as total, places.taken("192.0.2.3"):
            pytest.fail("a fourth place")
    assert str(each.value) == (
        "Expected at most 2 pictures from one address at a time; found more. "
        "Wait for the answers, then send the next."
    )
    assert str(total.value) == (
        "Expected at most 3 pictures on their way in; found as many. Try again in 5 seconds."
    )
    assert answer(total.value).headers["retry-after"] == "5"
    assert answer(each.value).headers["retry-after"] == "1"
    with places.taken("192.0.2.1"):
        assert places._taken.total() == 1


def test_one_address_has_a_quarter_of_the_places(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "IDLE_SECONDS", 0.5)

    async def all_at_once() -> list[int]:
        slow = [
            post_piecemeal(running.app, "/predict", [b"x"], then_waits=True) for _ in range(PLACES // 4 + 2)
        ]
        return [status for status, _, _ in await asyncio.gather(*slow)]

    answers = asyncio.run(all_at_once())
    assert sorted(answers) == [408] * (PLACES // 4) + [429] * 2


def test_a_place_is_given_back(running: Running) -> None:
    for _ in range(PLACES):
        assert running.visitor.post("/predict", content=b"no picture").status_code == 422
    assert running.visitor.post("/predict", content=photo(2)).status_code == 200


def test_a_form_is_not_spooled_elsewhere(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a file outside the store")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", refuse)
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", refuse)
    content = photo(51, size=(1600, 1200), kind="BMP")
    assert len(content) > 2**20
    fields = {"before": "x", "after": "y"}
    as_form = running.visitor.post("/predict", files={"file": ("a.bmp", content)}, data=fields)
    assert as_form.status_code == 201
    assert as_form.json()["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_visitors_prediction_is_not_the_pictures_own(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "staff.jpg"
    path.write_bytes(photo(52))
    store = running.services.store
    accepted = store.ingest(running.services.decoder).accept(
        path, slug="restaurant-photos", source="upload", file_name="staff.jpg", actor="staff:ana"
    )
    assert running.visitor.post("/predict", content=photo(52)).status_code == 201
    assert store.pictures.get(accepted.picture.id).card.prediction is None
