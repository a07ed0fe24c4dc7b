"""What is being collected, told apart from any other pile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vitrina.readers.item import Item, Source

# Pictures a shard: what a killed run does again at most.
SHARD = 128
# Another number where what a shard holds, or how it is measured, changes: old shards then do not fit new ones.
LAYOUT = 1


@dataclass(frozen=True)
class Listing:
    """`name` of the source, its `pictures`, `shard` (pictures a shard), `settings` that decide what the rows hold,
    `digest`: SHA-256 over the pictures' names, order, labels, columns, sizes and times of change.
    """

    name: str
    pictures: int
    shard: int
    settings: dict[str, Any]
    digest: str
    layout: int = LAYOUT

    @property
    def shards(self) -> int:
        """How many shards the pictures fill."""
        return -(-self.pictures // self.shard)

    def as_json(self) -> dict[str, Any]:
        """The fields as they lie in state.json."""
        return asdict(self)


def listing_of(source: Source, *, settings: Mapping[str, Any], shard: int = SHARD) -> Listing:
    """The listing of `source`. Looks at each file's size and time of change, opens none."""
    digest = hashlib.sha256()
    stamps: dict[Path, list[int] | None] = {}
    for item in source.items:
        if item.path not in stamps:
            stamps[item.path] = _stamp(item.path)
        said = [item.file_name, item.label, item.source, item.place, item.split, item.columns]
        digest.update(_line([*said, stamps[item.path]]))
    digest.update(_line([source.class_names, source.columns]))
    names = name_of(source.items)
    return Listing(names, len(source.items), shard, dict(settings), digest.hexdigest())


def name_of(items: list[Item]) -> str:
    """The sources of `items`, each once, sorted."""
    return ", ".join(sorted({item.source for item in items}))


def _stamp(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _line(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, default=dict)
    return text.encode() + b"\n"
