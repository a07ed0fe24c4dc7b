"""The staff's page of collections."""

from __future__ import annotations

from typing import Any

import gradio as gr


def build(services: Any) -> gr.HTML:
    """Place the list of collections, with the form for a new one, in the current Blocks.

    It has no Gradio event; the page asks `/backend/api/collections`. `services` is taken so that every page
    is built the same way.
    """
    del services
    return gr.HTML(
        html_template="<div></div>",
        js_on_load="window.Vitrina.collectionsPage(element);",
        apply_default_css=False,
        elem_id="vitrina-collections",
        elem_classes="v-block",
    )
