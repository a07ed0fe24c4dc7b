"""A visitor compares two versions; staff roll back with a reason, and take that back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ANA, NARROW, Case, Person
from tests.models.made import SCHEME
from tests.served import served
from tests.server.conftest import photo
from tests.services.conftest import services_in
from tests.services.model_versions import food_once

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Make = Callable[..., Person]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """pets follows a folder with v1 and v2, which is in force. In place of the case of the other walks."""
    folder = tmp_path_factory.mktemp("models")
    place = Path(shutil.copytree(food_once(tmp_path_factory, versions=2), folder / "food"))
    services = services_in(folder / "data")
    services.following.follow("pets", place.as_uri())
    services.store.accounts.add(*ANA)
    services.close()
    recipes = str(folder / "data" / "recipes")
    with served(
        folder, data=folder / "data", first_start="0", minimum_free_bytes="0", recipes=recipes
    ) as server:
        server.wait_ready()
        (folder / "photo.jpg").write_bytes(photo(3))
        yield Case(server, "pets", list(SCHEME.names), [folder / "photo.jpg"])


def open_models(someone: Person, path: str = "/models") -> None:
    someone.page.goto(path)
    expect(someone.page.locator(".v-versions tbody tr")).to_have_count(2)


def test_a_visitor_sees_the_versions_and_compares_two(person: Make, case: Case) -> None:
    visitor = person()
    open_models(visitor)
    page = visitor.page
    expect(page.locator(".v-in-force")).to_contain_text("v2 has been the champion since")
    expect(page.locator(".v-in-force")).to_contain_text("It is what answers here.")
    newest = page.get_by_role("row", name=re.compile("^v2 champion"))
    expect(newest).to_contain_text("of 60 pictures")
    page.get_by_role("link", name="v1", exact=True).click()
    expect(page.get_by_role("heading", name="About v1")).to_be_focused()
    expect(page).to_have_url(re.compile("version=v1"))
    page.get_by_role("button", name="Read its card").click()
    card = page.get_by_role("article", name="Card of v1")
    expect(card.get_by_role("heading", name="Tiny pets <script>alert(1)</script>")).to_be_visible()
    expect(card.get_by_role("link", name="link")).to_have_attribute("href", "https://example.org/paper")
    expect(card.locator("img")).to_have_count(0)
    page.locator("#v-compare-file").set_input_files(case.fresh[0])
    expect(page.locator(".v-compare-verdict")).to_contain_text(re.compile(r"v2.*\d\s%.*v1|v1.*\d\s%.*v2"))
    compared = page.get_by_role("table", name="Answers of both versions")
    expect(compared.locator("tbody tr")).to_have_count(3)
    expect(compared.get_by_role("meter")).to_have_count(6)
    page.get_by_label("Second version").select_option("v2")
    expect(page.locator(".v-compare-answer")).to_contain_text("Choose two different versions.")
    visitor.shot("models-1280")


def test_narrow_in_spanish_by_night_and_by_keyboard(person: Make, case: Case) -> None:
    visitor = person(size=NARROW, scheme="dark", locale="es-ES")
    open_models(visitor)
    page = visitor.page
    expect(page.get_by_role("table", name="Versiones")).to_be_visible()
    # Laid out as a list, to a screen reader it is a table still.
    expect(page.get_by_role("rowheader")).to_have_count(2)
    page.get_by_role("link", name="v1", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sobre v1")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Ficha de v1")).to_be_visible()
    visitor.no_sideways_scrolling()
    visitor.shot("models-390-dark-es")


def test_staff_roll_back_with_a_reason_and_take_that_back(person: Make, case: Case) -> None:
    staff = person()
    page = staff.page
    page.goto("/backend/models?collection=pets")
    page.get_by_label("Name").fill(ANA[0])
    page.get_by_label("Password").fill(ANA[1])
    page.get_by_role("button", name="Sign in").click()
    go_back = page.get_by_role("button", name="Go back to v1")
    go_back.click()
    expect(page.get_by_text("Say why, in a sentence.")).to_be_visible()
    page.get_by_label("Why").fill("Takes owls for cats")
    go_back.click()
    expect(page.locator(".v-said")).to_contain_text("v1 is the champion now, and answers here.")
    expect(page.locator(".v-in-force")).to_contain_text(
        re.compile("v1 has been the champion since .*The reason given: Takes owls for cats")
    )
    # Who it was is in the server's log: the repository may be public.
    moved = page.locator(".v-champions li")
    expect(moved.first).to_contain_text("A member of staff went back from v2 to v1.")
    expect(moved.last).to_contain_text("ana")
    staff.shot("staff-models-1280")

    visitor = person()
    open_models(visitor)
    expect(visitor.page.locator(".v-in-force")).to_contain_text("Takes owls for cats")
    expect(visitor.page.locator(".v-champions li").first).to_contain_text(
        "A member of staff went back from v2 to v1."
    )

    page.get_by_role("button", name="Take that back").click()
    expect(page.locator(".v-said")).to_contain_text("v2 is the champion now, and answers here.")
    expect(page.locator(".v-champions li").first).to_contain_text("Taken back: Takes owls for cats")
    expect(page.get_by_role("button", name="Go back to v1")).to_be_visible()
