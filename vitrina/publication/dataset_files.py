"""The files of a data set as it is published, from a working folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitrina.cards.reports import SPLIT, read_report
from vitrina.parquet.check import check_dataset
from vitrina.parquet.write import write_dataset_files
from vitrina.repositories.manifest import Manifest
from vitrina.repositories.release import Content
from vitrina.repositories.repository import RepositoryError


def dataset_content(
    work: Path,
    folder: Path,
    *,
    repo_id: str | None,
    at: str,
    say: Callable[[str], None] = lambda line: None,
    progress: Callable[[int, int], None] | None = None,
) -> Content:
    """WORK's split and card as Parquet files and README.md in `folder`, which is new or empty and must stay until they
    are sent. Raises NotFound, Conflict, BadRequest as `write_dataset_files` does.
    """
    written = write_dataset_files(work, folder, repo_id=repo_id, progress=progress)
    for line in written.told().splitlines():
        say(line)
    report = read_report(work, "split", SPLIT)
    files: dict[str, Path | bytes] = {path: folder / path for path in written.files}
    manifest = Manifest(
        kind="dataset",
        name=f"split {str(report['fingerprint'])[:12]}",
        created=at,
        files={},
        test={"sha256": report["hashes"].get("test"), "fingerprint": report["fingerprint"]},
    )
    return Content.of(files, manifest)


def checked_against(work: Path) -> Callable[[Path], Any]:
    """What looks at a data set that was read back: sides, classes, columns, pictures as WORK's report tells them.

    It raises RepositoryError where they are not.
    """
    report = read_report(work, "split", SPLIT)

    def check(folder: Path) -> None:
        from vitrina.errors import VitrinaError

        try:
            check_dataset(folder, report)
        except VitrinaError as error:
            raise RepositoryError(error.expected, error.found, error.next_step) from error

    return check
