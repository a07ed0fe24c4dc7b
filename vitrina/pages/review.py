"""The review desk: photos come in, staff decide."""

from __future__ import annotations

from typing import Any

import gradio as gr


def build(services: Any) -> gr.HTML:
    """Place the review desk in the current Blocks.

    It has no Gradio event: every decision is one request to a JSON route below `/backend`, whose answer comes
    after the commit, so that "saved" on the page means saved. `services` is taken so that every page is built
    the same way.
    """
    del services
    return gr.HTML(
        html_template="<div></div>",
        js_on_load="window.Vitrina.review(element);",
        apply_default_css=False,
        elem_id="vitrina-review",
        elem_classes="v-block",
    )
