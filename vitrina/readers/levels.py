"""Which of the folders around pictures name classes, which name splits."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from vitrina.readers.names import shown, side_of, valid

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Levels:
    """Places in a folder's path, counted from the source: `classes` names the class; `splits`, where there is
    one, the split, before or right after the class. `passed`: what the folders before the class are, with SPLIT
    for the split.
    """

    classes: int
    splits: int | None
    passed: Parts

    def label(self, folder: Parts) -> str | None:
        """The class (NFC) that the pictures in `folder` are in, None outside the class folders."""
        return (
            unicodedata.normalize("NFC", valid(folder[self.classes])) if len(folder) > self.classes else None
        )

    def side(self, folder: Parts) -> str | None:
        """The split that the pictures in `folder` are in."""
        splits = self.splits
        return None if splits is None or len(folder) <= splits else side_of(folder[splits])

    def below(self, folder: Parts) -> int:
        """How many folders lie between the class folder (and the split in it) and the pictures of `folder`."""
        known = self.classes + 1
        if self.splits is not None and self.splits > self.classes:
            known += 1
        return max(0, len(folder) - known)

    @property
    def pattern(self) -> str:
        """The way down to a picture, as in "dataset/SPLIT/CLASS"."""
        after = ("SPLIT",) if self.splits is not None and self.splits > self.classes else ()
        return "/".join((*map(shown, self.passed), "CLASS", *after))


def find_levels(folders: Collection[Parts]) -> Levels:
    """`folders`: the path of each folder that directly holds pictures, () for the source itself.

    Folders that all are named like splits are splits, and so are such folders with class folders in them where
    there are two splits or more. A sole folder that everything lies in is passed by where it holds folders
    alone, or at least two of them. What comes then is the class; what lies deeper belongs to it. Folders right
    below the classes that all are named like splits, with no picture beside them, are splits.
    """
    level, splits = 0, None
    passed: list[str] = []
    while tops := {folder[level] for folder in folders if len(folder) > level}:
        if splits is None and _are_splits(folders, level, tops):
            splits = level
            passed.append("SPLIT")
        elif len(tops) == 1 and _wraps(folders, level):
            passed.extend(tops)
        else:
            break
        level += 1
    if splits is None:
        inside = [folder for folder in folders if len(folder) > level]
        if inside and all(len(folder) > level + 1 and side_of(folder[level + 1]) for folder in inside):
            splits = level + 1
    return Levels(level, splits, tuple(passed))


def _are_splits(folders: Collection[Parts], level: int, tops: set[str]) -> bool:
    named = {top for top in tops if side_of(top)}
    if named == tops:
        return True
    sides = {side_of(top) for top in named}
    itself = any(len(folder) == level + 1 and folder[level] in named for folder in folders)
    # Beside train and test there may lie a third folder, of pictures without labels. A class named like a
    # split among other classes holds its pictures itself.
    return "train" in sides and len(sides) > 1 and not itself


def _wraps(folders: Collection[Parts], level: int) -> bool:
    below = {folder[level + 1] for folder in folders if len(folder) > level + 1}
    itself = any(len(folder) == level + 1 for folder in folders)
    return bool(below) and (not itself or len(below) > 1)
