"""Several processes label at once: every acknowledged label is there, in one order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from gallery_made import Filler

from vitrina.gallery.doctor import examine
from vitrina.gallery.events import fold
from vitrina.gallery.schema import annotation
from vitrina.gallery.store import Store

PICTURES = 20
# Processes, labels of each.
AT_ONCE = {"sqlite": (8, 200), "postgresql": (4, 50)}


@pytest.mark.slow
def test_processes_label_at_once(store: Store, fill: Filler, database_url: str, tmp_path: Path) -> None:
    ids = [fill.add().id for _ in range(PICTURES)]
    processes, each = AT_ONCE[store.database.url.get_backend_name()]
    acknowledged = label_at_once(database_url, tmp_path, processes=processes, each=each)
    assert len(acknowledged) == len(set(acknowledged)) == processes * each

    with store.database.reader() as connection:
        labelled = sa.select(annotation.c.id).where(annotation.c.kind == "label")
        assert set(connection.scalars(labelled)) == set(acknowledged)
    for id in ids:
        detail = store.pictures.get(id)
        assert [event.version for event in detail.story] == list(range(1, len(detail.story) + 1))
        folded, card = fold(detail.story), detail.card
        assert (card.label, card.label_by, card.version) == (folded.label, folded.label_by, folded.version)
    assert sum(store.pictures.get(id).card.version - 1 for id in ids) == processes * each
    assert examine(store).clean
    assert not examine(store).to_make


def label_at_once(url: str, folder: Path, *, processes: int, each: int) -> list[int]:
    """Starts the processes together; gives the ids of the events they acknowledged."""
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    program = str(Path(__file__).with_name("label_child.py"))
    pipe, acknowledged = subprocess.PIPE, []
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", program, url, str(folder), str(number), str(each)],
            stdin=pipe,
            stdout=pipe,
            text=True,
            env=environment,
        )
        for number in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        said, _ = child.communicate()
        assert child.returncode == 0
        acknowledged += [int(line) for line in said.split()]
    return acknowledged
