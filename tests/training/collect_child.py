"""Collects, and is killed again and again while it does: run by test_collect.py.

Arguments: pile, output folder, backbone, seed. Imports are done once; each attempt is a fork of its own, killed
shortly after it has finished one more shard, until an attempt ends by itself. Prints the number of kills, then how
many finished shards a later attempt wrote anew.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import datasets  # noqa: F401
import pandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import scipy.fftpack  # noqa: F401

from training.arguments import CollectArguments
from training.collect import collect

SHARD = 6


def attempt(pile: str, work: str, backbone: str) -> int:
    """A child at work."""
    child = os.fork()
    if child == 0:
        sys.stdout = sys.stderr
        collect(pile, CollectArguments(output_dir=work, backbone=backbone), seed=0, shard=SHARD)
        os._exit(0)
    return child


def stamps(folder: Path) -> dict[str, int]:
    """When the rows of each finished shard were written."""
    done = sorted((folder / "shards").glob("*.json"))
    return {
        path.name: path.stat().st_mtime_ns
        for path in sorted((folder / "dataset").glob("*.arrow"))[: len(done)]
    }


def main() -> None:
    pile, work, backbone, seed = sys.argv[1:]
    if backbone != "none":
        import timm  # noqa: F401
        import transformers.models.timm_wrapper.modeling_timm_wrapper  # noqa: F401
    folder = Path(work, "collected")
    parts = folder / "shards"
    lots = random.Random(int(seed))
    kills = 0
    finished: dict[str, int] = {}
    while True:
        child = attempt(pile, work, backbone)
        before = len(list(parts.glob("*.json")))
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                assert os.waitstatus_to_exitcode(status) == 0, status
                again = {path.name: path.stat().st_mtime_ns for path in (folder / "dataset").glob("*.arrow")}
                print(kills, sum(again[name] != stamp for name, stamp in finished.items()))
                return
            if len(list(parts.glob("*.json"))) > before:
                break
            time.sleep(0.002)
        # Between two shards, in the middle of the next, or while the whole is put together.
        time.sleep(lots.choice((0.0, 0.01, 0.03)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        finished = {**stamps(folder), **finished}
        kills += 1


if __name__ == "__main__":
    main()
