"""A folder of pictures: class folders, a plain pile, either with tables beside the pictures."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import Limits, read_bytes
from vitrina.readers.item import Skipped, Source
from vitrina.readers.layout import lay_out
from vitrina.readers.metadata import MOST_BYTES
from vitrina.readers.names import count, hidden, shown
from vitrina.readers.naming import Told


def fits(path: Path) -> bool:
    """Whether `path` is a folder."""
    return path.is_dir()


def read_folder(
    folder: Path, *, class_names: Sequence[str] | None = None, label_column: str | None = None
) -> Source:
    """Read the pictures under `folder`; files are told by their extension here, by their bytes when decoded.

    Labels, splits, columns come from a metadata file or a manifest in it, else from the folders' names; see
    `lay_out`. Items are sorted by file name. What was inferred is said in `inferred`, what was left out in
    `skipped`. An empty folder gives no items. Raises BadRequest where `folder` is none, where a table in it
    cannot be read, where labels do not fit `class_names`.
    """
    if not folder.is_dir():
        raise BadRequest("a folder of pictures", str(folder), "Name a folder that exists.")
    names, skipped = list_files(folder)
    layout = lay_out(
        names,
        source=source_name(folder),
        path_of=below(folder),
        place_of=lambda name: None,
        read=lambda name: read_table(folder / name),
        told=Told(class_names, label_column),
    )
    unread = sum(one.reason.startswith(_UNREAD) for one in skipped)
    said = f" {count(unread, 'folder')} could not be read." if unread else ""
    everything = sorted([*layout.skipped, *skipped], key=lambda one: one.file_name)
    fields = replace(layout, inferred=layout.inferred + said, skipped=everything)
    return Source(**vars(fields))


def list_files(root: Path) -> tuple[list[str], list[Skipped]]:
    """(relative names of the plain files under `root`, sorted as shown; what is left out).

    Names have forward slashes and may hold bytes that are not UTF-8, as os.fsdecode gives them. Hidden folders
    are not entered, links that leave `root` not followed. A folder is listed without asking about each file.
    """
    inside = root.resolve()
    names: list[str] = []
    skipped: list[Skipped] = []
    waiting = [(os.fspath(root), "")]
    while waiting:
        folder, above = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = above + entry.name
                    if entry.is_file(follow_symlinks=False):
                        names.append(name)
                    elif not entry.is_dir(follow_symlinks=False):
                        reason = _reason_to_skip(entry, inside)
                        if reason is None:
                            names.append(name)
                        else:
                            skipped.append(Skipped(shown(name), reason))
                    elif hidden(entry.name):
                        skipped.append(Skipped(f"{shown(name)}/", "hidden"))
                    else:
                        waiting.append((entry.path, f"{name}/"))
        except OSError as error:
            skipped.append(Skipped(shown(above), f"{_UNREAD}: {error.strerror}"))
    names.sort(key=shown)
    return names, skipped


def below(root: Path) -> Callable[[str], Path]:
    """The path of a relative name."""
    prefix = os.path.join(root, "")
    return lambda name: Path(prefix + name)


def source_name(folder: Path) -> str:
    """How items of `folder` name their source: "folder:trashnet"."""
    return f"folder:{shown(folder.resolve().name)}"


def read_table(path: Path) -> bytes:
    """The bytes of a table. Raises BadRequest where it cannot be read, is empty or too large."""
    try:
        return read_bytes(path, limits=Limits(max_bytes=MOST_BYTES))
    except PictureRefused as refused:
        name = shown(path.name)
        raise BadRequest(
            f"a table in {name}", refused.found, "Save the table anew, or take it away."
        ) from None


_UNREAD = "the folder cannot be read"


def _reason_to_skip(entry: os.DirEntry[str], inside: Path) -> str | None:
    """Why an entry is left out that is neither a plain file nor a folder."""
    if hidden(entry.name):
        return "hidden"
    if not entry.is_symlink():
        return "not a plain file"
    path = Path(entry.path)
    try:
        # A link may point anywhere on the machine; an upload must not carry other people's files along.
        if not path.resolve().is_relative_to(inside):
            return "a link that leaves the folder"
        mode = path.stat().st_mode
    except (OSError, RuntimeError):
        return "a link that leads nowhere"
    if stat.S_ISDIR(mode):
        return "a link to a folder"
    return None if stat.S_ISREG(mode) else "not a plain file"
