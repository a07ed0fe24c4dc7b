"""How long what was uploaded for a page is kept."""

from __future__ import annotations

# Seconds: how often Gradio looks, what age it then deletes. A photo that somebody tries needs minutes.
DELETE_CACHE = (300, 900)
# Gradio deletes the uploads it knows of; one that was cut off it never learns of. The server looks for those
# itself, later than Gradio, so that what Gradio knows of is Gradio's to delete.
SWEEP_EVERY = 60
SWEEP_AGE = sum(DELETE_CACHE)
# The longest that any upload stays.
KEPT_SECONDS = SWEEP_AGE + SWEEP_EVERY
