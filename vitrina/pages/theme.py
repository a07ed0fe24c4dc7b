"""The colours, type and spacing of the pages."""

from __future__ import annotations

from itertools import product
from typing import Any

import gradio as gr

from vitrina.pages.head import head

SANS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

# Warm ivory by day, near-black by night, one accent. `ink` is text, `quiet` secondary text, `accent` amber
# text, `amber` the surface that carries `on_amber` text, `bar` the filled part of a bar, `line` a hairline.
DAY = {
    "ground": "#faf6ee",
    "raised": "#fffdf9",
    "sunken": "#f1eadd",
    "ink": "#211c15",
    "quiet": "#665c4e",
    "accent": "#8f4a05",
    "amber": "#f2ab3c",
    "amber_strong": "#e79b22",
    "on_amber": "#221803",
    "bar": "#c77a12",
    "line": "#e3d9c7",
    "edge": "#968a76",
    "good": "#33652f",
    "bad": "#a1321f",
}
NIGHT = {
    "ground": "#141210",
    "raised": "#1d1a17",
    "sunken": "#26221d",
    "ink": "#efe8dc",
    "quiet": "#aca08f",
    "accent": "#f0b355",
    "amber": "#eda739",
    "amber_strong": "#f6b850",
    "on_amber": "#1d1403",
    "bar": "#dd9a32",
    "line": "#332e27",
    "edge": "#7d7262",
    "good": "#93c48c",
    "bad": "#ee9584",
}

# Every pair (text, ground) that occurs on the pages: WCAG 2.2, 1.4.3, asks for 4.5.
TEXT_PAIRS = (
    *product(("ink", "quiet", "accent", "good", "bad"), ("ground", "raised", "sunken")),
    ("on_amber", "amber"),
    ("on_amber", "amber_strong"),
)

# Parts that carry meaning without being text (bars, outlines of inputs): WCAG 2.2, 1.4.11, asks for 3.
GRAPHIC_PAIRS = (("bar", "ground"), ("bar", "raised"), ("edge", "ground"), ("edge", "raised"))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two "#rrggbb" colours, 1 to 21, by the relative luminance of WCAG 2.2."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def tokens_css() -> str:
    """The tokens as custom properties: day on the root, night below Gradio's `dark` class."""
    day = "".join(f"--v-{name.replace('_', '-')}:{value};" for name, value in DAY.items())
    night = "".join(f"--v-{name.replace('_', '-')}:{value};" for name, value in NIGHT.items())
    return f":root{{{day}color-scheme:light}}\nbody.dark{{{night}color-scheme:dark}}\n"


def gradio_theme() -> gr.themes.Base:
    """Gradio's own parts in the same colours, with the fonts the machine already has."""
    theme = gr.themes.Base(font=SANS, font_mono=MONO, radius_size="sm", spacing_size="md", text_size="md")
    names = {
        "body_background_fill": "ground",
        "background_fill_primary": "raised",
        "background_fill_secondary": "sunken",
        "block_background_fill": "raised",
        "input_background_fill": "raised",
        "body_text_color": "ink",
        "body_text_color_subdued": "quiet",
        "block_label_text_color": "quiet",
        "block_title_text_color": "quiet",
        "block_info_text_color": "quiet",
        "border_color_primary": "line",
        "block_border_color": "line",
        "input_border_color": "edge",
        "border_color_accent": "bar",
        "link_text_color": "accent",
        "button_primary_background_fill": "amber",
        "button_primary_background_fill_hover": "amber_strong",
        "button_primary_text_color": "on_amber",
        "button_secondary_background_fill": "sunken",
        "button_secondary_text_color": "ink",
        "loader_color": "bar",
        "error_text_color": "bad",
    }
    colours = {name: DAY[token] for name, token in names.items()}
    colours |= {f"{name}_dark": NIGHT[token] for name, token in names.items()}
    return theme.set(
        **colours,
        color_accent=DAY["bar"],
        block_shadow="none",
        block_border_width="0px",
        block_label_shadow="none",
    )


def mount_options(*, staff: bool) -> dict[str, Any]:
    """What `gr.mount_gradio_app` needs so that a mounted Blocks looks like Vitrina.

    Everything travels inside the page: no address outside this server is ever asked.
    """
    return {"theme": gradio_theme(), "head": head(tokens_css(), staff=staff), "footer_links": []}


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
