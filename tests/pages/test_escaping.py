"""What comes from data becomes text, never markup or script."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from vitrina.pages import head as heads
from vitrina.pages.head import PUBLIC_SCRIPTS, SCRIPTS, STAFF_SCRIPTS, _embedded, asset, head

ALL_SCRIPTS = SCRIPTS + PUBLIC_SCRIPTS + STAFF_SCRIPTS


@pytest.mark.parametrize("name", ALL_SCRIPTS)
def test_scripts_never_parse_markup_or_evaluate(name: str) -> None:
    source = asset(name)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "new Function",
    ):
        assert word not in source, f"{name} uses {word}"


@pytest.mark.parametrize("name", ALL_SCRIPTS)
def test_scripts_do_not_end_their_own_element(name: str) -> None:
    assert "</script" not in asset(name).lower()
    assert "<!--" not in asset(name)


def test_texts_cannot_end_the_element_that_carries_them() -> None:
    assert "<" not in _embedded({"title": "</script><script>alert(1)</script><!--"})


@pytest.mark.parametrize("staff", [False, True])
def test_head_holds_the_elements_it_means_to(staff: bool) -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.opened: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.opened.append(tag)

    tags = Tags()
    tags.feed(head("", staff=staff))
    scripts = 1 + len(SCRIPTS) + len(STAFF_SCRIPTS if staff else PUBLIC_SCRIPTS)
    assert tags.opened == ["link", "style"] + ["script"] * scripts


@pytest.mark.parametrize("name", [*heads.STYLES, *heads.PUBLIC_STYLES, *heads.STAFF_STYLES])
def test_styles_fetch_nothing(name: str) -> None:
    assert re.findall(r"url\(", asset(name)) == []
