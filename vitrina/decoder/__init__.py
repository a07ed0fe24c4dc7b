"""Pictures of strangers, decoded in processes that may die.

`Decoder` is the door. Plain subprocesses rather than `pebble`, because its workers answer in pickles, which a
worker taken over by hostile bytes could turn against the parent, besides importing the main program again.
"""

from __future__ import annotations

from vitrina.decoder.examined import Examined
from vitrina.decoder.pool import Decoder
from vitrina.decoder.surveyed import Surveyed

__all__ = ["Decoder", "Examined", "Surveyed"]
