"""A backup of the store in a private repository: database first, then files, the file that names them last."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from vitrina.errors import Conflict
from vitrina.gallery.dump import dump, rows_of
from vitrina.gallery.store import Store
from vitrina.repositories.repository import Change, Repository, RepositoryError, StoredFile, stored
from vitrina.repositories.versions import MAIN
from vitrina.server.backup_content import (
    ABOUT,
    BACKUP,
    MODELS,
    PICTURES,
    README,
    ROWS,
    Backup,
    picture_path,
    read_backup,
)

# Files a commit: a first backup of a large store goes in steps that each end, and need not be sent twice.
FILES_A_COMMIT = 500


@dataclass(frozen=True)
class Taken:
    """What came of it. `commit` holds the backup, which was there `since` that moment where nothing was new; `sent`
    are the paths that travelled; `pruned` those that went. `missing`, `altered` name pictures (SHA-256) whose file is
    gone or not as it came, `outside` models that lie elsewhere than in the data folder, `elsewhere` those of a
    repository in a folder, which keeps its own versions: none of these is in it."""

    commit: str
    backup: Backup
    since: str | None
    sent: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether everything that the rows need is in it, or in a repository."""
        return not (self.backup.missing or self.outside)


@dataclass
class _Content:
    """`sources`: what may have to be sent, by path; `files`: everything that the backup names."""

    sources: dict[str, Path]
    files: dict[str, StoredFile]
    # Dictionaries without values: each once, in the order found.
    missing: dict[str, None] = field(default_factory=dict)
    altered: dict[str, None] = field(default_factory=dict)
    outside: dict[str, None] = field(default_factory=dict)
    elsewhere: dict[str, None] = field(default_factory=dict)

    @property
    def unwell(self) -> set[str]:
        """SHA-256 of pictures that cannot be sent."""
        return {*self.missing, *self.altered}


