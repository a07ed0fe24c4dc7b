"""The gallery page: collections of published pictures."""

from __future__ import annotations

from typing import Any

import gradio as gr


def build(services: Any) -> gr.HTML:
    """Place the gallery in the current Blocks.

    It has no Gradio event: the page asks the JSON routes under `/api`, whose answers a browser can cache.
    `services` is taken so that every page is built the same way.
    """
    del services
    # Gradio evaluates what its templates hold: data stays out of them, and the script names our function.
    return gr.HTML(
        html_template="<div></div>",
        js_on_load="window.Vitrina.gallery(element);",
        apply_default_css=False,
        elem_id="vitrina-gallery",
        elem_classes="v-block",
    )
