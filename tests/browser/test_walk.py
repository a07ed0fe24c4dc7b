"""A visitor and a member of staff walk the pages, with real photos where there are any."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ANA, NARROW, WIDE, Case, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Make = Callable[..., Person]


def open_gallery(someone: Person, case: Case) -> None:
    someone.page.goto(f"/?collection={case.slug}")
    expect(someone.page.locator("h1")).to_have_text("TrashNet")
    expect(someone.page.locator(".v-cell").first).to_be_visible()


def loaded(someone: Person) -> int:
    """How many thumbnails have arrived."""
    script = (
        "[...document.querySelectorAll('.v-cell img')].filter(i => i.complete && i.naturalWidth > 0).length"
    )
    return int(someone.page.evaluate(script))


def sign_in(someone: Person, *, mistyped: bool = False) -> None:
    page = someone.page
    page.goto("/backend/")
    expect(page).to_have_url(re.compile(r"/backend/sign-in\?next=/backend/$"))
    page.get_by_label("Name").fill(ANA[0])
    if mistyped:
        page.get_by_label("Password").fill("not quite")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("That name and password do not go together.")).to_be_visible()
    page.get_by_label("Password").fill(ANA[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#vitrina-review .v-tabs")).to_be_visible()


class TestGallery:
    def test_browse_by_category(self, person: Make, case: Case) -> None:
        visitor = person()
        open_gallery(visitor, case)
        page = visitor.page
        total = int(page.locator(".v-chip .v-chip-count").first.inner_text())
        assert total == sum(int(n) for n in page.locator(".v-chip .v-chip-count").all_inner_texts()[1:])
        page.wait_for_function("document.querySelectorAll('.v-cell img').length > 10")
        page.wait_for_timeout(800)
        assert loaded(visitor) >= 10
        visitor.shot("gallery-1280")
        page.get_by_role("link", name=re.compile(case.labels[0], re.IGNORECASE)).first.click()
        expect(page).to_have_url(re.compile(f"category={case.labels[0]}"))
        expect(page.locator(".v-chip[aria-current=true]")).to_contain_text(
            re.compile(case.labels[0], re.IGNORECASE)
        )

    def test_nothing_moves_while_thumbnails_load(self, person: Make, case: Case) -> None:
        visitor = person()
        visitor.page.add_init_script(
            "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(e => {"
            " if (e.sources.some(s => s.node?.closest?.('.v-cell'))) window.shift += e.value; }))"
            ".observe({type: 'layout-shift', buffered: true});"
        )
        open_gallery(visitor, case)
        visitor.page.wait_for_timeout(1500)
        assert visitor.page.evaluate("window.shift") < 0.02

    def test_a_picture_opens_with_an_address_to_share(self, person: Make, case: Case) -> None:
        visitor = person()
        open_gallery(visitor, case)
        page = visitor.page
        page.locator(".v-cell").first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("h2")).not_to_be_empty()
        expect(dialog).to_contain_text("How this label came to be")
        expect(page).to_have_url(re.compile(r"picture=\d+"))
        page.wait_for_function("document.querySelector('dialog .v-large')?.naturalWidth > 0")
        visitor.shot("detail-1280")
        address = page.url
        first = dialog.locator("h2").inner_text()
        page.keyboard.press("ArrowRight")
        expect(page).not_to_have_url(address)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page).not_to_have_url(re.compile("picture="))
        friend = person(size=NARROW, scheme="dark")
        friend.page.goto(address)
        expect(friend.page.get_by_role("dialog").locator("h2")).to_have_text(first)
        friend.page.wait_for_timeout(600)
        friend.shot("detail-390-dark")
        friend.no_sideways_scrolling()

    def test_by_keyboard_alone(self, person: Make, case: Case) -> None:
        visitor = person()
        open_gallery(visitor, case)
        page = visitor.page
        page.keyboard.press("ArrowRight")
        expect(page.locator(".v-cell").first).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".v-cell").first).to_be_focused()
        page.keyboard.press("/")
        expect(page.locator(".v-chip[aria-current=true]")).to_be_focused()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()

    def test_pages_of_pictures(self, person: Make, case: Case) -> None:
        visitor = person()
        open_gallery(visitor, case)
        page = visitor.page
        before = page.locator(".v-cell").first.get_attribute("data-id")
        page.get_by_role("link", name="Next").click()
        expect(page).to_have_url(re.compile("page=2"))
        expect(page.locator(".v-cell").first).not_to_have_attribute("data-id", before or "")
        page.go_back()
        expect(page.locator(".v-cell").first).to_have_attribute("data-id", before or "")

    @pytest.mark.parametrize(("size", "scheme"), [(NARROW, "light"), (NARROW, "dark"), (WIDE, "dark")])
    def test_every_size_and_light(self, person: Make, case: Case, size: dict[str, int], scheme: str) -> None:
        visitor = person(size=size, scheme=scheme)
        open_gallery(visitor, case)
        visitor.no_sideways_scrolling()
        visitor.page.wait_for_timeout(800)
        visitor.shot(f"gallery-{size['width']}-{scheme}")
        dark = visitor.page.evaluate("document.body.classList.contains('dark')")
        assert dark == (scheme == "dark")

    def test_in_spanish(self, person: Make, case: Case) -> None:
        visitor = person(locale="es-MX")
        visitor.page.goto("/?collection=restaurant-photos")
        expect(visitor.page.locator("h1")).to_have_text("Fotos de restaurantes")
        expect(visitor.page.get_by_role("link", name="Galería").first).to_be_visible()
        visitor.shot("empty-1280-es")
        visitor.page.get_by_role("button", name="English").click()
        expect(visitor.page.locator("h1")).to_have_text("Restaurant photos")

    def test_what_is_not_there(self, person: Make, case: Case) -> None:
        visitor = person()
        visitor.page.goto(f"/?collection={case.slug}&picture=999999")
        expect(visitor.page.get_by_role("dialog")).to_contain_text("not")
        # The browser writes the 404 that this asks for into its console.
        visitor.troubles[:] = [t for t in visitor.troubles if "404" not in t]


class TestTryIt:
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
    def test_a_photo_is_answered_and_a_correction_waits_for_staff(
        self, person: Make, case: Case, size: dict[str, int]
    ) -> None:
        visitor = person(size=size)
        page = visitor.page
        page.goto(f"/try?collection={case.slug}")
        expect(page.get_by_role("radio", name="TrashNet")).to_be_checked()
        visitor.shot(f"try-empty-{size['width']}")
        fresh = case.fresh[0 if size is WIDE else 2]
        page.locator("#vitrina-photo input[type=file]").set_input_files(fresh)
        expect(page.locator(".v-scores li").first).to_be_visible()
        assert page.locator(".v-scores li").count() >= min(3, len(case.labels))
        page.wait_for_timeout(500)
        visitor.shot(f"try-{size['width']}")
        visitor.no_sideways_scrolling()
        page.get_by_role("button", name=re.compile("No|Tell", re.IGNORECASE)).last.click()
        page.locator("#v-which").select_option(index=1)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Thank you.")).to_be_visible()
        staff = person()
        sign_in(staff)
        staff.page.goto(f"/backend/?collection={case.slug}&view=review")
        expect(staff.page.locator(".v-desk")).to_contain_text("A visitor says")

    def test_a_file_that_is_none_is_refused_in_words(self, person: Make, case: Case) -> None:
        visitor = person()
        page = visitor.page
        page.goto("/try?collection=restaurant-photos")
        expect(page.get_by_role("radio", name="Restaurant photos")).to_be_checked()
        page.locator("#vitrina-photo input[type=file]").set_input_files(
            {"name": "no.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8 just words"}
        )
        expect(page.locator(".v-answer-place")).to_contain_text("Expected")


class TestBackend:
    def test_drop_confirm_correct_publish_undo(self, person: Make, case: Case, tmp_path: Path) -> None:
        staff = person()
        sign_in(staff)
        page = staff.page
        page.locator(".v-collection-select").select_option(case.slug)
        published = gallery_total(case)
        drop = [path for number, path in enumerate(case.fresh) if number not in (0, 2)][:4]
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no photo")
        page.locator("#v-files").set_input_files([*drop, broken])
        expect(page.locator(".v-uploads")).to_contain_text(f"{len(drop)} taken · 0 known already · 1 refused")
        expect(page.locator(".v-up-reason")).to_contain_text("Expected")
        staff.shot("desk-1280")
        ready = page.locator(".v-tab", has_text="Ready to publish").locator(".v-chip-count")
        before = int(ready.inner_text())
        page.locator(".v-desk").click(position={"x": 5, "y": 5})
        for number in range(2):
            page.keyboard.press("1")
            expect(page.locator(".v-status")).to_contain_text("Saved")
            expect(ready).to_have_text(str(before + number + 1))
        page.keyboard.press("u")
        expect(ready).to_have_text(str(before + 1))
        page.keyboard.press("2")
        expect(ready).to_have_text(str(before + 2))
        page.get_by_role("button", name=re.compile(r"^Publish \d+ to the gallery")).click()
        expect(page.locator(".v-status")).to_contain_text("now in the gallery")
        expect(ready).to_have_text("0")
        assert gallery_total(case) == published + before + 2
        page.keyboard.press("u")  # One undo takes the whole publishing back.
        expect(ready).to_have_text(str(before + 2))
        assert gallery_total(case) == published
        # The browser writes the refusal of the broken file into its console.
        staff.troubles[:] = [t for t in staff.troubles if "422" not in t]
        page.reload()  # What the page said is what is kept.
        expect(ready).to_have_text(str(before + 2))

    def test_narrow_and_dark(self, person: Make, case: Case) -> None:
        staff = person(size=NARROW, scheme="dark")
        sign_in(staff)
        staff.page.goto(f"/backend/?collection={case.slug}&view=published")
        expect(staff.page.locator(".v-desk img").first).to_be_visible()
        staff.page.wait_for_timeout(500)
        staff.shot("desk-390-dark")
        staff.no_sideways_scrolling()

    def test_a_collection_is_made(self, person: Make, case: Case) -> None:
        staff = person()
        sign_in(staff)
        page = staff.page
        page.goto("/backend/collections")
        page.get_by_label("Title").fill("<b>Birds</b> & co")
        page.get_by_label("Classes").fill("robin\nsparrow")
        page.get_by_role("button", name="Create collection").click()
        expect(page.get_by_text("is ready for its first photos")).to_be_visible()
        expect(page.get_by_text("<b>Birds</b> & co").first).to_be_visible()
        staff.shot("collections-1280")

    def test_signing_out(self, person: Make, case: Case) -> None:
        staff = person()
        sign_in(staff, mistyped=True)
        # The browser writes the refusal of the wrong password into its console.
        staff.troubles[:] = [t for t in staff.troubles if "401" not in t]
        staff.page.get_by_role("button", name="Sign out").click()
        expect(staff.page).to_have_url(re.compile(r"/(\?.*)?$"))
        staff.page.goto("/backend/")
        expect(staff.page).to_have_url(re.compile("/backend/sign-in"))
        staff.shot("sign-in-1280")


def gallery_total(case: Case) -> int:
    import httpx

    return int(httpx.get(f"{case.server.address}/api/collections/{case.slug}", timeout=30).json()["total"])
