"""The try-it page: one photo, the model's answer, a visitor's opinion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from vitrina.errors import ModelUnavailable, VitrinaError
from vitrina.refusals import in_words

Answer = dict[str, Any]


def predict(services: Any, picture: str | None, collection: str, request: gr.Request) -> Answer:
    """The model's answer to the file at `picture` as {"state": ...} with what that state carries.

    States: empty (no picture, or no collection), answered (the services' prediction), waiting (the model is not
    ready; message), out_of_order (its model cannot be loaded), refused (this file cannot be used; message).
    Nothing of the visitor is kept.
    """
    if not picture or not collection:
        return {"state": "empty"}
    try:
        found = services.trial.predict(
            Path(picture),
            slug=collection,
            principal=services.principal_of(request),
            language=services.language_of(request),
        )
    except ModelUnavailable as error:
        if services.classifiers.state(collection).kind == "failed":
            return {"state": "out_of_order"}
        return {"state": "waiting", "message": in_words(error, services.language_of(request))}
    except VitrinaError as error:
        return {"state": "refused", "message": in_words(error, services.language_of(request))}
    return {**found, "state": "answered", "collection": collection}


def suggest(
    services: Any, picture: str | None, collection: str, *, label: str, request: gr.Request
) -> Answer:
    """Keep the picture for the staff with what the visitor says it is: {"state": "suggested", message}."""
    if not picture or not label:
        return {"state": "empty"}
    language = services.language_of(request)
    try:
        kept = services.trial.suggest(
            Path(picture),
            slug=collection,
            label=label,
            principal=services.principal_of(request),
            language=language,
        )
    except VitrinaError as error:
        return {"state": "suggestion_failed", "message": in_words(error, services.language_of(request))}
    return {"state": "suggested", "message": kept["message"], "kept": kept["kept"]}


def path_of(payload: ImageData | None) -> str | None:
    """The path of an upload, or None where there is none (also for one given in place as a `data:` address).

    Gradio has checked before this that the path is one of its own uploads.
    """
    return payload.path if payload is not None and payload.path else None


def build(services: Any) -> gr.HTML:
    """Place the try-it page in the current Blocks; its two events are called "predict" and "suggest"."""
    _part("tryIt.head", "vitrina-try-head")
    with gr.Row(elem_id="vitrina-try"):
        with gr.Column(elem_id="vitrina-try-photo"):
            picture = _photo()
        with gr.Column(elem_id="vitrina-try-answer"):
            answer = _part("tryIt.answer", "vitrina-answer")
    collection = _part("tryIt.collection", "vitrina-collection", value="")
    label = _part("tryIt.label", "vitrina-label", value="")

    def run_predict(picture: str | None, collection: str, request: gr.Request) -> Answer:
        return predict(services, picture, collection, request)

    def run_suggest(picture: str | None, collection: str, label: str, request: gr.Request) -> Answer:
        return suggest(services, picture, collection, label=label, request=request)

    asked = gr.on(
        [picture.change, collection.change, answer.submit],
        run_predict,
        [picture, collection],
        [answer],
        api_name="predict",
        js="(...inputs) => window.Vitrina.tryIt.looking(...inputs)",
        show_progress="hidden",
        trigger_mode="always_last",
    )
    asked.failure(None, js="() => window.Vitrina.tryIt.failed()")
    label.submit(
        run_suggest, [picture, collection, label], [answer], api_name="suggest", show_progress="hidden"
    )
    return answer


def _photo() -> gr.Image:
    box = gr.Image(
        type="filepath",
        image_mode=None,
        sources=["upload", "clipboard", "webcam"],
        show_label=False,
        label="Photo",
        buttons=[],
        height=420,
        elem_id="vitrina-photo",
    )
    # Gradio's own would open the file with every decoder Pillow has: only `vitrina.decoder` opens what a
    # stranger sends. (A subclass would make Gradio write a stub file beside this module at import.)
    box.preprocess = path_of  # type: ignore[method-assign]
    return box


def _part(script: str, elem_id: str, *, value: Any = None) -> gr.HTML:
    return gr.HTML(
        value=value,
        html_template="<div></div>",
        js_on_load=f"window.Vitrina.{script}(element, props, trigger, watch);",
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="v-block",
    )
