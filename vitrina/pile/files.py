"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vitrina.durable import flush


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, which takes its place, flushed to the disk, once the block has ended.

    A block that raises leaves neither. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        # Else a power cut may leave the new name with nothing in it.
        flush(partial)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    flush(path.parent)


def write_json(path: Path, value: Any) -> None:
    """`value` as indented UTF-8 JSON at `path`."""
    with whole(path) as partial:
        partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
