"""The report in a browser, from the disk: read by day and night, the queue walked by keyboard and by touch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import NARROW, WIDE
from tests.report.made import BOLD, CLASSES, TRICK, Reports, collected, make_pile, usual_queue
from vitrina.doubts.decisions import fold, read_decisions
from vitrina.report import write_report

pytestmark = pytest.mark.browser

# Every text that can be seen, with the contrast to the nearest ground that is painted; what is disabled may be faint.
FAINT = """() => {
  // A mixed colour is told as "color(srgb 0.9 0.8 0.7)".
  const parse = (told) => told.match(/[\\d.]+/g)
    .map((one, place) => Number(one) * (told.startsWith("color(") && place < 3 ? 255 : 1));
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (node) => {
    const colour = parse(getComputedStyle(node).backgroundColor);
    return colour.length < 4 || colour[3] === 1 ? colour : ground(node.parentElement);
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest(":disabled, script, style")) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(`${node.className} ${node.textContent.trim().slice(0, 30)}`);
  }
  return faint;
}"""
LOADED = """() => [...document.images].filter((one) => one.checkVisibility())
  .every((one) => one.complete && one.naturalWidth)"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    make_pile(folder / "pile <of> pictures")
    pile = collected(folder / "work", folder / "pile <of> pictures")
    reports = Reports(folder / "work", pile)
    reports.clean(usual_queue(reports))
    reports.split()
    write_report(folder / "work")
    return folder / "work"


@pytest.fixture
def open_page(work: Path, browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    troubles: list[str] = []
    base = (work / "report").as_uri()

    def make(name: str, *, size: dict[str, int] = WIDE, scheme: str = "light", locale: str = "en-US") -> Page:
        touch = size == NARROW
        context = browser.new_context(
            viewport=size, color_scheme=scheme, locale=locale, has_touch=touch, is_mobile=touch
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: asked.url.startswith((base, "data:", "blob:")) or troubles.append(asked.url),
        )
        page.goto(f"{base}/{name}")
        return page

    yield make
    for context in contexts:
        context.close()
    assert troubles == []


def begin(page: Page, name: str = "Ana") -> None:
    page.fill("#annotator", name)
    page.keyboard.press("Enter")
    page.wait_for_selector("#desk:not([hidden])")


def file_shown(page: Page) -> str:
    return page.inner_text("#caption .file")


def wider_than_the_window(page: Page) -> int:
    told: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return told


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_pages_can_be_read(open_page: Callable[..., Page], size: dict[str, int], scheme: str) -> None:
    page = open_page("index.html", size=size, scheme=scheme, locale="es-ES")
    assert page.evaluate("document.documentElement.lang") == "es"
    assert page.is_visible("text=Antes y después")
    assert not page.is_visible("text=Before and after")
    assert page.evaluate(FAINT) == []
    assert wider_than_the_window(page) <= 0
    page.get_by_role("link", name="Revisar 6 imágenes dudosas").click()
    begin(page)
    assert page.evaluate(FAINT) == []
    assert wider_than_the_window(page) <= 0
    assert page.evaluate("window.pwned") is None


def test_every_picture_loads_and_one_of_each_plot_is_seen(open_page: Callable[..., Page]) -> None:
    page = open_page("index.html", scheme="dark")
    images = page.locator("main img:visible")
    for place in range(images.count()):
        images.nth(place).scroll_into_view_if_needed()
    page.wait_for_function(LOADED)
    addresses = images.evaluate_all("all => all.map((one) => one.getAttribute('src'))")
    seen = [address for address in addresses if address.endswith(".png")]
    assert len(seen) == 8
    assert all(name.endswith("-en-night.png") for name in seen)


def test_language_and_light_are_switched_and_remembered(open_page: Callable[..., Page]) -> None:
    page = open_page("index.html")
    page.click("[data-language=es]")
    page.click("[data-theme-switch]")
    assert page.is_visible("text=Antes y después")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 18, 16)"
    page.goto(page.url.replace("index.html", "review.html"))
    assert page.is_visible("text=¿Quién decide?")
    assert page.evaluate("document.documentElement.dataset.theme") == "night"


