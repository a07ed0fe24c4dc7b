"""Chromium, a running server with real photos in it, people who use both."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.served import ROOT, Server, served
from tests.server.conftest import photo

ANA = ("ana", "correct horse battery")
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@dataclass
class Case:
    """A collection on a server: `known` photos lie in the gallery, `fresh` ones nobody has uploaded yet."""

    server: Server
    slug: str
    labels: list[str]
    fresh: list[Path] = field(default_factory=list)


def chromium_path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")  # While it is open an event loop runs, which other tests must not find.
def browser() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        reason = "no Chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update"]
    # What is waited for comes, but on a busy machine not within the five seconds that are the default.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


def real_photos(folder: Path, target: Path, *, each: int) -> list[Path]:
    """`each` photos a class into class folders of `target`, two more a class returned as fresh ones."""
    fresh = []
    for label in sorted(p for p in folder.iterdir() if p.is_dir()):
        photos = sorted(label.glob("*.jpg"))
        random.Random(0).shuffle(photos)
        (target / label.name).mkdir(parents=True)
        for path in photos[:each]:
            shutil.copy(path, target / label.name)
        fresh += photos[each : each + 2]
    return fresh


def made_photos(target: Path, *, each: int) -> list[Path]:
    """The same out of nothing, for machines without the real ones."""
    fresh = []
    for place, label in enumerate(("glass", "metal", "paper")):
        (target / label).mkdir(parents=True)
        for number in range(each):
            (target / label / f"{number}.jpg").write_bytes(photo(1000 * place + number))
        for number in range(2):
            path = target.parent / f"fresh-{label}-{number}.jpg"
            path.write_bytes(photo(1000 * place + 500 + number))
            fresh.append(path)
    return fresh


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("browser")
    source = Path(os.environ.get("TEST_SHARED_DATA", ROOT.parent / "shared" / "data")) / "trashnet"
    pile = folder / "trashnet"
    fresh = real_photos(source, pile, each=30) if source.is_dir() else made_photos(pile, each=50)
    data = folder / "data"
    environment = {**os.environ, "VITRINA_DATA": str(data), "VITRINA_MINIMUM_FREE_BYTES": "0"}

    def vitrina(*arguments: str, given: str = "") -> None:
        command = [sys.executable, "-m", "vitrina", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    vitrina("import", str(pile), "--collection", "trashnet", "--title", "TrashNet", "--fit-head")
    vitrina("account", "add", ANA[0], "--password-stdin", given=ANA[1])
    with served(folder, data=data, first_start="0", minimum_free_bytes="0") as server:
        server.wait_ready()
        labels = sorted(p.name for p in pile.iterdir())
        yield Case(server, "trashnet", labels, fresh)


@dataclass
class Person:
    """A page in a browser of its own, with all that went wrong in it."""

    page: Page
    troubles: list[str]
    shots: Path | None

    def shot(self, name: str) -> None:
        """A screenshot, where TEST_SCREENSHOTS names a folder for them. Nothing that a script forgot stands there."""
        lines = self.page.evaluate("document.body.innerText").splitlines()
        assert [line for line in lines if line.strip() in ("null", "undefined", "NaN", "false")] == []
        if self.shots is not None:
            self.page.screenshot(path=self.shots / f"{name}.png")

    def no_sideways_scrolling(self) -> None:
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{wide} px wider than the window at {self.page.url}"


# Gradio itself says this of a Blocks without a queue connection; nothing of ours.
HARMLESS = ("Method not implemented.",)


@pytest.fixture
def person(browser: Browser, case: Case) -> Iterator[Callable[..., Person]]:
    contexts: list[BrowserContext] = []
    people: list[Person] = []
    folder = os.environ.get("TEST_SCREENSHOTS")
    shots = Path(folder) if folder else None
    if shots is not None:
        shots.mkdir(parents=True, exist_ok=True)

    def make(*, size: dict[str, int] = WIDE, scheme: str = "light", locale: str = "en-US") -> Person:
        context = browser.new_context(
            viewport=size,
            color_scheme=scheme,
            locale=locale,
            base_url=case.server.address,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
        page.on(
            "console",
            lambda m: troubles.append(m.text) if m.type == "error" and m.text not in HARMLESS else None,
        )

        def look(request: object) -> None:
            url = request.url  # type: ignore[attr-defined]
            if not url.startswith((case.server.address, "data:", "blob:")):
                troubles.append(f"asked another host: {url}")

        page.on("request", look)
        people.append(Person(page, troubles, shots))
        return people[-1]

    yield make
    for context in contexts:
        context.close()
    for one in people:
        assert one.troubles == []
