"""The first start: the gallery at once, then a survey that was drawn, learned, measured here, with no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.served import ROOT, Server, served
from tests.server.conftest import photo

SLUG = "simulated-sky-survey"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("first")


@pytest.fixture(scope="module")
def first(folder: Path) -> Iterator[Server]:
    with served(folder, minimum_free_bytes="0") as server:
        yield server


@pytest.mark.slow
class TestFirstStart:
    """In this order: what is true at once, while it works, when it is ready, after a restart."""

    def test_the_gallery_opens_before_any_model(self, first: Server) -> None:
        page = httpx.get(f"{first.address}/")
        assert page.status_code == 200
        assert "Vitrina" in page.text
        collections = httpx.get(f"{first.address}/api/collections").json()
        assert [c["slug"] for c in collections["collections"]] == ["restaurant-photos", SLUG]
        models = httpx.get(f"{first.address}/health").json()["models"]
        assert "ready" not in models.values(), models
        progress = collections["status"]["first_start"]
        assert progress["running"]
        assert progress["of"] in (0, 600)
        # torch maps its library into the process when it is imported: it was not needed for this page.
        assert progress["doing"] in ("Getting ready", "Drawing simulated galaxies"), progress

    def test_the_answer_meanwhile_says_what_is_being_done(self, first: Server) -> None:
        answer = httpx.post(f"{first.address}/predict?collection={SLUG}", content=photo(1), timeout=60)
        assert answer.status_code == 503
        assert answer.json()["error"]["found"] == "a model that is still being trained"
        spanish = httpx.get(f"{first.address}/api/collections/{SLUG}?language=es").json()
        assert (
            spanish["first_start"] is None or spanish["first_start"]["doing"] != "Drawing simulated galaxies"
        )

    def test_then_it_is_full_and_answers(self, first: Server) -> None:
        assert first.wait_ready(seconds=280) == {"restaurant-photos": "ready", SLUG: "ready"}
        collection = httpx.get(f"{first.address}/api/collections/{SLUG}").json()
        assert collection["simulated"]
        assert collection["total"] == 600
        assert {label["count"] for label in collection["labels"]} == {100}
        page = httpx.get(f"{first.address}/api/collections/{SLUG}/pictures?limit=100").json()
        item = httpx.get(f"{first.address}/api/pictures/{page['items'][0]['id']}").json()
        assert item["simulated"]
        assert "simulator" in item["story"][0]["what"]
        for slug in ("restaurant-photos", SLUG):
            answer = httpx.post(f"{first.address}/predict?collection={slug}", content=photo(1), timeout=60)
            assert answer.status_code == 201

    def test_the_figures_are_of_pictures_held_out(self, first: Server) -> None:
        (model,) = (first.data / "models").iterdir()
        measured = json.loads((model / "eval_results.json").read_text())
        assert measured["n"] == 150
        assert measured["trained_on"] == 450
        # Six classes: chance is 1 in 6. The simulator was made so that a frozen backbone gets most right.
        assert measured["interval"][0] > 0.6
        assert measured["accuracy"] < 1

    def test_only_held_out_pictures_show_an_answer(self, first: Server) -> None:
        shown = 0
        for offset in range(0, 600, 100):
            page = httpx.get(
                f"{first.address}/api/collections/{SLUG}/pictures?limit=100&offset={offset}"
            ).json()
            shown += sum(item["confidence"] is not None for item in page["items"])
        assert shown == 150

    def test_the_saved_model_loads_anywhere(self, first: Server) -> None:
        code = (
            "import sys; from transformers import pipeline; "
            "answers = pipeline('image-classification', model=sys.argv[1])(sys.argv[2]); "
            "print(sorted(a['label'] for a in answers))"
        )
        (model,) = (first.data / "models").iterdir()
        picture = next(p for p in (first.data / "pictures" / "originals").rglob("*") if p.is_file())
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code, str(model), str(picture)],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "elliptical" in done.stdout

    def test_it_tried_to_reach_nobody(self, first: Server) -> None:
        assert first.attempts == []

    def test_a_second_start_has_no_work(self, first: Server, folder: Path) -> None:
        before = sorted(p.name for p in (first.data / "models").iterdir())
        with served(folder / "second", data=first.data, minimum_free_bytes="0") as second:
            health = httpx.get(f"{second.address}/health").json()
            assert health["first_start"] is None
            assert second.wait_ready() == {"restaurant-photos": "ready", SLUG: "ready"}
            assert httpx.get(f"{second.address}/api/collections/{SLUG}").json()["total"] == 600
            assert second.attempts == []
        assert sorted(p.name for p in (first.data / "models").iterdir()) == before

    def test_the_store_is_clean(self, first: Server) -> None:
        environment = {**os.environ, "VITRINA_DATA": str(first.data)}
        doctor = subprocess.run(
            [sys.executable, "-m", "vitrina", "doctor"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert (doctor.returncode, doctor.stdout.strip()) == (0, "clean")


@pytest.mark.slow
def test_killed_on_the_way_it_goes_on_where_it_was(tmp_path: Path) -> None:
    with served(tmp_path, minimum_free_bytes="0") as server:
        for _ in range(600):
            total = httpx.get(f"{server.address}/api/collections/{SLUG}").json()["total"]
            if total:
                break
        server.process.kill()
    assert 0 < total < 600
    with served(tmp_path / "again", data=server.data, minimum_free_bytes="0") as again:
        assert again.wait_ready(seconds=280)[SLUG] == "ready"
        now = httpx.get(f"{again.address}/api/collections/{SLUG}").json()
        assert (now["total"], now["first_start"]) == (600, None)
        assert {label["count"] for label in now["labels"]} == {100}
    environment = {**os.environ, "VITRINA_DATA": str(server.data)}
    doctor = subprocess.run(
        [sys.executable, "-m", "vitrina", "doctor"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert doctor.stdout.splitlines()[-1] == "clean"
