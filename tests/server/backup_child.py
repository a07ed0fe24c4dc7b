"""Forks children that take a backup or restore one, each killed on the way if so ordered."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server.backup_made import here, open_store
from vitrina.repositories.folder import FolderRepository
from vitrina.server import backup, restore


def killing(step: str | None, nth: int) -> Callable[[str], None]:
    """Ends this process before `step` is taken for the nth time."""
    left = nth

    def before(name: str) -> None:
        nonlocal left
        left -= name == step
        if name == step and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return before


def carry_out(order: dict[str, Any]) -> None:
    if order["after"] is not None:
        threading.Timer(order["after"], os.kill, (os.getpid(), signal.SIGKILL)).start()
    data, step = Path(order["data"]), killing(order["step"], order["nth"])
    repository = FolderRepository(Path(order["repository"]), "dataset")
    with open_store(data) as store:
        if order["do"] == "backup":
            backup.take_backup(store, repository, data=data, taken=order["taken"], step=step)
        else:
            restore.restore(repository, store, data=data, decoder=here(), step=step)


def main() -> None:
    backup.FILES_A_COMMIT = 2
    restore._AT_A_TIME = 2
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            carry_out(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
