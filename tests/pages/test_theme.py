"""Contrast is computed from the tokens; nothing is asked of another host."""

from __future__ import annotations

import re

import pytest

from vitrina.pages.head import head
from vitrina.pages.theme import DAY, GRAPHIC_PAIRS, NIGHT, TEXT_PAIRS, contrast, mount_options, tokens_css


def test_contrast_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
    # The WCAG's own example of a grey that just misses the mark.
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read(tokens: dict[str, str], text: str, ground: str) -> None:
    assert contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("tokens", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize(("part", "ground"), GRAPHIC_PAIRS)
def test_bars_and_outlines_can_be_seen(tokens: dict[str, str], part: str, ground: str) -> None:
    assert contrast(tokens[part], tokens[ground]) >= 3


@pytest.mark.parametrize("tokens", [DAY, NIGHT], ids=["day", "night"])
def test_inverted_parts_can_be_read(tokens: dict[str, str]) -> None:
    """The chosen category and the confirm button: the ground's colour on ink, on quiet when hovered."""
    assert contrast(tokens["ground"], tokens["ink"]) >= 4.5
    assert contrast(tokens["ground"], tokens["quiet"]) >= 4.5


def test_day_and_night_have_the_same_tokens() -> None:
    assert DAY.keys() == NIGHT.keys()


@pytest.mark.parametrize("staff", [False, True])
def test_styles_use_only_tokens_that_exist(staff: bool) -> None:
    known = {f"--v-{name.replace('_', '-')}" for name in DAY} | {
        "--v-serif",
        "--v-sans",
        "--v-margin",
        "--v-photo-words",
    }
    assert set(re.findall(r"var\((--v-[a-z-]+)", head(tokens_css(), staff=staff))) <= known


@pytest.mark.parametrize("staff", [False, True])
def test_page_names_no_other_host(staff: bool) -> None:
    options = mount_options(staff=staff)
    addresses = set(re.findall(r"https?://[^\"'\s)]+", options["head"]))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of the SVG language, never fetched
    assert "@import" not in options["head"]
    theme = options["theme"]
    assert theme._stylesheets == []
    assert theme._font_css == []


def test_staff_scripts_do_not_travel_with_the_public_pages() -> None:
    public = head(tokens_css(), staff=False)
    assert "/backend/api/" not in public
    assert "expected_version" not in public
