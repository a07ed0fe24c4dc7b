"""Words of a row or a card that tell of the machine they were written on."""

from __future__ import annotations

import re

# A whole value that is a place on a disk: /srv/photos/a.jpg, ~/a.jpg, C:\photos\a.jpg, \\server\photos, file:///a.jpg.
_PLACE = re.compile(r"(?i)(?:file:/*|/(?=[^/\s]+/)|~[^/\s]*/|[a-z]:[\\/]|\\\\)\S.*", re.DOTALL)
# Somebody's own folder, anywhere in a text.
_HOME = re.compile(r"(?i)(?:/home/|/Users/|\b[a-z]:[\\/]Users[\\/])[^\\/\s\"'<>|:]+")
# The same for Arrow's own engine, which has no look-ahead: what it does not find need not be looked at.
LIKELY = r"(?i)(^\s*(file:|/|~|[a-z]:[\\/]|\\\\))|/home/|/users/|[a-z]:[\\/]users[\\/]"


def without_places(text: str) -> str:
    """`text` without places of a disk: of a whole path its last part, of a person's folder within a text "~"."""
    stripped = text.strip()
    if _PLACE.fullmatch(stripped):
        return base_name(stripped)
    return _HOME.sub("~", text)


def base_name(path: str) -> str:
    """What follows the last slash of either kind."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


def home_in(text: str) -> str | None:
    """The first line of `text` that names a person's folder."""
    return next((line for line in text.splitlines() if _HOME.search(line)), None)
