"""A backup in a folder, and the store that comes of it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server import backup_made
from tests.server.backup_made import LATER, MODEL, WEIGHTS, WHEN, here, kept, open_store, restored
from vitrina.errors import Conflict, VitrinaError
from vitrina.gallery.migrate import revisions
from vitrina.gallery.store import Store
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.repository import Change, RepositoryChanged, RepositoryError, stored
from vitrina.server import backup as backup_module
from vitrina.server import restore as restore_module
from vitrina.server.backup import Taken, take_backup
from vitrina.server.backup_content import BACKUP, ROWS, Backup, picture_path, read_backup
from vitrina.server.backup_words import backup_in_words, restored_in_words
from vitrina.server.restore import find_backup, restore


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    backup_made.begin(data)
    with open_store(data) as store:
        yield store


@pytest.fixture
def repository(tmp_path: Path) -> FolderRepository:
    return FolderRepository(tmp_path / "backups", "dataset")


def take(
    store: Store, repository: FolderRepository, data: Path, *, at: str = WHEN, prune: bool = False
) -> Taken:
    return take_backup(store, repository, data=data, taken=at, prune=prune)


def commits(repository: FolderRepository) -> int:
    return len(list((repository.folder / "commits").glob("*.json")))


def original(store: Store, id: int) -> Path:
    return store.files.path_of(store.pictures.get(id).card.sha256)


def test_there_and_back(store: Store, data: Path, repository: FolderRepository, tmp_path: Path) -> None:
    taken = take(store, repository, data)
    assert taken.whole
    assert (taken.since, taken.pruned, len(taken.sent)) == (None, (), 5 + 3 + 6)
    files = repository.files("main")
    assert set(files) == {*taken.sent, BACKUP, "README.md"}
    assert sorted(path for path in files if path.startswith("rows/")) == [
        f"rows/{table}.jsonl"
        for table in ("account", "annotation", "collection", "picture", "prediction", "prediction_reset")
    ]
    assert {f"{MODEL}/config.json", f"{MODEL}/model.safetensors", f"{MODEL}/parts/eval_results.json"} <= set(
        files
    )
    assert "Keep this repository private." in repository.read("README.md", revision="main").decode()
    told = json.loads(repository.read(BACKUP, revision="main"))
    assert (told["taken"], told["counts"]["picture"], told["missing"]) == (WHEN, 5, [])
    assert {path: tuple(one) for path, one in told["files"].items()} == {
        path: tuple(one) for path, one in files.items() if path not in (BACKUP, "README.md")
    }
    assert restored(repository, tmp_path / "back") == kept(store, data)
    with open_store(tmp_path / "back") as back:
        assert back.collections.get("photos").model == MODEL
        assert (tmp_path / "back" / MODEL / "model.safetensors").read_bytes() == WEIGHTS
        assert back.pictures.get(1) == store.pictures.get(1)
        # What comes after a restore is backed up to the same place.
        backup_made.add(back, 77)
        assert take(back, repository, tmp_path / "back", at=LATER).since is None


def test_nothing_new_is_not_sent(store: Store, data: Path, repository: FolderRepository) -> None:
    first = take(store, repository, data)
    again = take(store, repository, data, at=LATER)
    assert (again.since, again.sent, again.commit) == (WHEN, (), first.commit)
    assert commits(repository) == 1
    at = f"{repository.name} at {first.commit}"
    assert backup_in_words(again, repository.name) == f"Nothing new since {WHEN}: {at} has everything."
    assert backup_in_words(first, repository.name) == (
        f"Backed up to {at}: 1 row of account, 1 row of collection, 5 rows of picture, 7 rows of annotation, 1 row of "
        "prediction; 14 files sent."
    )
    # Signing in and out is not kept, so it is nothing new.
    assert store.accounts.verify("ana", "wrong horse battery", address="2.2.2.2") is None
    assert take(store, repository, data, at=LATER).since == WHEN


def test_only_what_is_new_travels(store: Store, data: Path, repository: FolderRepository) -> None:
    take(store, repository, data)
    backup_made.label(store, 2, "food")
    second = take(store, repository, data, at=LATER)
    assert second.sent == ("rows/annotation.jsonl", "rows/picture.jsonl")
    id = backup_made.add(store, 50)
    sent = take(store, repository, data, at=LATER).sent
    card = store.pictures.get(id).card
    assert sent == (
        picture_path(card.sha256, "PNG"),
        "rows/annotation.jsonl",
        "rows/picture.jsonl",
    )


def test_an_earlier_backup_comes_back(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    first, then = take(store, repository, data), kept(store, data)
    backup_made.add(store, 50)
    take(store, repository, data, at=LATER)
    assert restored(repository, tmp_path / "back", revision=first.commit) == then


def test_many_files_go_in_steps_and_rows_last(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before any step: main has no backup, or the earlier one whole; the next goes on."""
    take(store, repository, data)
    before = kept(store, data)
    for seed in range(60, 68):
        backup_made.add(store, seed)
    monkeypatch.setattr(backup_module, "FILES_A_COMMIT", 5)

    def cut(nth: int) -> Callable[[str], None]:
        left = [nth]

        def step(name: str) -> None:
            left[0] -= name in ("files", "commit")
            if left[0] == 0:
                raise KeyboardInterrupt

        return step

    sent = []
    for nth in (2, 2):
        with pytest.raises(KeyboardInterrupt):
            take_backup(store, repository, data=data, taken=LATER, step=cut(nth))
        sent.append(len(repository.files("main")))
        assert restored(repository, tmp_path / f"back{len(sent)}") == before
    # Five of eight came with the first; the second found three left; what is left now are the rows.
    assert sent[1] - sent[0] == 3
    last = take(store, repository, data, at=LATER)
    assert last.sent == ("rows/annotation.jsonl", "rows/picture.jsonl")
    assert restored(repository, tmp_path / "back") == kept(store, data)


