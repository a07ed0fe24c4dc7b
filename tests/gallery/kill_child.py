"""Takes orders on standard input, one JSON object a line; each is carried out by a child that may be killed.

The child is forked from a process that has everything imported, so that a kill costs milliseconds. What it
acknowledges goes to standard output, one write a line, after the store has said that it is durable.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gallery_made import LABELS, answer, make_picture

from vitrina.decoder import Decoder, Examined
from vitrina.decoder.examined import examine_bytes
from vitrina.errors import PictureRefused
from vitrina.gallery import bulk
from vitrina.gallery.store import Store
from vitrina.images import Limits
from vitrina.prediction import Prediction
from vitrina.readers import Item


class Here:
    """The decoder's own work, done in this process: no worker to start for each of two hundred kills."""

    limits = Limits()

    def examine(self, path: Path) -> Examined:
        return examine_bytes(path.read_bytes(), limits=self.limits)

    def examine_many(self, paths: Iterable[Path]) -> Iterator[Examined | PictureRefused]:
        for path in paths:
            yield self.examine(path)


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def classify(pictures: Sequence[np.ndarray]) -> list[Prediction]:
    return [answer("food") for _ in pictures]


def killing(step: str | None, nth: int) -> Callable[[str], None]:
    """Ends this process before `step` is taken for the nth time."""
    left = nth

    def before(name: str) -> None:
        nonlocal left
        if name == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return before


def carry_out(order: dict[str, Any], decoder: Any) -> None:
    with Store.open(order["url"], Path(order["files"]), minimum_free_bytes=0) as store:
        way_in = store.ingest(decoder, step=killing(order["step"], order["nth"]))
        paths = [Path(path) for path in order["pictures"]]
        if order["many"]:
            items = [Item(path, path.name, "food", "test") for path in paths]
            report = way_in.accept_many(items, slug="photos", classify=classify)
            say(f"report {report.taken} {report.known}")
            return
        for path in paths:
            terms = {"source": "test", "file_name": path.name, "actor": "staff:ana"}
            accepted = way_in.accept(path, slug="photos", classify=classify, **terms)
            say(f"ack {path.name} {accepted.picture.id} {accepted.picture.sha256}")
            if isinstance(decoder, Decoder):
                say(f"worker {decoder.pids[0]}")


def warm_up() -> None:
    """Takes one picture in, so that whatever is loaded late is loaded before the first child."""
    with tempfile.TemporaryDirectory() as folder:
        url, files = f"sqlite:///{folder}/vitrina.db", str(Path(folder) / "files")
        with Store.open(url, Path(files)) as store:
            store.collections.create("photos", "Photos", labels=LABELS)
        path = make_picture(Path(folder) / "1.jpg", 1)
        order = {"url": url, "files": files, "pictures": [str(path)], "step": None, "nth": 1}
        carry_out(order | {"many": True}, Here())


def main() -> None:
    bulk.BATCH = 4  # so that a few pictures are several transactions
    warm_up()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            say(f"started {os.getpid()}")
            order = json.loads(line)
            carry_out(order, Decoder() if order["worker"] else Here())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
