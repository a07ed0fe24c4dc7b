"""The staff's site: review, collections, models."""

from __future__ import annotations

from typing import Any

import gradio as gr

from vitrina.pages import collections, review, staff_models
from vitrina.pages.cache import DELETE_CACHE


def build_backend(services: Any) -> gr.Blocks:
    """The staff Blocks, for "/backend" behind the sign-in: review at "/", collections and models beside it."""
    with gr.Blocks(
        title="Vitrina", analytics_enabled=False, fill_width=True, delete_cache=DELETE_CACHE
    ) as site:
        gr.Navbar(visible=False)
        review.build(services)
    with site.route("Collections", "/collections"):
        gr.Navbar(visible=False)
        collections.build(services)
    with site.route("Models", "/models"):
        gr.Navbar(visible=False)
        staff_models.build(services)
    return site
