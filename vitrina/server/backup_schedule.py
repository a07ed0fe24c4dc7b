"""Backups of the app at work; what a restart forgot comes back from the last one."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from vitrina.errors import Conflict, VitrinaError
from vitrina.gallery.restored import require_empty
from vitrina.gallery.store import Store
from vitrina.repositories.opening import open_repository
from vitrina.repositories.repository import Repository, RepositoryError, RepositoryUnreachable
from vitrina.repositories.versions import MAIN
from vitrina.server.backup import require_private, take_backup
from vitrina.server.backup_content import read_backup
from vitrina.server.backup_words import backup_in_words, restored_in_words
from vitrina.server.restore import find_backup, give_back_files, restore
from vitrina.server.settings import Settings
from vitrina.services import Services
from vitrina.services.keeping import Keeping

log = logging.getLogger(__name__)


def keeping_of(settings: Settings) -> Keeping | None:
    """Whether backups are taken. Raises VitrinaError for a pace that is none."""
    if not settings.backup_repository:
        return None
    if settings.backup_minutes < 1:
        raise VitrinaError(
            "at least 1 minute in VITRINA_BACKUP_MINUTES",
            str(settings.backup_minutes),
            "Set it to 60, or unset VITRINA_BACKUP_REPOSITORY for no backups.",
        )
    return Keeping(settings.backup_minutes)


def restore_first(settings: Settings) -> None:
    """Brings back what a restart forgot, before anybody is let in; nothing where there is no backup yet.

    A repository that is not there is made at once. Raises VitrinaError where the backup cannot be had, or where nobody
    can tell whether there is one: a gallery that began anew beside it would only gather what nobody can put together
    again.
    """
    if not settings.backup_repository or settings.forgets == "nothing":
        return
    repository = _repository(settings)
    if not repository.exists():
        _begin(repository)
        return
    head = repository.references().branches.get(MAIN)
    if head is None or read_backup(repository, head) is None:
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    with Store.open(
        settings.database, settings.data / "pictures", minimum_free_bytes=settings.minimum_free_bytes
    ) as store:
        if settings.forgets == "everything" and _is_empty(store):
            done = restore(repository, store, data=settings.data, revision=head)
            log.info("%s", restored_in_words(done, repository.name, str(settings.data)))
        elif settings.forgets == "pictures":
            give_back_files(repository, *find_backup(repository, head), store=store, data=settings.data)


def _begin(repository: Repository) -> None:
    """Makes the repository that looks absent. Raises RepositoryError where it may be there, out of our sight."""
    try:
        repository.account()
    except RepositoryUnreachable:
        raise
    except RepositoryError as problem:
        # Of a private repository the Hub says to strangers that there is none.
        raise RepositoryError(
            f"a token of the Hub that tells whether a backup is at {repository.name}",
            "none that works",
            "Set HF_TOKEN to a token with write access to it (on a Space: among its secrets), then start again.",
        ) from problem
    # Where its name is taken by one that this token cannot see, this raises.
    require_private(repository)


def start_backups(services: Services, settings: Settings, stop: threading.Event) -> threading.Thread | None:
    """The thread that takes one at once, then every so many minutes, then a last one at `stop`."""
    keeping = services.keeping
    if keeping is None:
        return None

    def work() -> None:
        while True:
            last = stop.is_set()
            _take(services.store, settings, keeping)
            if last:
                return
            stop.wait(keeping.minutes * 60)

    thread = threading.Thread(target=work, name="backups", daemon=True)
    thread.start()
    return thread


def _take(store: Store, settings: Settings, keeping: Keeping) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        repository = _repository(settings)
        taken = take_backup(store, repository, data=settings.data, taken=now)
    # Whatever it was: the next one is tried all the same, and the pages say that this one is not there.
    except Exception as problem:
        keeping.problem = str(problem)
        log.warning("no backup: %s", problem)
        return
    keeping.since, keeping.problem = now, None
    log.info("%s", backup_in_words(taken, repository.name))


def _repository(settings: Settings) -> Repository:
    return open_repository(settings.backup_repository, "dataset")


def _is_empty(store: Store) -> bool:
    try:
        require_empty(store.database)
    except Conflict:
        return False
    return True