def test_a_first_backup_that_was_cut_off_is_none(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_module, "FILES_A_COMMIT", 4)

    def cut(name: str) -> None:
        if name == "commit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_backup(store, repository, data=data, taken=WHEN, step=cut)
    assert commits(repository) == 2
    with open_store(tmp_path / "back") as back, pytest.raises(RepositoryError) as error:
        restore(repository, back, data=tmp_path / "back")
    assert str(error.value) == (
        f"Expected a complete backup at main of {repository.name}; found none. Name the repository that "
        "python -m vitrina backup wrote to; set HF_TOKEN for one on the Hub."
    )
    take(store, repository, data)
    assert restored(repository, tmp_path / "back") == kept(store, data)


def test_pruning_removes_what_no_row_names(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    first = take(store, repository, data)
    with_model = kept(store, data)
    store.collections.set_model("photos", model="org/other", revision="1" * 40)
    second = take(store, repository, data, at=LATER)
    assert f"{MODEL}/config.json" in repository.files("main")
    pruned = take(store, repository, data, at=LATER, prune=True)
    assert (pruned.since, len(pruned.pruned)) == (LATER, 3)
    assert not [path for path in repository.files("main") if path.startswith("models/")]
    assert backup_in_words(pruned, "x").endswith(" 3 files that no row names removed.")
    assert second.commit != pruned.commit == repository.resolve("main")
    assert restored(repository, tmp_path / "now") == {
        path: content for path, content in kept(store, data).items() if not path.startswith("models/")
    }
    assert restored(repository, tmp_path / "then", revision=first.commit) == with_model


def test_what_is_not_whole_is_named(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    gone, altered = original(store, 1), original(store, 2)
    gone.unlink()
    altered.write_bytes(altered.read_bytes()[:-1] + b"?")
    (tmp_path / "elsewhere").mkdir()
    store.collections.create("other", "Other", labels=("a",), model=str(tmp_path / "elsewhere"))
    taken = take(store, repository, data)
    assert not taken.whole
    assert backup_in_words(taken, "x").splitlines()[1:] == [
        f"No file of the picture {gone.name}",
        f"Not as it came, so not sent: the file of the picture {altered.name}",
        f"Not in the data folder, so not sent: the model {tmp_path / 'elsewhere'}",
    ]
    assert taken.backup.missing == tuple(sorted([gone.name, altered.name]))
    assert not [path for path in repository.files("main") if altered.name in path or gone.name in path]
    with open_store(tmp_path / "back") as back:
        done = restore(repository, back, data=tmp_path / "back", decoder=here())
    assert not done.clean
    said = restored_in_words(done, "x", "y").splitlines()
    assert f"No file of the picture {gone.name}" in said
    assert f"No file of the picture {altered.name}" in said


def test_a_backup_heals_what_the_store_lost(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    take(store, repository, data)
    whole = kept(store, data)
    original(store, 1).unlink()
    assert take(store, repository, data, at=LATER).whole
    assert restored(repository, tmp_path / "back") == whole


def test_a_file_that_went_from_the_repository_is_sent_again(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    first = take(store, repository, data)
    lost = [picture_path(original(store, 1).name, "PNG"), "rows/account.jsonl"]
    repository.commit("main", Change(removed=lost), message="by hand", parent=first.commit)
    with pytest.raises(RepositoryError) as error:
        find_backup(repository, "main")
    assert str(error.value) == (
        f"Expected every file of the backup in {repository.name} as backup.json names it; found {lost[0]}, "
        f"{lost[1]} absent or altered. Run the command again; where that does not help, restore an earlier "
        "backup with --revision."
    )
    assert take(store, repository, data, at=LATER).sent == tuple(lost)
    assert restored(repository, tmp_path / "back") == kept(store, data)


def test_another_store_does_not_take_its_place(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    take(store, repository, data)
    fewer = tmp_path / "fewer"
    with open_store(tmp_path / "new") as other:
        backup_made.fill(other, tmp_path / "new")
        with pytest.raises(Conflict) as error:
            take(other, repository, tmp_path / "new", at=LATER)
    assert str(error.value) == (
        f"Expected the store whose backup of {WHEN} lies in {repository.name}; found another, without its "
        "collection photos. Restore that backup into an empty store and go on with that, or back this one up "
        "to another repository."
    )
    restored(repository, fewer)
    backup_made.label(store, 2, "food")
    take(store, repository, data, at=LATER)
    with open_store(fewer) as earlier, pytest.raises(Conflict) as error:
        take(earlier, repository, fewer, at=LATER)
    assert error.value.found == "another, with 7 rows of annotation instead of 8"
    assert commits(repository) == 2


def test_a_repository_of_something_else_is_left_alone(
    store: Store, data: Path, repository: FolderRepository
) -> None:
    repository.create(private=True)
    repository.commit("main", Change({"data/train.parquet": b"x"}), message="theirs", parent=None)
    with pytest.raises(RepositoryError) as error:
        take(store, repository, data)
    assert str(error.value) == (
        f"Expected a new repository at {repository.name}, or one with a backup; found other files: "
        "data/train.parquet. Name another repository."
    )


def test_somebody_else_was_faster(store: Store, data: Path, repository: FolderRepository) -> None:
    def step(name: str) -> None:
        if name == "commit":
            with open_store(data) as same:
                take(same, repository, data)

    with pytest.raises(RepositoryChanged):
        take_backup(store, repository, data=data, taken=WHEN, step=step)
    assert take(store, repository, data, at=LATER).since == WHEN


def test_beside_those_who_label_and_upload(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    """What was acknowledged before it began is in it; what is in it is whole."""
    events, pictures, stop, failed = [0], [0], threading.Event(), list[BaseException]()

    def write() -> None:
        try:
            while not stop.is_set():
                events.append(backup_made.label(store, 2, ("food", "drink")[len(events) % 2]))
        except BaseException as problem:
            failed.append(problem)

    def upload() -> None:
        try:
            while not stop.is_set():
                pictures.append(backup_made.add(store, 5000 + len(pictures)))
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=write), threading.Thread(target=upload)]
    for thread in threads:
        thread.start()
    try:
        for number in range(3):
            event, picture = events[-1], pictures[-1]
            taken = take(store, repository, data, at=f"2026-11-27T1{number}:00:00+00:00")
            assert taken.whole
            restored(repository, tmp_path / f"back{number}")
            assert taken.backup.counts["annotation"] >= event
            assert taken.backup.counts["picture"] >= picture
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert min(len(events), len(pictures)) > 2


def test_a_restore_that_was_cut_off_goes_on(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store, repository, data)
    monkeypatch.setattr(restore_module, "_AT_A_TIME", 2)
    for steps in (1, 2, 3, 2, 2):
        left = [steps]

        def cut(name: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt

        with open_store(tmp_path / "back") as back, pytest.raises(KeyboardInterrupt):
            restore(repository, back, data=tmp_path / "back", step=cut)
    assert restored(repository, tmp_path / "back") == kept(store, data)


def test_a_restore_of_an_older_schema_that_was_cut_off_goes_on(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    commit = take(store, repository, data).commit
    told = json.loads(repository.read(BACKUP, revision=commit))
    path, newer = f"{ROWS}/collection.jsonl", {"follows", "model_version", "model_since"}
    rows = [json.loads(line) for line in repository.read(path, revision=commit).splitlines()]
    older = "".join(
        json.dumps({key: row[key] for key in row if key not in newer}) + "\n" for row in rows
    ).encode()
    told |= {"schema": revisions()[0]}
    told["files"][path] = list(stored(older))
    change = Change({path: older, BACKUP: json.dumps(told).encode()})
    repository.commit("main", change, message="as an older Vitrina made it", parent=commit)

    def cut(name: str) -> None:
        if name == "small pictures":
            raise KeyboardInterrupt

    with open_store(tmp_path / "back") as back, pytest.raises(KeyboardInterrupt):
        restore(repository, back, data=tmp_path / "back", step=cut)
    there, before = restored(repository, tmp_path / "back"), kept(store, data)
    # What the older schema did not have is not known.
    assert json.loads(before.pop("collection"))["model_since"] is not None
    assert json.loads(there.pop("collection"))["model_since"] is None
    assert there == before
    # A row more is another store.
    with open_store(tmp_path / "back") as back:
        backup_made.add(back, 77)
        with pytest.raises(Conflict, match="an empty store to restore into"):
            restore(repository, back, data=tmp_path / "back")


def test_figures_that_were_measured_anew_make_no_other_model(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    (data / MODEL / "eval_results.json").write_text("{}")
    take(store, repository, data)
    restored(repository, tmp_path / "back")
    (tmp_path / "back" / MODEL / "eval_results.json").write_text('{"later": 1}')
    with open_store(tmp_path / "back") as back:
        assert not restore(repository, back, data=tmp_path / "back").brought
    assert (tmp_path / "back" / MODEL / "eval_results.json").read_text() == '{"later": 1}'


def test_a_model_in_a_repository_of_its_own_is_named(
    store: Store, data: Path, repository: FolderRepository
) -> None:
    store.collections.set_model("photos", model=f"file:///srv/models/food@{'a' * 40}", revision="r")
    taken = take(store, repository, data)
    assert (taken.elsewhere, taken.outside, taken.whole) == (("file:///srv/models/food",), (), True)
    said = backup_in_words(taken, repository.name).splitlines()
    assert said[1] == "A repository of its own, so not sent, to be copied by itself: file:///srv/models/food"


def test_small_pictures_may_wait(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    take(store, repository, data)
    with open_store(tmp_path / "back") as back:
        done = restore(repository, back, data=tmp_path / "back")
        assert done.clean
        assert (len(done.report.to_make), done.report.missing) == (10, [])
        assert "10 small pictures will be made when they are first looked at." in restored_in_words(
            done, "x", "y"
        )
        sha256 = back.pictures.get(1).card.sha256
        assert back.derivative(sha256, "thumb", decoder=here()).is_file()


def test_a_damaged_file_is_named_and_nothing_is_there(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    commit = take(store, repository, data).commit
    path = picture_path(original(store, 1).name, "PNG")
    file = repository.folder / "commits" / commit / path
    file.chmod(0o644)
    file.write_bytes(b"x" * file.stat().st_size)
    with open_store(tmp_path / "back") as back:
        with pytest.raises(RepositoryError) as error:
            restore(repository, back, data=tmp_path / "back")
        assert error.value.found == f"{path} absent or altered"
        assert back.collections.all() == []
    # Put right, the same command goes on.
    file.write_bytes(original(store, 1).read_bytes())
    assert restored(repository, tmp_path / "back") == kept(store, data)


def test_a_place_that_is_not_empty_is_refused(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    take(store, repository, data)
    backup_made.label(store, 2, "food")
    with pytest.raises(Conflict) as error:
        restore(repository, store, data=data)
    assert error.value.expected == "an empty store to restore into"
    assert error.value.found.startswith("a database with rows (1 account, 1 collection, 5 picture")
    with open_store(tmp_path / "back") as back:
        stranger = back.files.path_of("ab" * 32)
        stranger.parent.mkdir(parents=True)
        stranger.write_bytes(b"?")
        with pytest.raises(Conflict) as error:
            restore(repository, back, data=tmp_path / "back")
        assert str(error.value) == (
            "Expected an empty store to restore into; found 1 pictures that are not in the backup, as "
            f"{stranger}. Name an empty folder with --into, or move these away first."
        )
        stranger.unlink()
        shutil.copytree(data / MODEL, tmp_path / "back" / MODEL)
        (tmp_path / "back" / MODEL / "config.json").write_text('{"other": 1}')
        with pytest.raises(Conflict) as error:
            restore(repository, back, data=tmp_path / "back")
        assert str(error.value) == (
            f"Expected no model in {tmp_path / 'back' / MODEL}, or the one of the backup; found another "
            f"({MODEL}/config.json). Move it away, then run the command again."
        )


def test_a_newer_backup_is_refused(
    store: Store, data: Path, repository: FolderRepository, tmp_path: Path
) -> None:
    commit = take(store, repository, data).commit
    told = json.loads(repository.read(BACKUP, revision=commit))
    for change, expected in (
        ({"schema": "9999"}, "a backup of schema "),
        ({"format": 2}, "a backup of format 1"),
    ):
        newer = json.dumps(told | change).encode()
        head = repository.resolve("main")
        repository.commit("main", Change({BACKUP: newer}), message="newer", parent=head)
        with open_store(tmp_path / "back") as back, pytest.raises(VitrinaError) as error:
            restore(repository, back, data=tmp_path / "back")
        assert error.value.expected.startswith(expected)


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/x", "rows", "models/../../x", "other/x", "pictures//x", "rows/./x", "models\\x", ""],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    content = Backup(WHEN, "0001", {}, {}).to_bytes()
    assert Backup.from_bytes(content, said="x") == Backup(WHEN, "0001", {}, {})
    told = json.loads(content) | {"files": {path: [1, "0" * 64]}}
    with pytest.raises(RepositoryError) as error:
        Backup.from_bytes(json.dumps(told).encode(), said="org/x")
    assert str(error.value) == (
        f"Expected a backup of format 1 in backup.json of org/x; found ValueError: the path {path!r}. Restore "
        "an earlier one with --revision, or use the version of Vitrina that wrote it."
    )


def test_what_a_backup_says_comes_back_equal(store: Store, data: Path, repository: FolderRepository) -> None:
    taken = take(store, repository, data)
    assert read_backup(repository, taken.commit) == taken.backup
    assert Backup.from_bytes(taken.backup.to_bytes(), said="x") == taken.backup
