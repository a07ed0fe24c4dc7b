"""The page of models: versions with what was measured, two on one picture."""

from __future__ import annotations

from typing import Any

import gradio as gr


def build(services: Any) -> gr.HTML:
    """Place the page of models in the current Blocks.

    It has no Gradio event: the page asks the JSON routes under `/api/models`, a picture goes the road of `POST
    /predict`. `services` is taken so that every page is built the same way.
    """
    del services
    return gr.HTML(
        html_template="<div></div>",
        js_on_load="window.Vitrina.models(element);",
        apply_default_css=False,
        elem_id="vitrina-models",
        elem_classes="v-block",
    )
