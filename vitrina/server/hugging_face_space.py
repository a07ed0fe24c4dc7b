"""Where a Space keeps what it is given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitrina.server.settings import Settings

# Where Hugging Face mounts a Storage Bucket unless another place is chosen.
VOLUME = Path("/data")


def place_of_data(chosen: str | None, volume: Path) -> Path | None:
    """The folder for the data of a Space that outlasts its restarts; None where there is none.

    That is the `chosen` one where it lies on something mounted, else a folder on the `volume` where that is a
    mount that may be written to. Nothing is made.
    """
    if chosen:
        return Path(chosen) if _is_mounted(Path(chosen)) else None
    return volume / "vitrina" if os.path.ismount(volume) and os.access(volume, os.W_OK) else None


def storage_in_words(settings: Settings, environment: Mapping[str, str], *, volume: Path = VOLUME) -> str:
    """What a Space keeps over a restart, in one line for its log; "" elsewhere. No password is in it.

    Raises VitrinaError for a database URL of no known kind.
    """
    if not environment.get("SPACE_ID"):
        return ""
    if settings.forgets == "nothing":
        labels = "in the PostgreSQL database" if settings.rows_in is None else f"in {settings.rows_in}"
        # hf-mount writes to the bucket behind the app's back (fsync returns before the bucket has the change), and
        # its locks hold on one machine alone: https://github.com/huggingface/hf-mount, "Consistency model".
        return (
            f"Storage: labels {labels}, pictures in {settings.data}. A Storage Bucket has a change within about half "
            "a minute: a Space that is killed before may lose it. One replica alone may write to it."
        )
    backup = ""
    if settings.backup_repository:
        backup = f" A backup is kept at {settings.backup_repository}, every {settings.backup_minutes} min."
    missing = f"no volume that may be written to is mounted at {environment.get('VITRINA_DATA') or volume}"
    if settings.forgets == "pictures":
        return (
            f"Storage: labels in the PostgreSQL database; pictures are forgotten at restart ({missing}). "
            f"Mount a Storage Bucket, or set VITRINA_DATA to a folder on one.{backup}"
        )
    return f"Storage: none, everything is forgotten at restart ({missing}). Mount a Storage Bucket at {volume}.{backup}"


def _is_mounted(path: Path) -> bool:
    """Whether `path`, or what there is of it already, lies on another file system than the container's own."""
    there = path.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    return there.stat().st_dev != Path("/").stat().st_dev and os.access(there, os.W_OK)
