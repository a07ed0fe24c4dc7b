"""The page of an evaluation in a browser, from the disk: read by day and night, its table walked by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_report import FAINT, LOADED, wider_than_the_window
from tests.results.made import drawn_pictures, heat_maker, regression_run, single_label_run
from vitrina.results import write_results

pytestmark = pytest.mark.browser

# Parts that reach beyond the window, unless a room of their own scrolls.
BEYOND = """() => [...document.querySelectorAll("main *")]
  .filter((one) => one.checkVisibility() && !one.closest(".table-room, .visually-hidden"))
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((one) => `${one.tagName} ${one.className}`)"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    pictures = drawn_pictures()
    single = single_label_run(folder / "single", list(pictures))
    (single.folder / "history.csv").unlink()
    write_results(single.folder, picture_of=pictures.__getitem__, heat_of=heat_maker(pictures))
    numbers = regression_run(folder / "numbers", list(pictures)[:30])
    write_results(numbers.folder, picture_of=pictures.__getitem__)
    return folder


@pytest.fixture
def open_page(runs: Path, browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def make(name: str, *, size: dict[str, int] = WIDE, scheme: str = "light", locale: str = "en-US") -> Page:
        touch = size == NARROW
        context = browser.new_context(
            viewport=size, color_scheme=scheme, locale=locale, has_touch=touch, is_mobile=touch
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        base = (runs / name / "evaluation").as_uri()
        page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: asked.url.startswith((base, "data:")) or troubles.append(asked.url))
        page.goto(f"{base}/index.html")
        return page

    yield make
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["single", "numbers"])
def test_the_page_can_be_read(
    open_page: Callable[..., Page], name: str, size: dict[str, int], scheme: str
) -> None:
    page = open_page(name, size=size, scheme=scheme, locale="es-ES")
    assert page.evaluate("document.documentElement.lang") == "es"
    assert page.is_visible("text=Informe de un modelo")
    assert not page.is_visible("text=Report on a model")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(FAINT) == []
    assert wider_than_the_window(page) <= 0
    assert page.evaluate(BEYOND) == []
    assert page.evaluate("window.pwned") is None


def test_every_picture_loads(open_page: Callable[..., Page]) -> None:
    page = open_page("single", scheme="dark")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    images = page.locator("main img:visible")
    for place in range(images.count()):
        images.nth(place).scroll_into_view_if_needed()
    page.wait_for_function(LOADED)
    seen = images.evaluate_all("all => all.map((one) => one.getAttribute('src'))")
    plots = [name for name in seen if name.endswith(".png")]
    assert plots == [f"{name}-en-night.png" for name in ("confusion", "reliability", "coverage", "grid")]
    assert len([name for name in seen if name.startswith("heat/")]) > 10


def test_the_table_is_walked_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("single")
    assert page.locator(".behind:visible").count() == 0
    page.locator(".matrix a").first.focus()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    panel = page.locator(".behind:visible")
    assert panel.count() == 1
    assert f"#{panel.get_attribute('id')}" == focused
    number = int(page.locator(f".matrix a[href='{focused}'] [aria-hidden]").inner_text())
    assert panel.locator(".case").count() == min(12, number)
    # As a function: an expression that is not true at once is evaluated again, which the page's policy forbids.
    shown = "[...document.querySelectorAll('.behind:target img')].every((one) => one.naturalWidth)"
    page.wait_for_function(f"() => {shown}")
    assert page.evaluate(FAINT) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Back to the table")
    page.keyboard.press("Enter")
    assert page.locator(".behind:visible").count() == 0


def test_the_strongest_field_can_be_read_by_night(open_page: Callable[..., Page]) -> None:
    page = open_page("single")
    page.click("[data-theme-switch]")
    assert page.evaluate("document.documentElement.dataset.theme") == "night"
    page.evaluate("document.querySelector('.field a').parentElement.style.setProperty('--share', 1)")
    assert page.evaluate(FAINT) == []
