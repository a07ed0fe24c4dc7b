"""A backup made a store again: files first, then rows in one step."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from vitrina.decoder import Decoder
from vitrina.durable import flush
from vitrina.errors import Conflict, PictureRefused
from vitrina.gallery.doctor import DoctorReport, examine
from vitrina.gallery.dump import Dump, dump
from vitrina.gallery.files import Arrived, FileStore
from vitrina.gallery.migrate import revisions
from vitrina.gallery.restored import load, require_empty, require_schema
from vitrina.gallery.store import Store
from vitrina.images import sha256_of
from vitrina.repositories.repository import Repository, RepositoryError, StoredFile, stored
from vitrina.repositories.versions import MAIN
from vitrina.server.backup_content import BACKUP, MODELS, ROWS, Backup, read_backup, sha256_in

_AT_A_TIME = 200
_PARTIAL = ".restoring-"
_LOADED, _FIGURES = (".json", ".safetensors"), "eval_results.json"


@dataclass(frozen=True)
class Restored:
    """What came of it: rows by table, what the doctor found. `refused`: pictures of which no small ones could be made,
    each with the reason. `brought`: whether anything was not there already."""

    commit: str
    backup: Backup
    counts: dict[str, int]
    report: DoctorReport
    refused: dict[str, str]
    brought: bool

    @property
    def clean(self) -> bool:
        """Whether everything is there. Small pictures that are absent are made again when first looked at."""
        return self.report.clean


def restore(
    repository: Repository,
    store: Store,
    *,
    data: Path,
    revision: str = MAIN,
    decoder: Decoder | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> Restored:
    """The backup at `revision`, put into an empty `store` and its folder `data`.

    Every file is compared with its SHA-256. Cut off anywhere, the database is empty or has all rows, and the same call
    goes on with what has come. With a `decoder` the small pictures are made at once, else when they are first looked
    at. Raises RepositoryError for a backup that is absent or damaged, Conflict for a store that is not empty,
    VitrinaError for a newer schema, OutOfSpace.
    """
    commit, backup = find_backup(repository, revision)
    require_schema(backup.schema)
    rows_are_there = _has_rows(store, repository, commit, backup, data=data)
    _require_no_strangers(store.files, backup)
    brought = give_back_files(repository, commit, backup, store=store, data=data, step=step)
    counts = backup.counts
    if not rows_are_there:
        with _partial(data) as place:
            rows = _rows(repository, commit, backup, place)
            step("rows")
            counts = load(store.database, rows, schema=backup.schema)
    step("small pictures")
    refused = {} if decoder is None else _make_small(store, decoder, backup)
    step("doctor")
    # Every file has just been hashed.
    brought = brought or not rows_are_there
    return Restored(commit, backup, counts, examine(store, deep=False), refused, brought)


def find_backup(repository: Repository, revision: str) -> tuple[str, Backup]:
    """The commit of a revision, the complete backup in it. Raises RepositoryError."""
    if not repository.exists():
        raise RepositoryError(
            f"the data set repository {repository.name}",
            "no such repository, or a private one",
            "Correct the name; set HF_TOKEN for one on the Hub.",
        )
    commit = repository.resolve(revision)
    backup = None if commit is None else read_backup(repository, commit)
    if commit is None or backup is None:
        raise RepositoryError(
            f"a complete backup at {revision} of {repository.name}",
            "none",
            "Name the repository that python -m vitrina backup wrote to; set HF_TOKEN for one on the Hub.",
        )
    there = repository.files(commit)
    wrong = [path for path, told in backup.files.items() if not _agrees(there.get(path), told)]
    if wrong:
        raise _damaged(repository, wrong)
    return commit, backup


def give_back_files(
    repository: Repository,
    commit: str,
    backup: Backup,
    *,
    store: Store,
    data: Path,
    step: Callable[[str], None] = lambda _: None,
) -> bool:
    """Originals and models that are not there yet; whether there were any. Raises RepositoryError for one that is
    damaged."""
    brought = False
    with _partial(data) as place:
        absent = (path for sha256, path in backup.pictures.items() if not _is_whole(store.files, sha256))
        while some := list(islice(absent, _AT_A_TIME)):
            step("files")
            brought = True
            store.files.require_space(sum(backup.files[path].size for path in some))
            folder = _fetched(repository, commit, some, backup.files, place)
            _take_in(store.files, folder, some, backup.files)
            shutil.rmtree(folder)
        models = sorted(backup.under(MODELS))
        for name, paths in groupby(models, key=lambda path: path.split("/")[1]):
            files = list(paths)
            if not _has_model(data, name, files, backup):
                brought = True
                folder = _fetched(repository, commit, files, backup.files, place)
                (data / MODELS).mkdir(exist_ok=True)
                for inside in [one for one in folder.rglob("*") if one.is_dir()]:
                    flush(inside)
                # In one step: what is there under its name is whole.
                os.replace(folder / MODELS / name, data / MODELS / name)
                flush(data / MODELS)
    return brought


def _has_rows(store: Store, repository: Repository, commit: str, backup: Backup, *, data: Path) -> bool:
    """False for an empty database, True for one that has just these rows. Raises Conflict for any other."""
    try:
        require_empty(store.database)
        return False
    except Conflict:
        with _partial(data) as place:
            there = _hashes(dump(store.database, place), ROWS)
            told = {path: backup.files[path] for path in backup.under(ROWS)}
            if backup.schema != revisions()[-1]:
                told = _as_migrated(_rows(repository, commit, backup, place), backup, place)
        if there != told:
            raise
        return True


def _hashes(dumped: Dump, folder: str) -> dict[str, StoredFile]:
    return {f"{folder}/{file.name}": stored(file) for file in dumped.files.values()}


def _as_migrated(rows: Mapping[str, Path], backup: Backup, place: Path) -> dict[str, StoredFile]:
    """The rows of an older schema as a restore leaves them."""
    with Store.open(f"sqlite:///{place / 'scratch.sqlite3'}", place / "scratch") as scratch:
        load(scratch.database, rows, schema=backup.schema)
        (place / "migrated").mkdir()
        return _hashes(dump(scratch.database, place / "migrated"), ROWS)


def _rows(repository: Repository, commit: str, backup: Backup, place: Path) -> dict[str, Path]:
    """Table -> its lines, fetched."""
    paths = backup.under(ROWS)
    folder = _fetched(repository, commit, paths, backup.files, place)
    return {Path(path).stem: folder / path for path in paths}


def _require_no_strangers(files: FileStore, backup: Backup) -> None:
    known = backup.pictures
    strangers = [path for path in (files.root / "originals").glob("*/*/*") if path.name not in known]
    if strangers:
        raise Conflict(
            "an empty store to restore into",
            f"{len(strangers)} pictures that are not in the backup, as {strangers[0]}",
            "Name an empty folder with --into, or move these away first.",
        )


@contextmanager
def _partial(data: Path) -> Iterator[Path]:
    """A folder beside what is restored; what a killed restore left there goes first."""
    data.mkdir(parents=True, exist_ok=True)
    for left in data.glob(f"{_PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PARTIAL, dir=data) as place:
        yield Path(place)


def _fetched(
    repository: Repository,
    commit: str,
    paths: Sequence[str],
    told: Mapping[str, StoredFile],
    place: Path,
) -> Path:
    """A new folder with these files alone, each as it was backed up; what came otherwise is fetched once more."""
    whole = Path(tempfile.mkdtemp(dir=place))
    wanted = list(paths)
    for _ in range(2):
        with tempfile.TemporaryDirectory(dir=place) as fresh:
            patterns = [glob.escape(path) for path in wanted]
            folder = repository.download(commit, wanted=patterns, fresh=Path(fresh))
            for path in wanted:
                if (folder / path).is_file() and stored(folder / path) == told[path]:
                    (whole / path).parent.mkdir(parents=True, exist_ok=True)
                    _keep(folder / path, whole / path)
        wanted = [path for path in wanted if not (whole / path).is_file()]
        if not wanted:
            return whole
    raise _damaged(repository, wanted)


def _keep(source: Path, place: Path) -> None:
    """Under one more name: the Hub's cache has one file for all of the same content, with links to it."""
    try:
        os.link(source.resolve(), place)
    except OSError:
        shutil.copyfile(source, place)
    flush(place)


