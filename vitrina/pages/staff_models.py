"""The staff's page of models: promote a version, roll back to one."""

from __future__ import annotations

from typing import Any

import gradio as gr


def build(services: Any) -> gr.HTML:
    """Place the staff's page of models in the current Blocks.

    It has no Gradio event; the page asks `/backend/api`, behind the sign-in. `services` is taken so that every page is
    built the same way.
    """
    del services
    return gr.HTML(
        html_template="<div></div>",
        js_on_load="window.Vitrina.staffModels(element);",
        apply_default_css=False,
        elem_id="vitrina-staff-models",
        elem_classes="v-block",
    )
