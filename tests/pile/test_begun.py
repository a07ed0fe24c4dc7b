"""Begun, taken up again, finished, refused: each with its words."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from vitrina.errors import Busy, Conflict
from vitrina.pile.begun import REPORT, STATE, begin, held
from vitrina.pile.files import write_json
from vitrina.pile.listing import Listing
from vitrina.pile.shard import shard_paths

LISTING = Listing("folder:trash", 1200, 512, {"backbone": "none", "subset": None}, "d1")
ANEW = "Choose another --output_dir, or add --overwrite to begin anew."


def test_begun_then_taken_up_then_finished(tmp_path: Path) -> None:
    assert begin(tmp_path, LISTING, overwrite=False) is None
    (tmp_path / "shards").mkdir()
    assert begin(tmp_path, LISTING, overwrite=False) is None
    assert (tmp_path / "shards").is_dir()
    write_json(tmp_path / REPORT, {"stage": "collect"})
    assert begin(tmp_path, LISTING, overwrite=False) == {"stage": "collect"}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            replace(LISTING, name="folder:cats", pictures=9, digest="d2"),
            "Expected the pile that {folder} was begun with (folder:trash, 1,200 pictures); "
            "found folder:cats, 9 pictures. " + ANEW,
        ),
        (
            replace(LISTING, settings={"backbone": "bundled/x", "subset": 5}),
            "Expected the settings that {folder} was begun with (backbone none, subset None); "
            "found backbone bundled/x, subset 5. " + ANEW,
        ),
        (
            replace(LISTING, digest="d2"),
            "Expected the pictures that {folder} was begun with (folder:trash, 1,200 pictures); "
            "found others under the same names, or the same changed since. " + ANEW,
        ),
        (
            replace(LISTING, layout=99),
            "Expected the way of working that {folder} was begun with (layout 1, 512 pictures a shard); "
            "found layout 99, 512 pictures a shard. " + ANEW,
        ),
    ],
    ids=["pile", "settings", "pictures", "layout"],
)
def test_another_is_refused_or_gives_way(tmp_path: Path, other: Listing, said: str) -> None:
    begin(tmp_path, LISTING, overwrite=False)
    (tmp_path / "dataset").mkdir()
    write_json(tmp_path / "dataset" / "rows", [])
    with pytest.raises(Conflict) as caught:
        begin(tmp_path, other, overwrite=False)
    assert str(caught.value) == said.format(folder=tmp_path)
    assert (tmp_path / "dataset" / "rows").is_file()
    assert begin(tmp_path, other, overwrite=True) is None
    assert os.listdir(tmp_path) == [STATE]
    assert begin(tmp_path, other, overwrite=False) is None


def test_overwriting_keeps_what_is_of_the_same_pile(tmp_path: Path) -> None:
    begin(tmp_path, LISTING, overwrite=True)
    done = shard_paths(tmp_path, 0, LISTING.shards)["done"]
    write_json(done, {"revision": "m@1"})
    for revision in (None, lambda: "m@1"):
        assert begin(tmp_path, LISTING, overwrite=True, revision=revision) is None
        assert done.is_file()
    report = {"features": {"revision": "m@1"}}
    write_json(tmp_path / REPORT, report)
    done.unlink()
    assert begin(tmp_path, LISTING, overwrite=True, revision=lambda: "m@1") == report


@pytest.mark.parametrize("finished", [False, True])
def test_features_of_another_model_give_way(tmp_path: Path, finished: bool) -> None:
    begin(tmp_path, LISTING, overwrite=False)
    write_json(shard_paths(tmp_path, 0, LISTING.shards)["done"], {"revision": "m@1"})
    if finished:
        write_json(tmp_path / REPORT, {"features": {"revision": "m@1"}})
    assert begin(tmp_path, LISTING, overwrite=True, revision=lambda: "m@2") is None
    assert os.listdir(tmp_path) == [STATE]


def test_a_state_that_cannot_be_read_gives_way(tmp_path: Path) -> None:
    (tmp_path / STATE).write_text("{")
    (tmp_path / "dataset").mkdir()
    assert begin(tmp_path, LISTING, overwrite=True) is None
    assert os.listdir(tmp_path) == [STATE]


def test_stopped_while_it_clears_it_is_taken_for_no_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(LISTING, name="folder:cats", digest="d2")
    begin(tmp_path, LISTING, overwrite=False)
    write_json(tmp_path / REPORT, {"features": None})
    (tmp_path / "dataset").mkdir()
    with monkeypatch.context() as stopped:
        stopped.setattr("shutil.rmtree", _stop)
        with pytest.raises(KeyboardInterrupt):
            begin(tmp_path, other, overwrite=True)
    for listing in (LISTING, other):
        with pytest.raises(
            Conflict, match=r"begun with \(a collection half cleared away, 0 pictures\); found "
        ):
            begin(tmp_path, listing, overwrite=False)
    assert begin(tmp_path, LISTING, overwrite=True) is None
    assert os.listdir(tmp_path) == [STATE]


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_of_others_are_never_touched(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(Conflict) as caught:
        begin(tmp_path, LISTING, overwrite=overwrite)
    assert str(caught.value) == (
        f"Expected a new or empty folder at {tmp_path}; found other files in it. Choose another --output_dir."
    )
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_overwriting_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    begin(tmp_path / "work", LISTING, overwrite=False)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("kept")
    (tmp_path / "work" / "link").symlink_to(tmp_path / "elsewhere")
    begin(tmp_path / "work", replace(LISTING, digest="d2"), overwrite=True)
    assert os.listdir(tmp_path / "work") == [STATE]
    assert os.listdir(tmp_path / "elsewhere") == ["kept"]


def test_one_run_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "work"
    with held(folder):
        with pytest.raises(Busy) as caught, held(folder):
            pass
        assert str(caught.value) == (
            f"Expected no other run that writes to {folder}; found one that does. "
            "Wait until it has ended, or choose another --output_dir."
        )
        assert begin(folder, LISTING, overwrite=False) is None, "the lock is no file of others"
    with held(folder):
        assert begin(folder, LISTING, overwrite=True) is None


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("")
    with pytest.raises(Conflict) as caught, held(tmp_path / "work"):
        pass
    assert str(caught.value) == (
        f"Expected a folder at {tmp_path / 'work'}; found a file. Choose another --output_dir."
    )
