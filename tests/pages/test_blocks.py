"""The two Blocks hold the events they should, load nothing heavy."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.data_classes import ImageData

from vitrina.pages.backend import build_backend
from vitrina.pages.public import build_public

PROGRAM = """
import sys
from types import SimpleNamespace
from vitrina.pages.backend import build_backend
from vitrina.pages.public import build_public
build_public(SimpleNamespace()), build_backend(SimpleNamespace())
heavy = {"torch", "torchvision", "transformers", "timm", "sklearn", "sqlalchemy", "vitrina.server"}
print(",".join(sorted(heavy & set(sys.modules))))
"""


async def built() -> tuple[gr.Blocks, gr.Blocks]:
    return build_public(SimpleNamespace()), build_backend(SimpleNamespace())


@pytest.fixture(scope="module")
def sites() -> tuple[gr.Blocks, gr.Blocks]:
    """(public, staff). Built inside a loop: outside of one Gradio makes loops that it never closes."""
    return asyncio.run(built())


def events(site: gr.Blocks) -> set[str]:
    """Names of the events that run on the server; the others are scripts of the page."""
    listed = site.get_config_file()["dependencies"]
    return {str(event["api_name"]) for event in listed if event["backend_fn"]}


def test_public_site_has_the_two_events_of_the_try_page_alone(sites: tuple[gr.Blocks, gr.Blocks]) -> None:
    assert events(sites[0]) == {"predict", "suggest"}


def test_staff_site_has_no_gradio_event_at_all(sites: tuple[gr.Blocks, gr.Blocks]) -> None:
    assert events(sites[1]) == set()


def test_our_own_parts_offer_no_server_function_and_hold_no_data(sites: tuple[gr.Blocks, gr.Blocks]) -> None:
    """Gradio evaluates a template as a JavaScript template string, so data in one would be code."""
    parts = [block for site in sites for block in site.blocks.values() if isinstance(block, gr.HTML)]
    assert len(parts) == 9
    for part in parts:
        assert part.server_fns == []
        assert part.html_template == "<div></div>"
        assert part.value in (None, "")


def test_pages_are_at_their_addresses(sites: tuple[gr.Blocks, gr.Blocks]) -> None:
    assert [page[0] for page in sites[0].pages] == ["", "try", "models"]
    assert [page[0] for page in sites[1].pages] == ["", "collections", "models"]


def test_the_photo_box_never_decodes(sites: tuple[gr.Blocks, gr.Blocks], tmp_path: Path) -> None:
    [picture] = [block for block in sites[0].blocks.values() if isinstance(block, gr.Image)]
    assert (picture.type, picture.image_mode) == ("filepath", None)
    text = tmp_path / "photo.jpg"
    text.write_text("no picture at all")
    assert picture.preprocess(ImageData(path=str(text), orig_name="photo.jpg")) == str(text)
    assert picture.preprocess(ImageData(url="data:image/png;base64,AAAA")) is None
    assert picture.preprocess(None) is None


def test_building_the_pages_loads_no_model_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
