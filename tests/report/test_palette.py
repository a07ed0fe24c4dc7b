"""The report has the colours of the pages."""

from __future__ import annotations

import re

from vitrina.pages.theme import DAY, NIGHT
from vitrina.report.page import STYLES, asset
from vitrina.report.palette import THEMES, tokens_css


def test_colours_are_those_of_the_pages() -> None:
    """Whose contrast tests/pages/test_theme.py computes."""
    assert THEMES == {"day": DAY, "night": NIGHT}


def test_styles_use_only_colours_that_exist() -> None:
    known = {f"--v-{name.replace('_', '-')}" for name in DAY} | {
        f"--v-{name}" for name in ("serif", "sans", "mono", "margin")
    }
    styles = tokens_css() + "".join(asset(name) for name in STYLES)
    assert set(re.findall(r"var\((--v-[a-z-]+)", styles)) <= known
    # Nothing is named in a colour of its own, but the shade behind a dialog.
    colours = re.findall(r"#[0-9a-f]{3,8}\b|rgba?\([^)]*\)", "".join(asset(name) for name in STYLES))
    assert colours == ["rgb(12 10 8 / .48)"]


def test_braces_of_the_tokens_close() -> None:
    assert tokens_css().count("{") == tokens_css().count("}")


def test_night_stands_for_the_system_and_for_a_choice() -> None:
    assert tokens_css().count(NIGHT["ground"]) == 2
    assert tokens_css().count(DAY["ground"]) == 1
