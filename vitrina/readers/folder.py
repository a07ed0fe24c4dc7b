"""Class folders, or a plain pile of pictures."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from vitrina.errors import BadRequest
from vitrina.labels import label_problem
from vitrina.readers.item import FolderSource, Item, Skipped

EXTENSIONS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})


def read_folder(folder: Path) -> FolderSource:
    """Read the pictures under `folder`; files are told by their extension here, by their bytes when decoded.

    Direct subfolders that hold pictures are the classes; a picture deeper down belongs to the class at the
    top. Where all those subfolders are named like splits (train, test), the folders below them are the
    classes. Pictures outside any class folder have no label. What was inferred is said in `inferred`, what
    was left out in `skipped`. An empty folder gives no items. Raises BadRequest where `folder` is none.
    """
    if not folder.is_dir():
        raise BadRequest("a folder of pictures", str(folder), "Name a folder that exists.")
    skipped: list[Skipped] = []
    found = sorted(_pictures(folder, skipped), key=lambda pair: pair[1])
    level = _class_level(found)
    items: list[Item] = []
    bad: dict[str, str] = {}
    for path, parts in found:
        label = unicodedata.normalize("NFC", parts[level]) if len(parts) > level + 1 else None
        problem = label_problem(label) if label is not None else None
        if problem is not None and label is not None:
            bad[label] = problem
            skipped.append(Skipped("/".join(parts), f"its folder's name cannot be a label: {problem}"))
            continue
        items.append(Item(path, "/".join(parts), label, f"folder:{_shown(folder.resolve().name)}"))
    class_names = sorted({item.label for item in items if item.label is not None})
    skipped.sort(key=lambda one: one.file_name)
    inferred = _sentence(items, class_names, level=level, refused=len(bad))
    return FolderSource(items, class_names, inferred, skipped)


def _class_level(found: list[tuple[Path, tuple[str, ...]]]) -> int:
    """Which part of the relative path names the class: 0, or 1 below folders named like splits."""
    tops = {parts[0].lower() for _, parts in found if len(parts) > 1}
    return 1 if tops and tops <= SPLITS else 0


def _sentence(items: list[Item], class_names: list[str], *, level: int, refused: int) -> str:
    depths = [item.file_name.count("/") for item in items]
    if not items:
        said = ["No pictures were found."]
    elif class_names:
        named = ", ".join(class_names[:12]) + (", …" if len(class_names) > 12 else "")
        said = [f"{_count(len(class_names), 'class folder')} read as labels: {named}."]
    else:
        said = [f"A plain pile of {_count(len(items), 'picture')} without labels, no class folders."]
    if level:
        said.append("The top folders are named like splits, so the folders below were read as classes.")
    if deeper := sum(depth > level + 1 for depth in depths):
        said.append(f"{_count(deeper, 'picture')} in deeper folders took the label of the folder above.")
    if class_names and (loose := sum(item.label is None for item in items)):
        has = "has" if loose == 1 else "have"
        said.append(f"{_count(loose, 'picture')} outside the class folders {has} no label.")
    if refused:
        said.append(f"{_count(refused, 'folder')} left out because the name cannot be a label.")
    return " ".join(said)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _pictures(root: Path, skipped: list[Skipped]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """(path, shown parts of the relative path) of each picture; the rest goes to `skipped`."""
    inside = root.resolve()
    waiting: list[tuple[Path, tuple[str, ...]]] = [(root, ())]
    while waiting:
        folder, above = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            skipped.append(Skipped("/".join(above) + "/", f"the folder cannot be read: {error.strerror}"))
            continue
        for entry in entries:
            path, parts = Path(entry.path), (*above, _shown(entry.name))
            if entry.is_dir(follow_symlinks=False) and not _hidden(entry.name):
                waiting.append((path, parts))
            elif (reason := _reason_to_skip(entry, path, inside)) is not None:
                slash = "/" if entry.is_dir(follow_symlinks=False) else ""
                skipped.append(Skipped("/".join(parts) + slash, reason))
            else:
                yield path, parts


def _reason_to_skip(entry: os.DirEntry[str], path: Path, inside: Path) -> str | None:
    if _hidden(entry.name):
        return "hidden"
    try:
        if entry.is_symlink():
            # A link may point anywhere on the machine; an upload must not carry other people's files along.
            if not path.resolve().is_relative_to(inside):
                return "a link that leaves the folder"
            if path.is_dir():
                return "a link to a folder"
        mode = path.stat().st_mode
    except (OSError, RuntimeError):
        return "a link that leads nowhere" if entry.is_symlink() else "it cannot be read"
    if not stat.S_ISREG(mode):
        return "not a plain file"
    if path.suffix.lower() not in EXTENSIONS:
        return f"not a picture's extension: {_shown(path.suffix) or 'none'}"
    return None


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _shown(name: str) -> str:
    """A file name as valid text: names on disk may hold bytes that are not UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")
