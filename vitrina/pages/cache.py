"""How long Gradio keeps what was uploaded for a page."""

from __future__ import annotations

# Seconds: how often it looks, what age it then deletes. A photo that somebody tries needs minutes.
DELETE_CACHE = (300, 900)
