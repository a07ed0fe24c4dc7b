"""The texts of the page, with those of the report that it shares."""

from __future__ import annotations

from vitrina.report.words import Texts

ROOM = "vitrina.results"
TEXTS = Texts(("vitrina.report", ROOM))
