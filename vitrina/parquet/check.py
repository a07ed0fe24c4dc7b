"""Parquet files read back and compared with the report of the split."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.cards.merged import front_of
from vitrina.decoder.surveyed import pixel_sha256
from vitrina.errors import Conflict, PictureRefused, VitrinaError
from vitrina.images import open_picture
from vitrina.parquet.bare import bare_picture
from vitrina.splits.written import contents, fingerprint, hashes, leaks_of

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

_SHARD = re.compile(r"(\w+)-(\d{5})-of-(\d{5})\.parquet")
_AGAIN = "Publish it again; where that does not help, report it with split_report.json."
SAMPLE = 8


@dataclass(frozen=True)
class Checked:
    """What was found: rows of each side, pictures that were decoded."""

    rows: Mapping[str, int]
    decoded: int


def check_dataset(folder: Path, report: Mapping[str, Any], *, sample: int = SAMPLE) -> Checked:
    """FOLDER/data and FOLDER/README.md, as written or downloaded, against `report`, split_report.json.

    All shards are there, of sides that have rows. Features, class names, rows, pictures, classes, means of targets of
    each side are those of the report, as are the SHA-256 of each side's pixels and that of all rows with their
    labels. No picture_id, pixel_sha256 or group lies on two sides. The card tells the same numbers. `sample` pictures
    a side, evenly spaced, decode to their `pixel_sha256` and hold no metadata. Of the others every row is read, but
    not its picture. Raises Conflict.
    """
    try:
        shards = _shards(folder, report)
        written = _rows(shards, report)
        _compare(written, report)
        _compare_card(folder, written)
        decoded = sum(_look_at(paths, sample) for paths in shards.values())
    except VitrinaError:
        raise
    # pyarrow has errors of its own for files that break.
    except Exception as error:
        raise _unlike("Parquet files that can be read", f"{type(error).__name__}: {error}"[:200]) from error
    return Checked({str(side): len(part) for side, part in written.items()}, decoded)


def _shards(folder: Path, report: Mapping[str, Any]) -> dict[str, list[Path]]:
    """The files of each side in their order."""
    found: dict[str, list[Path]] = {side: [] for side, counts in report["counts"].items() if counts["rows"]}
    totals: dict[str, int] = {}
    for path in sorted((folder / "data").glob("*")):
        named = _SHARD.fullmatch(path.name)
        if named is None or named[1] not in found:
            raise _unlike(f"Parquet files of {', '.join(found)} alone", f"data/{path.name}")
        found[named[1]].append(path)
        totals[named[1]] = int(named[3])
    for side, paths in found.items():
        expected = [
            f"{side}-{n:05d}-of-{totals.get(side, 1):05d}.parquet" for n in range(totals.get(side, 1))
        ]
        if (names := [path.name for path in paths]) != expected:
            raise _unlike(f"the files {', '.join(expected)}", ", ".join(names) or "none")
    return found


def _rows(shards: Mapping[str, list[Path]], report: Mapping[str, Any]) -> DatasetDict:
    """Each side without its pictures."""
    import pyarrow
    import pyarrow.parquet
    from datasets import Dataset, DatasetDict, Features

    sides: dict[str, Dataset] = {}
    for side, paths in shards.items():
        tables = []
        for path in paths:
            with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
                features = Features.from_arrow_schema(file.schema_arrow)
                _compare_features(features, report)
                told = [name for name in features if name != "image"]
                tables.append(file.read(columns=told).replace_schema_metadata())
        kept = Features({name: features[name] for name in told})
        part = Dataset(pyarrow.concat_tables(tables).cast(kept.arrow_schema))
        if "file_name" not in told:
            part = part.add_column("file_name", part["picture_id"][:])
        sides[side] = part
    return DatasetDict(sides)


def _compare_features(features: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    told = {one["name"]: one for one in report["features"]}
    if strange := [name for name in features if name not in told]:
        raise _unlike("the columns of the split", f"others: {', '.join(strange)}")
    for name in ("image", "label", "picture_id", "pixel_sha256"):
        if name in told and name not in features:
            raise _unlike(f"a column {name}", ", ".join(features))
    for name, feature in features.items():
        names = getattr(feature, "names", None)
        if names != told[name].get("names"):
            raise _unlike(f"the classes {told[name].get('names')} in {name}", str(names))
    if type(features["image"]).__name__ != "Image":
        raise _unlike("pictures in the column image", str(features["image"]))


def _compare(written: DatasetDict, report: Mapping[str, Any]) -> None:
    columns, targets = report["settings"]["group_by"], report["settings"].get("targets", ())
    here = [name for name in columns if name in next(iter(written.values())).column_names]
    found = contents(written, here, targets=targets)
    for side in found:
        for what, count in report["counts"][side].items():
            if (what != "groups" or here == columns) and found[side][what] != count:
                raise _unlike(f"{count} {what} in {side}", str(found[side][what]))
    leaks = leaks_of(written, here)
    if leaks.groups:
        raise _unlike(
            f"no picture or group ({', '.join(here)}) on two sides",
            f"{leaks.groups}, with {leaks.pictures} pictures",
        )
    if wrong := [side for side, digest in hashes(written).items() if report["hashes"][side] != digest]:
        raise _unlike("the pictures of the split on each side", f"others in {', '.join(wrong)}")
    if (now_all := fingerprint(written, targets=targets)) != report["fingerprint"]:
        raise _unlike(f"rows and labels of the fingerprint {report['fingerprint'][:12]}", now_all[:12])


def _compare_card(folder: Path, written: DatasetDict) -> None:
    card = folder / "README.md"
    if not card.is_file():
        raise _unlike("a card, README.md", "none")
    info = front_of(card.read_text(encoding="utf-8")).get("dataset_info") or {}
    told = {one.get("name"): one.get("num_examples") for one in info.get("splits") or ()}
    rows = {str(side): len(part) for side, part in written.items()}
    if told != rows:
        raise _unlike(f"a card that tells of the rows {rows}", str(told))


def _look_at(paths: list[Path], sample: int) -> int:
    """How many pictures of a side were decoded."""
    import pyarrow.parquet

    total = sum(pyarrow.parquet.read_metadata(path).num_rows for path in paths)
    wanted = {n * total // sample for n in range(sample)} if total > sample else set(range(total))
    first = 0
    for path in paths:
        with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
            for number in range(file.num_row_groups):
                rows = file.metadata.row_group(number).num_rows
                chosen = sorted(row - first for row in wanted if first <= row < first + rows)
                if chosen:
                    table = file.read_row_group(number, columns=["image", "picture_id", "pixel_sha256"])
                    for row in table.take(chosen).to_pylist():
                        _look_at_one(row)
                first += rows
    return len(wanted)


def _look_at_one(row: Mapping[str, Any]) -> None:
    name, data = f"the picture {row['picture_id'][:12]}", row["image"]["bytes"]
    try:
        pixels = pixel_sha256(open_picture(data).image)
    except PictureRefused as refused:
        raise _unlike(f"{name}, decoded", refused.found) from refused
    if pixels != row["pixel_sha256"]:
        raise _unlike(f"the pixels of {name}", "others")
    bare = bare_picture(data, pixels=pixels, name=name)
    if bare.taken_out or bare.written_anew:
        raise _unlike(f"{name} without metadata", ", ".join(bare.taken_out) or str(bare.written_anew))


def _unlike(expected: str, found: str) -> Conflict:
    return Conflict(f"in the data set as published {expected}", found, _AGAIN)
