"""Publishes in processes of their own, which may be killed: `python -m tests.repositories.kill_child`.

Reads one line a task, {"address": ..., "endpoint": ..., "number": ..., "step": N or null}; forks; says {"pid": ...}
and waits for "go"; says how it ended. With `step` the process kills itself at the Nth time that something is made to
last on the disk (a flush, a rename).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import httpx2  # noqa: F401  (loaded once, for all that are forked)
import huggingface_hub  # noqa: F401
from huggingface_hub import HfApi, hf_api, snapshot_download  # noqa: F401

from tests.repositories.made import AT, content
from vitrina.repositories.opening import open_repository
from vitrina.repositories.release import release


def main() -> None:
    for line in sys.stdin:
        task = json.loads(line)
        pid = os.fork()
        if pid == 0:
            sys.stdin.readline()
            publish(task)
            os._exit(0)
        say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        say({"killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "status": status})


def publish(task: dict[str, Any]) -> None:
    if task["step"] is not None:
        kill_at(task["step"])
    repository = open_repository(task["address"], endpoint=task["endpoint"])
    release(repository, content(task["number"]), verify=lambda folder: None, by="ana", at=AT)


def kill_at(step: int) -> None:
    """Before the call, so that what it would have made is not there."""
    left = [step]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **more)

        return call

    os.fsync, os.replace, os.link = counted(os.fsync), counted(os.replace), counted(os.link)  # type: ignore[assignment]


def say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
