"""Comparisons of pictures that were made already, kept on the disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitrina.duplicates.confirm import Judgement

Key = tuple[int, int, int, int]


class RememberedComparisons(MutableMapping[Key, "Judgement"]):
    """The key of a comparison (rows, turn, way) -> what comparing them gave, one line each in `path`.

    Every entry is written as it comes, so that a search which was killed compares nothing twice but for its last
    lines. Use it as a context manager. An entry is never changed or removed.
    """

    def __init__(self, path: Path) -> None:
        self._known = dict(_read(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole again: a kill may have left half a line at the end.
        partial = path.with_name(path.name + ".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(_line(key, judgement) for key, judgement in self._known.items())
        partial.replace(path)
        self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> RememberedComparisons:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def __getitem__(self, key: Key) -> Judgement:
        return self._known[key]

    def __setitem__(self, key: Key, judgement: Judgement) -> None:
        self._known[key] = judgement
        self._file.write(_line(key, judgement))

    def __delitem__(self, key: Key) -> None:
        raise TypeError("a comparison that was made is not forgotten")

    def __iter__(self) -> Iterator[Key]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _line(key: Key, judgement: Judgement) -> str:
    return json.dumps([*key, asdict(judgement)], ensure_ascii=False) + "\n"


def _read(path: Path) -> Iterator[tuple[Key, Judgement]]:
    from vitrina.duplicates.confirm import Judgement

    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            first, second, turn, way, said = json.loads(line)
            yield (first, second, turn, way), Judgement(**said)
        except (ValueError, TypeError):
            return  # The last line of a run that was killed.
