"""The two pages of models hold no event; their words and addresses are those of their own site."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from vitrina.pages import models, staff_models
from vitrina.pages.head import asset, head
from vitrina.pages.words import LANGUAGES, words
from vitrina.services.version_facts import FIGURES


@pytest.mark.parametrize(("page", "script"), [(models, "models"), (staff_models, "staffModels")])
def test_a_page_is_one_part_without_events_or_data(page: Any, script: str) -> None:
    async def built() -> tuple[gr.Blocks, gr.HTML]:
        with gr.Blocks(analytics_enabled=False) as site:
            part = page.build(SimpleNamespace())
        return site, part

    site, part = asyncio.run(built())
    assert site.get_config_file()["dependencies"] == []
    assert (part.html_template, part.value) == ("<div></div>", None)
    assert part.js_on_load == f"window.Vitrina.{script}(element);"
    assert f"V.{script} =" in asset("models.js" if page is models else "staff_models.js")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_and_every_move_has_words(language: str) -> None:
    told = words(language)["models"]
    names = {name for figures in FIGURES.values() for name, _ in figures}
    assert names | {"did_publish", "did_promote", "did_roll_back"} <= set(told)


def test_the_public_page_knows_nothing_of_moving_the_champion() -> None:
    public = head("", staff=False)
    assert "staffModels" not in public
    assert words("en")["champion"]["reason_hint"] not in public
    assert "/api/models/compare" not in asset("staff_models.js")


def test_elements_of_a_card_are_from_a_list_and_links_are_https() -> None:
    source = asset("model_parts.js")
    assert "if (!TAGS.includes(node.tag))" in source
    assert "/^https:\\/\\//.test(node.href" in source
    assert "noopener noreferrer nofollow" in source
