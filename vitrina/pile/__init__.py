"""The collection as `collect` leaves it: one row a picture, with what one look at each gave."""

from __future__ import annotations

from vitrina.pile.pile import Pile, open_pile

__all__ = ["Pile", "open_pile"]
