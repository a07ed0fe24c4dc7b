"""A collection begun, taken up again, or found finished."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vitrina.errors import Busy, Conflict
from vitrina.pile.files import write_json
from vitrina.pile.listing import Listing
from vitrina.pile.shard import finished_shards, read_done

STATE = "state.json"
REPORT = "collect_report.json"
_LOCK = ".lock"
_ANEW = "Choose another --output_dir, or add --overwrite to begin anew."


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """`folder`, made where it is missing, for this process alone. Raises Busy, Conflict where it is a file."""
    if folder.exists() and not folder.is_dir():
        raise Conflict(f"a folder at {folder}", "a file", "Choose another --output_dir.")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(
                f"no other run that writes to {folder}",
                "one that does",
                "Wait until it has ended, or choose another --output_dir.",
            ) from None
        yield


def begin(
    folder: Path, listing: Listing, *, overwrite: bool, revision: Callable[[], str] | None = None
) -> dict[str, Any] | None:
    """Make `folder`, which is held, ready for `listing`: its report where it is finished, else None.

    What another run of the same pile with the same settings left is kept. Raises Conflict where the folder
    holds another pile, or files of which no run here knows; with `overwrite` another pile gives way, and so
    does one whose features come from another model than the `revision` that is asked for.
    """
    others = [entry for entry in folder.iterdir() if entry.name != _LOCK]
    if others and not (folder / STATE).is_file():
        raise Conflict(
            f"a new or empty folder at {folder}", "other files in it", "Choose another --output_dir."
        )
    if others and overwrite and not _is_ours(folder, listing, revision):
        _clear(folder, others)
        others = []
    if not others:
        write_json(folder / STATE, listing.as_json())
        return None
    _refuse_another(_read(folder / STATE), listing, folder)
    return _read(folder / REPORT) if (folder / REPORT).is_file() else None


def _is_ours(folder: Path, listing: Listing, revision: Callable[[], str] | None) -> bool:
    try:
        if _read(folder / STATE) != listing.as_json():
            return False
        there = _revisions(folder, listing)
    except ValueError:
        # Not what was written: as good as another pile.
        return False
    return revision is None or not there or there == {revision()}


def _revisions(folder: Path, listing: Listing) -> set[str]:
    """The models behind the features that lie there."""
    if (folder / REPORT).is_file():
        features = _read(folder / REPORT).get("features")
        return set() if features is None else {features["revision"]}
    shards = read_done(folder, finished_shards(folder, listing.shards))
    return {shard["revision"] for shard in shards}


def _clear(folder: Path, others: list[Path]) -> None:
    # Killed half-way, the rest is still known for a collection, and never taken for a whole one.
    write_json(folder / STATE, Listing("a collection half cleared away", 0, 0, {}, "").as_json())
    for entry in sorted(others, key=lambda entry: entry.name == STATE):
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _refuse_another(state: dict[str, Any], listing: Listing, folder: Path) -> None:
    ours = listing.as_json()
    theirs = {**dict.fromkeys(ours), **state}
    if theirs == ours:
        return
    before, now = theirs["settings"] or {}, listing.settings
    changed = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    if (theirs["name"], theirs["pictures"]) != (listing.name, listing.pictures):
        what, expected, found = "the pile", _said(theirs), _said(ours)
    elif changed:
        expected, found = (", ".join(f"{key} {each.get(key)}" for key in changed) for each in (before, now))
        what = "the settings"
    elif (theirs["layout"], theirs["shard"]) != (listing.layout, listing.shard):
        what = "the way of working"
        expected, found = (f"layout {e['layout']}, {e['shard']} pictures a shard" for e in (theirs, ours))
    else:
        what, expected = "the pictures", _said(theirs)
        found = "others under the same names, or the same changed since"
    raise Conflict(f"{what} that {folder} was begun with ({expected})", found, _ANEW)


def _said(state: dict[str, Any]) -> str:
    return f"{state['name']}, {state['pictures']:,} pictures"
