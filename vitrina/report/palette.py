"""The colours of the report."""

from __future__ import annotations

# The values of vitrina/pages/theme.py, which this room may not import; a test keeps the two the same.
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
THEMES = {"day": DAY, "night": NIGHT}


def tokens_css() -> str:
    """The colours as custom properties: day, night where the system asks for it, either where a person chose."""
    day, night = (
        "".join(f"--v-{name.replace('_', '-')}:{value};" for name, value in theme.items())
        for theme in (DAY, NIGHT)
    )
    day, night = f"{day}color-scheme:light", f"{night}color-scheme:dark"
    asked, chosen = "@media (prefers-color-scheme:dark)", ":root[data-theme=night]"
    undone = ":root:not([data-theme=day])"
    # Parts that exist once for each theme are only ever hidden, so that each keeps its own way of being shown.
    hidden = "{display:none !important}"
    return (
        f":root{{{day}}}{asked}{{{undone}{{{night}}}{undone} .day-only{hidden}}}{chosen}{{{night}}}"
        f"@media not all and (prefers-color-scheme:dark){{:root:not([data-theme=night]) .night-only{hidden}}}"
        f"{chosen} .day-only{hidden}:root[data-theme=day] .night-only{hidden}"
    )
