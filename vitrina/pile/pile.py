"""A finished collection, opened."""

from __future__ import annotations

import bisect
import io
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import NotFound
from vitrina.pile.begun import REPORT

if TYPE_CHECKING:
    import numpy as np
    import pandas
    import pyarrow
    from datasets import Dataset

_OPTIONAL = ("label", "official_split", "group")


@dataclass(frozen=True)
class Pile:
    """What `collect` left in `folder`; nothing is read before it is asked for. Rows are numbered from 0.

    `report`: collect_report.json.
    """

    folder: Path
    report: dict[str, Any]

    @cached_property
    def dataset(self) -> Dataset:
        """One row a picture: `image` (the file's own bytes), `label` where there are classes, `picture_id`,
        `source`, `file_name`, `group`, `official_split`, the source's own columns. Mapped, not read into memory.
        """
        from datasets import load_from_disk

        return load_from_disk(str(self.folder / "dataset"))

    @cached_property
    def survey(self) -> pandas.DataFrame:
        """One row a picture, in the same order: the columns of `vitrina.pile.columns.SURVEY`.

        What a picture does not have (label, official_split, group) is None.
        """
        import pandas

        frame = pandas.read_parquet(self.folder / "survey.parquet")
        for name in _OPTIONAL:
            # pandas reads what is missing in a column of text as NaN, which is true and unequal to itself.
            values = frame[name].astype(object)
            frame[name] = pandas.Series([None if value != value else value for value in values], dtype=object)
        return frame

    @property
    def class_names(self) -> list[str]:
        """In the order of the label's numbers; none for a plain pile."""
        return list(self.report["class_names"])

    @cached_property
    def features(self) -> np.ndarray | None:
        """float32 (n, d), mapped read-only; None where they were left out."""
        import numpy as np

        if self.report["features"] is None:
            return None
        return np.load(self.folder / "features.npy", mmap_mode="r")

    @property
    def feature_revision(self) -> str | None:
        """The model behind the features, such as "bundled/efficientnet-lite0@0.1.0"."""
        return None if self.report["features"] is None else str(self.report["features"]["revision"])

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the sorted picture ids, a newline after each: 64 hexadecimal digits."""
        return str(self.report["fingerprint"])

    @property
    def digest(self) -> str | None:
        """SHA-256 over what the rows say, see `vitrina.pile.join.digest_of`; None in collections older than it."""
        return self.report.get("digest")

    def view(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3), sRGB, longer side at most 256 pixels. Raises IndexError."""
        import numpy as np
        from PIL import Image

        with Image.open(io.BytesIO(self.view_jpeg(row)), formats=("JPEG",)) as image:
            return np.asarray(image.convert("RGB"))

    def view_jpeg(self, row: int) -> bytes:
        """The same as a JPEG file. Raises IndexError."""
        starts, columns = self._views
        if not 0 <= row < starts[-1]:
            raise IndexError(f"row {row} of {starts[-1]}")
        number = bisect.bisect_right(starts, row) - 1
        jpeg: bytes = columns[number][row - starts[number]].as_py()
        return jpeg

    def __len__(self) -> int:
        return int(self.report["counts"]["taken"])

    @cached_property
    def _views(self) -> tuple[list[int], list[pyarrow.Array]]:
        """(number of the first row of each batch, of the row after the last; the batches)."""
        import pyarrow

        # Mapped batch by batch: one joined array would have to be searched through for each row.
        starts, columns = [0], []
        for path in sorted((self.folder / "views").glob("views-*.arrow")):
            for chunk in pyarrow.ipc.open_stream(pyarrow.memory_map(str(path))).read_all()["jpeg"].chunks:
                starts.append(starts[-1] + len(chunk))
                columns.append(chunk)
        return starts, columns


def open_pile(folder: Path) -> Pile:
    """The collection in `folder`, the one that `collect` names at its end. Raises NotFound."""
    folder = Path(folder)
    report = folder / REPORT
    if not report.is_file():
        begun = "one that was begun but not finished" if folder.is_dir() else "nothing there"
        raise NotFound(
            f"a finished collection at {folder}",
            begun,
            "Run: python -m training collect PILE --output_dir WORK",
        )
    return Pile(folder, json.loads(report.read_text(encoding="utf-8")))
