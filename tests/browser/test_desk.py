"""The review desk in Chromium over the real staff routes: held keys, undo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Route, expect
from starlette.testclient import TestClient

from tests.server.conftest import photo
from vitrina.pages.head import head
from vitrina.server.app import open_services
from vitrina.server.problems import register_problems
from vitrina.server.settings import Settings
from vitrina.server.staff_routes import staff_routes
from vitrina.services import Principal, Services
from vitrina.services.principal import SESSION_COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HOST = "https://testserver"
ANA = Principal("ana", "127.0.0.1", is_staff=True)
BEN = Principal("ben", "127.0.0.1", is_staff=True)


@dataclass
class Desk:
    """The page of a signed-in ana; `services` is what stands behind it."""

    page: Page
    services: Services
    client: TestClient
    folder: Path

    def add(self, count: int) -> list[int]:
        """That many pictures waiting for review."""
        ids = []
        for number in range(count):
            path = self.folder / f"{number}.jpg"
            path.write_bytes(photo(number, size=(64, 48)))
            taken = self.services.store.ingest(self.services.decoder).accept(
                path, slug="pets", source="test", file_name=path.name, actor="staff:ana"
            )
            ids.append(taken.picture.id)
        return ids

    def open(self, view: str = "review") -> None:
        self.page.goto(f"{HOST}/backend/?collection=pets&view={view}")
        expect(self.page.locator(".v-tab").first).to_be_visible()

    def count(self, view: str) -> int:
        return self.services.curation.queue(ANA, "pets", view=view)["total"]

    def labels(self, ids: list[int]) -> list[str | None]:
        return [self.services.curation.item(ANA, id, language="en")["label"] for id in ids]

    def says(self, text: str) -> None:
        expect(self.page.locator(".v-status")).to_contain_text(text)

    def answer(self, route: Route) -> None:
        """What the server says, without a network between."""
        request = route.request
        path = request.url.removeprefix(HOST)
        if path.startswith("/backend/?"):
            html = (
                f"<!doctype html><html lang='en'><body><div id='root'></div>{head('', staff=True)}"
                "<script>Vitrina.review(document.getElementById('root'))</script></body></html>"
            )
            route.fulfill(body=html, content_type="text/html")
        elif path.startswith("/backend/api/"):
            kind = {"content-type": request.headers.get("content-type", "")}
            said = self.client.request(request.method, path, content=request.post_data, headers=kind)
            route.fulfill(status=said.status_code, body=said.content, content_type="application/json")
        else:
            route.fulfill(status=404)


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    services = open_services(Settings(data=tmp_path / "data", minimum_free_bytes=0))
    services.store.collections.create("pets", "Pets", labels=("cat", "dog"))
    accounts = services.store.accounts
    accounts.add("ana", "correct horse battery")
    ana = accounts.verify("ana", "correct horse battery", address="127.0.0.1")
    assert ana is not None
    app = FastAPI()
    app.include_router(staff_routes(services, max_upload_bytes=1 << 20))
    register_problems(app, language_of=services.language_of)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(20_000)
    client = TestClient(app, base_url=HOST, cookies={SESSION_COOKIE: accounts.start_session(ana)})
    desk = Desk(context.new_page(), services, client, tmp_path)
    desk.page.route("**/*", desk.answer)
    yield desk
    context.close()
    client.close()
    services.close()


def hold(page: Page, key: str, times: int = 6) -> None:
    """A key that is held down: the browser repeats it."""
    for _ in range(times):
        page.keyboard.down(key)
        page.wait_for_timeout(60)
    page.keyboard.up(key)


def test_a_held_key_decides_once(desk: Desk) -> None:
    desk.add(12)
    desk.open()
    hold(desk.page, "1")
    desk.says("Saved")
    assert desk.count("ready") == 1
    hold(desk.page, "t")
    desk.says("in the trash")
    assert desk.count("trashed") == 1
    hold(desk.page, "r")
    desk.says("rejected")
    assert desk.count("rejected") == 1
    hold(desk.page, "u")
    desk.says("Undone")
    assert [desk.count(view) for view in ("review", "ready", "trashed", "rejected")] == [10, 1, 1, 0]
    here = desk.page.locator(".v-film li:has([aria-current=true])")
    before = here.evaluate("one => [...one.parentNode.children].indexOf(one)")
    hold(desk.page, "ArrowRight", 4)
    assert here.evaluate("one => [...one.parentNode.children].indexOf(one)") == before + 4


def test_a_button_under_a_held_enter_is_pressed_once(desk: Desk) -> None:
    desk.add(8)
    desk.open()
    desk.page.locator("[aria-keyshortcuts=T]").focus()
    hold(desk.page, "Enter")
    desk.says("in the trash")
    assert desk.count("trashed") == 1
    desk.page.keyboard.press("t")
    desk.page.keyboard.press("t")
    expect(desk.page.locator(".v-tab", has_text="Trash").locator(".v-chip-count")).to_have_text("3")
    desk.page.locator("[aria-keyshortcuts=U]").focus()
    hold(desk.page, "Enter")
    desk.says("Undone")
    assert desk.count("trashed") == 2


def test_all_of_a_large_publishing_come_back(desk: Desk) -> None:
    for id in desk.add(130):
        desk.services.curation.label(ANA, id, "cat", expected_version=1, language="en")
    desk.open("ready")
    desk.page.get_by_role("button", name=re.compile(r"^Publish 130 ")).click()
    desk.says("130 pictures are now in the gallery")
    desk.page.keyboard.press("u")
    desk.says("Undone")
    assert desk.count("ready") == 130
    frames = desk.page.locator(".v-film .v-frame")
    expect(frames).to_have_count(60)
    for loaded in (120, 130):  # The last one decided brings the next page.
        frames.last.click()
        desk.page.keyboard.press("1")
        expect(frames).to_have_count(loaded)
    names = frames.evaluate_all("all => all.map(one => one.getAttribute('aria-label').split(',')[0])")
    assert len(set(names)) == 130


def test_what_others_changed_stays_and_is_said(desk: Desk) -> None:
    ids = desk.add(3)
    for id in ids:
        desk.services.curation.label(ANA, id, "cat", expected_version=1, language="en")
    desk.open("ready")
    desk.page.get_by_role("button", name=re.compile(r"^Publish 3 ")).click()
    desk.says("3 pictures are now in the gallery")
    desk.services.curation.label(BEN, ids[0], "dog", expected_version=3, language="en")
    desk.page.keyboard.press("u")
    desk.says("1 was changed by somebody else since and stays as it is.")
    assert (desk.count("published"), desk.count("ready")) == (1, 2)


def test_a_lost_answer_does_not_undo_a_second_act(desk: Desk) -> None:
    ids = desk.add(3)
    desk.open()
    for ready in ("1", "2"):
        desk.page.keyboard.press("1")
        tab = desk.page.locator(".v-tab", has_text="Ready to publish").locator(".v-chip-count")
        expect(tab).to_have_text(ready)
    lost: list[str] = []

    def lose(route: Route) -> None:
        """The server undoes it; its first answer is lost on the way."""
        if lost:
            route.fallback()
        else:
            lost.append(desk.client.post(route.request.url, json=route.request.post_data_json).text)
            route.abort()

    desk.page.route("**/undo?*", lose)
    desk.page.keyboard.press("u")
    expect(desk.page.locator(".v-notice")).to_be_visible()
    assert desk.labels(ids) == ["cat", None, None]
    desk.page.keyboard.press("u")
    desk.says("Undone")
    assert desk.labels(ids) == ["cat", None, None]
    desk.page.keyboard.press("u")
    desk.page.wait_for_timeout(300)
    desk.says("Undone")
    assert desk.labels(ids) == [None, None, None]


def test_undo_goes_on_behind_an_act_that_somebody_overruled(desk: Desk) -> None:
    ids = desk.add(3)
    desk.open()
    tab = desk.page.locator(".v-tab", has_text="Ready to publish").locator(".v-chip-count")
    for ready in ("1", "2"):
        desk.page.keyboard.press("1")
        expect(tab).to_have_text(ready)
    desk.services.curation.label(BEN, ids[1], "dog", expected_version=2, language="en")
    desk.page.keyboard.press("u")
    expect(desk.page.locator(".v-notice")).to_contain_text("Not undone. It was changed by somebody else")
    desk.page.keyboard.press("u")
    desk.says("Undone")
    assert desk.labels(ids) == [None, "dog", None]


def test_two_quick_undos_are_two(desk: Desk) -> None:
    ids = desk.add(3)
    desk.open()
    tab = desk.page.locator(".v-tab", has_text="Ready to publish").locator(".v-chip-count")
    for ready in ("1", "2"):
        desk.page.keyboard.press("1")
        expect(tab).to_have_text(ready)
    desk.page.keyboard.press("u")
    desk.page.keyboard.press("u")
    expect(tab).to_have_text("0")
    assert desk.labels(ids) == [None, None, None]
