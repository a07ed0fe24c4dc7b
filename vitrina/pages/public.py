"""The public site: gallery, try it, models."""

from __future__ import annotations

from typing import Any

import gradio as gr

from vitrina.pages import gallery, models, try_it
from vitrina.pages.cache import DELETE_CACHE


def build_public(services: Any) -> gr.Blocks:
    """The public Blocks with the gallery at "/", the try-it page at "/try", the models at "/models".

    It holds no staff event: whatever is in here answers to anyone.
    """
    with gr.Blocks(
        title="Vitrina", analytics_enabled=False, fill_width=True, delete_cache=DELETE_CACHE
    ) as site:
        gr.Navbar(visible=False)
        gallery.build(services)
    with site.route("Try it", "/try"):
        gr.Navbar(visible=False)
        try_it.build(services)
    with site.route("Models", "/models"):
        gr.Navbar(visible=False)
        models.build(services)
    return site
