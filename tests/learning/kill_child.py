"""Runs that are killed (SIGKILL) at named steps of a save, each in a process forked from one that imported it all."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# In the order of a save, then of the end of a run: the finished model takes its place, the report says so.
MOMENTS = (
    "while weights are written",
    "before the optimizer's state",
    "before the mark",
    "after the mark",
    "before the model takes its place",
    "before the report",
)
SECOND = "checkpoint-6"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str) -> None:
    """From now on this process dies there."""
    import transformers

    import training.train
    import vitrina.learning.trainer

    def before(owner: Any, name: str, fatal: Callable[..., bool], *, half_done: bool = False) -> None:
        real = getattr(owner, name)

        def cut(*given: Any, **told: Any) -> Any:
            if fatal(*given) and half_done:
                real(*given, **told)
                file = Path(given[1]) / "model.safetensors"
                file.write_bytes(file.read_bytes()[:500])
            if fatal(*given):
                die()
            return real(*given, **told)

        setattr(owner, name, cut)

    trainer = vitrina.learning.trainer
    if moment == MOMENTS[0]:
        kind = transformers.PreTrainedModel
        before(kind, "save_pretrained", lambda _, folder: SECOND in str(folder), half_done=True)
    elif moment == MOMENTS[1]:
        before(transformers.Trainer, "_save_optimizer_and_scheduler", lambda _, folder: SECOND in str(folder))
    elif moment == MOMENTS[2]:
        before(trainer, "mark_complete", lambda folder: folder.name == SECOND)
    elif moment == MOMENTS[3]:
        before(trainer, "rotate", lambda folder: (folder / SECOND).exists())
    elif moment == MOMENTS[4]:
        before(training.train, "save_and_reproduce", lambda *_: True)
    else:
        before(training.train, "write_json", lambda path, _: path.name == "train_report.json")


def main(work: Path, folder: Path) -> int:
    from tests.learning.tiny import recipe, run

    settings = recipe(work, augment={"flip": "horizontal", "rotate": 20}, mixup=0.3)
    wrong = 0
    for moment in MOMENTS:
        child = os.fork()
        if child == 0:
            try:
                arm(moment)
                run(settings, folder / moment.replace(" ", "_"))
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            print(f"{moment}: ended with status {status} instead of being killed")
            wrong += 1
    return wrong


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