def test_the_queue_is_walked_by_keyboard_and_the_decisions_are_read(
    open_page: Callable[..., Page], work: Path, tmp_path: Path
) -> None:
    page = open_page("review.html")
    assert page.is_hidden("#desk")
    begin(page, "Ana Ruiz")
    assert file_shown(page) == "glass/2.png"
    assert page.locator("#partner-list .file").all_inner_texts() == ["metal/torn.png"]
    page.keyboard.press("k")  # The same file lies in two classes, so that keeping it says which one is right.
    assert file_shown(page) == "glass/3.png"
    assert page.inner_text("#classes .is-suggested bdi") == "metal"
    page.keyboard.press("3")
    page.keyboard.press("r")
    assert page.inner_text("#status") == "Removed: metal/4.png"
    page.keyboard.press("u")
    assert file_shown(page) == "metal/4.png"
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    assert file_shown(page) == f"metal/{TRICK}"
    page.keyboard.press("r")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("k")
    assert page.inner_text("#progress") == "5 of 6 decided"

    page.reload()
    expect(page.locator("#progress")).to_have_text("5 of 6 decided")
    assert file_shown(page) == "metal/5.png"
    page.keyboard.press("?")
    assert page.is_visible("dialog[open]")
    page.keyboard.press("k")  # Behind the list of keys nothing is decided.
    page.keyboard.press("Escape")
    with page.expect_download() as started:
        page.click("#download")
    assert started.value.suggested_filename == "decisions.jsonl"
    path = tmp_path / "decisions.jsonl"
    started.value.save_as(path)

    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    keys = {"picture_id", "kind", "label", "annotator", "made", "replaces"}
    assert all(set(event) == keys and event["annotator"] == "Ana Ruiz" for event in events)
    names = {row["picture_id"]: name for name, row in rows_by_name(work).items()}
    assert [(names[event["picture_id"]], event["kind"], event["label"]) for event in events] == [
        ("metal/torn.png", "relabel", "glass"),
        ("glass/3.png", "relabel", "metal"),
        ("metal/4.png", "relabel", BOLD),
        (f"metal/{TRICK}", "remove", None),
        (f"{BOLD}/5.png", "keep", BOLD),
    ]
    assert events[1]["replaces"] == "glass"
    page.keyboard.press("u")
    assert "It was in a file you downloaded" in page.inner_text("#status")
    assert file_shown(page) == f"{BOLD}/5.png"
    assert page.inner_text("#progress") == "4 of 6 decided"
    page.keyboard.press("r")
    page.keyboard.press("u")  # Nobody has seen this one yet: it leaves no trace.
    with page.expect_download() as started:
        page.click("#download")
    started.value.save_as(path)

    # What the page says, the library reads, down to the decision that was taken back.
    ids = {str(row["picture_id"]) for row in rows_by_name(work).values()}
    decisions = read_decisions(path, picture_ids=ids, class_names=CLASSES)
    told = [event | {"made": event["made"].replace("Z", "000+00:00")} for event in events]
    assert [asdict(one) for one in decisions[:-1]] == told
    assert (decisions[-1].kind, decisions[-1].picture_id) == ("undo", events[-1]["picture_id"])
    assert set(fold(decisions)) == {event["picture_id"] for event in events[:-1]}


def rows_by_name(work: Path) -> dict[str, dict[str, object]]:
    from vitrina.pile import open_pile

    return Reports(work, open_pile(work / "collected")).rows


def test_the_queue_is_walked_by_touch(open_page: Callable[..., Page]) -> None:
    page = open_page("review.html", size=NARROW, locale="es-ES")
    page.fill("#annotator", "Luz")
    page.tap("text=Empezar")
    page.select_option("#kinds", "blurred")
    assert file_shown(page) == f"{BOLD}/5.png"
    page.tap("#classes .class >> nth=2")
    assert page.is_visible("#done")
    assert page.inner_text("#caption .verdict") == "Usted dijo: metal."
    page.tap("#undo")
    assert page.inner_text("#progress") == "0 de 6 decididas"
    for name in ("#keep", "#remove", "#undo"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_a_browser_that_keeps_nothing_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("review.html")
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    page.reload()
    begin(page)
    page.keyboard.press("k")
    assert page.is_visible("#not-kept")
    assert page.inner_text("#progress") == "1 of 6 decided"