def _take_in(files: FileStore, folder: Path, paths: Iterable[str], told: Mapping[str, StoredFile]) -> None:
    """Pictures that were compared with their hash and synced get their names in the store."""
    folders = set()
    for path in paths:
        sha256 = sha256_in(path)
        assert sha256 is not None
        files.place(Arrived(sha256, told[path].size, folder / path))
        folders.add(files.path_of(sha256).parent)
    for one in sorted(folders):
        flush(one)


def _is_whole(files: FileStore, sha256: str) -> bool:
    original = files.path_of(sha256)
    return original.is_file() and sha256_of(original) == sha256


def _has_model(data: Path, name: str, paths: Sequence[str], backup: Backup) -> bool:
    if not (data / MODELS / name).exists():
        return False
    # Its figures may have been measured anew since, its card edited: by these it is not another model.
    loaded = [path for path in paths if path.endswith(_LOADED) and not path.endswith(_FIGURES)]
    other = [
        path for path in loaded if not (data / path).is_file() or stored(data / path) != backup.files[path]
    ]
    if other:
        raise Conflict(
            f"no model in {data / MODELS / name}, or the one of the backup",
            f"another ({', '.join(other[:3])})",
            "Move it away, then run the command again.",
        )
    return True


def _make_small(store: Store, decoder: Decoder, backup: Backup) -> dict[str, str]:
    there = [sha256 for sha256 in backup.pictures if not store.files.has(sha256)]
    refused = {}
    answers = decoder.examine_many(store.files.path_of(sha256) for sha256 in there)
    for sha256, answer in zip(there, answers, strict=True):
        if isinstance(answer, PictureRefused):
            refused[sha256] = str(answer)
            continue
        store.files.write_derivative(sha256, "thumb", answer.thumbnail)
        store.files.write_derivative(sha256, "large", answer.large)
    return refused


def _agrees(found: StoredFile | None, told: StoredFile) -> bool:
    return found is not None and found.size == told.size and found.sha256 in (None, told.sha256)


def _damaged(repository: Repository, paths: Sequence[str]) -> RepositoryError:
    named = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    return RepositoryError(
        f"every file of the backup in {repository.name} as {BACKUP} names it",
        f"{named} absent or altered",
        "Run the command again; where that does not help, restore an earlier backup with --revision.",
    )