def take_backup(
    store: Store,
    repository: Repository,
    *,
    data: Path,
    taken: str,
    prune: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> Taken:
    """All that `store` and its models in `data` hold, on the branch main of `repository`, made where it is absent.

    What is there already does not travel. Cut off anywhere, the backup before is whole, and the next one goes on.
    `taken` is the present moment (UTC, ISO 8601); `prune` removes files that the backup no longer names. `step` is
    told each step before it is taken. Raises RepositoryError for a public repository, RepositoryChanged where another
    backup was faster, Conflict where the backup there is of another store.
    """
    require_private(repository)
    repository.settle()
    head = repository.references().branches.get(MAIN)
    there = {} if head is None else repository.files(head)
    before = None if head is None else read_backup(repository, head)
    _require_ours(repository, there, before)
    with tempfile.TemporaryDirectory(prefix="vitrina-backup-") as place:
        step("rows")
        rows = dump(store.database, Path(place))
        if before is not None and head is not None:
            _require_same_store(repository, head, before, counts=rows.counts, rows=rows.files)
        content = _content(store, data, rows.files, there)
        backup = Backup(taken, rows.schema, rows.counts, content.files, tuple(sorted(content.unwell)))
        new = _new(content, there, {} if before is None else before.files)
        since = None
        if before is not None and before == replace(backup, taken=before.taken) and not new:
            since = before.taken
        if since is None or head is None:
            head = _send(repository, content, backup, head=head, there=there, new=new, step=step)
    outcome = Taken(
        head,
        backup,
        since,
        sent=tuple(new),
        missing=tuple(content.missing),
        altered=tuple(content.altered),
        outside=tuple(content.outside),
        elsewhere=tuple(content.elsewhere),
    )
    return _pruned(repository, outcome, step=step) if prune else outcome


def require_private(repository: Repository) -> None:
    """A private repository is there, made where it was absent. Raises RepositoryError for a public one, or for one
    that cannot be made or seen."""
    if not repository.exists():
        repository.create(private=True)
    if not repository.is_private():
        raise RepositoryError(
            f"a private repository at {repository.name}: a backup holds originals and hashes of passwords",
            "a public one",
            "Make it private in its settings on the Hub, or name another.",
        )


def _require_ours(repository: Repository, there: Mapping[str, StoredFile], before: Backup | None) -> None:
    """No repository of somebody's data set is filled with originals."""
    strangers = [
        path
        for path in there
        if path not in (README, ".gitattributes") and not path.startswith((f"{PICTURES}/", f"{MODELS}/"))
    ]
    if before is None and strangers:
        raise RepositoryError(
            f"a new repository at {repository.name}, or one with a backup",
            f"other files: {', '.join(strangers[:5])}",
            "Name another repository.",
        )


def _require_same_store(
    repository: Repository,
    head: str,
    before: Backup,
    *,
    counts: Mapping[str, int],
    rows: Mapping[str, Path],
) -> None:
    """What the last backup has, this store must have: nothing in it is ever deleted.

    A gallery that began anew, because its disk was forgotten, would else stand in the place of the one that was lost.
    """
    path = f"{ROWS}/collection.jsonl"
    now = {_identity(row) for row in rows_of(rows["collection"])}
    with tempfile.TemporaryDirectory(prefix="vitrina-before-") as place:
        lines = Path(place) / "collection.jsonl"
        lines.write_bytes(repository.read(path, revision=head) if path in before.files else b"")
        absent = [row["slug"] for row in rows_of(lines) if _identity(row) not in now]
    fewer = [name for name in ("picture", "annotation") if counts[name] < before.counts.get(name, 0)]
    if absent or fewer:
        found = [f"without its collection {slug}" for slug in absent[:3]]
        found += [f"with {counts[name]} rows of {name} instead of {before.counts[name]}" for name in fewer]
        raise Conflict(
            f"the store whose backup of {before.taken} lies in {repository.name}",
            f"another, {', '.join(found)}",
            "Restore that backup into an empty store and go on with that, or back this one up to another repository.",
        )


def _identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["id"], row["slug"], row["created_at"]


def _content(store: Store, data: Path, rows: Mapping[str, Path], there: Mapping[str, StoredFile]) -> _Content:
    sources = {f"{ROWS}/{file.name}": file for file in rows.values()}
    content = _Content(sources, {path: stored(file) for path, file in sources.items()})
    for row in rows_of(rows["picture"]):
        _add_picture(content, store, row, there)
    for row in rows_of(rows["collection"]):
        if row["model"] is not None:
            _add_model(content, data, row["model"])
    return content


def _add_picture(
    content: _Content, store: Store, row: Mapping[str, Any], there: Mapping[str, StoredFile]
) -> None:
    sha256: str = row["sha256"]
    path = picture_path(sha256, row["format"])
    told = StoredFile(row["size_bytes"], sha256)
    at_far_end = there.get(path)
    if at_far_end is not None and at_far_end.size == told.size and at_far_end.sha256 in (None, sha256):
        content.files[path] = told
        return
    if path in content.files or sha256 in content.missing or sha256 in content.altered:
        return
    original = store.files.path_of(sha256)
    if not original.is_file():
        content.missing[sha256] = None
    elif stored(original) != told:
        content.altered[sha256] = None
    else:
        content.files[path], content.sources[path] = told, original


def _add_model(content: _Content, data: Path, reference: str) -> None:
    if reference.startswith("file:"):
        content.elsewhere[reference.partition("@")[0]] = None
        return
    folder = data / reference
    if not folder.is_dir():
        return  # The name of one on the Hub, of a bundled one: it is there without us.
    parts = Path(reference).parts
    if len(parts) < 2 or parts[0] != MODELS or ".." in parts:
        content.outside[reference] = None
        return
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            path = file.relative_to(data).as_posix()
            content.sources[path], content.files[path] = file, stored(file)


def _new(content: _Content, there: Mapping[str, StoredFile], known: Mapping[str, StoredFile]) -> list[str]:
    """The paths that have to travel. `known` is what the last backup names."""
    new = []
    for path in sorted(content.sources):
        told, at_far_end = content.files[path], there.get(path)
        if at_far_end is not None and at_far_end.sha256 is None and at_far_end.size == told.size:
            # Of small files the Hub tells the size alone.
            at_far_end = known.get(path)
        if at_far_end != told:
            new.append(path)
    return new


def _send(
    repository: Repository,
    content: _Content,
    backup: Backup,
    *,
    head: str | None,
    there: Mapping[str, StoredFile],
    new: Sequence[str],
    step: Callable[[str], None],
) -> str:
    """New files first, in steps where they are many; then, in one step, rows with the file that names everything."""
    # What lies at the far end already belongs to the backup there until the last step.
    late = [path for path in new if path.startswith(f"{ROWS}/") or path in there]
    rest = [path for path in new if path not in set(late)]
    # What fits goes along with the last step: most backups are one commit.
    while rest and len(rest) + len(late) + 2 > FILES_A_COMMIT:
        some, rest = rest[:FILES_A_COMMIT], rest[FILES_A_COMMIT:]
        step("files")
        change = Change({path: content.sources[path] for path in some})
        head = repository.commit(
            MAIN, change, message=f"{len(some)} files of the backup to come", parent=head
        )
    added: dict[str, Path | bytes] = {path: content.sources[path] for path in (*rest, *late)}
    added[BACKUP] = backup.to_bytes()
    if README not in there:
        added[README] = ABOUT.encode()
    gone = [path for path in there if path.startswith(f"{ROWS}/") and path not in backup.files]
    step("commit")
    commit = repository.commit(MAIN, Change(added, gone), message=f"Backup of {backup.taken}", parent=head)
    step("done")
    return commit


def _pruned(repository: Repository, taken: Taken, *, step: Callable[[str], None]) -> Taken:
    """Without the files that the backup no longer names; earlier commits keep theirs."""
    head = taken.commit
    idle = [
        path
        for path in repository.files(head)
        if path.startswith((f"{PICTURES}/", f"{MODELS}/")) and path not in taken.backup.files
    ]
    left = iter(idle)
    while some := list(islice(left, FILES_A_COMMIT)):
        step("prune")
        message = f"Without {len(some)} files that no row names"
        head = repository.commit(MAIN, Change(removed=some), message=message, parent=head)
    return replace(taken, commit=head, pruned=tuple(idle))
