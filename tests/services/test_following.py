"""A collection follows the champion of a folder that plays the part of the Hub."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.models.made import tiny
from tests.server.conftest import photo
from tests.services.conftest import services_in
from tests.services.made_versions import AT, content_of, model_folder, publish
from vitrina.errors import BadRequest, ModelUnavailable, NotFound, Stale
from vitrina.gallery.annotations import Change
from vitrina.labels import LabelScheme
from vitrina.models.backbone import save_model
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.release import Content
from vitrina.repositories.repository import Change as Commit
from vitrina.repositories.repository import RepositoryError
from vitrina.repositories.versions import move_champion, versions
from vitrina.services import Services
from vitrina.services.following import Following

Contents = tuple[Content, Content]


def address(repository: FolderRepository) -> str:
    return repository.folder.as_uri()


def pinned(repository: FolderRepository, version: str) -> str:
    return f"{address(repository)}@{dict(versions(repository))[version]}"


def test_it_follows_a_new_champion_and_a_roll_back(
    pets: Services, repository: FolderRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    done = pets.following.follow("pets", address(repository))
    assert (done.changed, done.version, done.problem) == (True, "v1", None)
    assert done.revision == pinned(repository, "v1")
    collection = pets.store.collections.get("pets")
    assert collection.model == collection.model_revision == pinned(repository, "v1")
    assert collection.follows == f"{address(repository)}@champion"
    first = pets.classifiers.get("pets")
    assert first.predict([photo(1)])[0].revision == pinned(repository, "v1")
    assert pets.classifiers.measured("pets") == {"accuracy": 0.9, "low": 0.8, "high": 0.95, "n": 50}
    assert pets.following.check("pets").changed is False
    assert pets.classifiers.get("pets") is first

    publish(repository, contents[1])
    done = pets.following.check("pets")
    assert (done.changed, done.version, done.revision) == (True, "v2", pinned(repository, "v2"))
    second = pets.classifiers.get("pets")
    assert second.predict([photo(1)])[0].scores != first.predict([photo(1)])[0].scores
    # Who had begun to ask ends with the one before.
    assert first.predict([photo(2)])[0].revision == pinned(repository, "v1")

    move_champion(repository, "v1", reason="it named dogs cats", by="ben", at=AT)
    done = pets.following.check("pets")
    assert (done.changed, done.version, done.revision) == (True, "v1", pinned(repository, "v1"))
    state = pets.following.state("pets")
    assert (state.version, state.revision, state.problem) == ("v1", pinned(repository, "v1"), None)
    assert state.since is not None
    assert state.last_checked is not None
    assert state.since <= state.last_checked
    assert state.not_verified == ()


def test_a_restart_serves_what_was_pinned_and_asks_nobody(
    tmp_path: Path, repository: FolderRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    services = services_in(tmp_path / "data")
    services.following.follow("pets", address(repository))
    services.close()
    publish(repository, contents[1])
    again = services_in(tmp_path / "data")
    try:
        assert again.classifiers.get("pets").revision == pinned(repository, "v1")
        state = again.following.state("pets")
        assert (state.version, state.last_checked) == ("v1", None)
        assert again.following.check("pets").version == "v2"
    finally:
        again.close()


def wrong_answer(place: Path) -> Content:
    return content_of(model_folder(place, 2), golden={"cat": 0.0, "dog": 0.0, "owl": 1.0})


def wrong_labels(place: Path) -> Content:
    return content_of(model_folder(place, 3, scheme=LabelScheme(("cat", "dog", "bat"))))


def wrong_tensors(place: Path) -> Content:
    content = content_of(model_folder(place, 4))
    config = (
        (place / "config.json").read_text().replace('"hidden_units": [\n    6', '"hidden_units": [\n    7')
    )
    assert config != (place / "config.json").read_text()
    return Content.of({**content.files, "config.json": config.encode()}, content.manifest)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (wrong_answer, "Expected the golden answer of"),
        (wrong_labels, "Expected a model for the labels cat, dog, owl; found cat, dog, bat in"),
        (wrong_tensors, "Expected an image classification model in"),
    ],
)
def test_a_champion_that_is_not_as_it_should_be_does_not_answer(
    pets: Services,
    repository: FolderRepository,
    contents: Contents,
    make: Callable[[Path], Content],
    says: str,
) -> None:
    publish(repository, contents[0])
    pets.following.follow("pets", address(repository))
    publish(repository, make(repository.folder.with_name("third")), verify=False)
    done = pets.following.check("pets")
    assert not done.changed
    assert done.problem is not None
    assert says in done.problem
    assert pets.classifiers.get("pets").revision == done.revision == pinned(repository, "v1")
    assert pets.following.state("pets").problem == done.problem
    assert pets.classifiers.state("pets").kind == "ready"
    with pytest.raises((ModelUnavailable, RepositoryError)):
        pets.following.follow("pets", address(repository))
    assert pets.store.collections.get("pets").model == pinned(repository, "v1")
    move_champion(repository, "v1", reason="v2 does not load", by="ben", at=AT)
    assert pets.following.check("pets").problem is None
    assert pets.following.state("pets").problem is None


def test_a_flipped_byte_is_found(pets: Services, repository: FolderRepository, contents: Contents) -> None:
    publish(repository, contents[0])
    pets.following.follow("pets", address(repository))
    publish(repository, contents[1])
    place = repository.folder / "commits" / dict(versions(repository))["v2"] / "model.safetensors"
    data = bytearray(place.read_bytes())
    data[-5] ^= 1
    place.chmod(0o644)
    place.write_bytes(data)
    done = pets.following.check("pets")
    assert done.problem is not None
    assert "found another model.safetensors. Restore the folder from a copy" in done.problem
    assert pets.classifiers.get("pets").revision == pinned(repository, "v1")


def test_a_failing_version_is_named_once_and_rests(
    pets: Services,
    repository: FolderRepository,
    contents: Contents,
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    following = Following(pets.store, pets.classifiers, pets.decoder, clock=lambda: now[0])
    publish(repository, contents[0])
    following.follow("pets", address(repository))
    publish(repository, wrong_answer(repository.folder.with_name("third")), verify=False)
    tried = []
    with caplog.at_level(logging.WARNING):
        for minute in range(0, 61, 5):
            now[0] = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=minute)
            assert following._check("pets", rest=True).problem is not None
            if following.state("pets").last_checked == now[0]:
                tried.append(minute)
    # After 5, 10, 20, 40 minutes.
    assert tried == [0, 5, 15, 35]
    told = [record for record in caplog.records if "stays as it is" in record.message]
    assert len(told) == 1
    # Another champion need not wait for that.
    move_champion(repository, "v1", reason="back", by="ben", at=AT)
    assert following._check("pets", rest=True).problem is None


def test_the_repository_is_gone(pets: Services, repository: FolderRepository, contents: Contents) -> None:
    publish(repository, contents[0])
    pets.following.follow("pets", address(repository))
    away = repository.folder.rename(repository.folder.with_name("away"))
    done = pets.following.check("pets")
    assert done.problem == (
        f"Expected a model repository at {repository.folder}; found none. "
        "Publish to it first, or correct the name."
    )
    assert pets.classifiers.get("pets").revision == done.revision
    away.rename(repository.folder)
    assert pets.following.check("pets").problem is None


def test_what_cannot_be_followed(pets: Services, repository: FolderRepository, contents: Contents) -> None:
    with pytest.raises(BadRequest) as refused:
        pets.following.check("pets")
    assert str(refused.value) == (
        "Expected a collection that follows a repository, to look for its champion (pets); "
        "found one that follows none. Run: python -m vitrina model pets --follow org/name."
    )
    with pytest.raises(BadRequest, match="Expected a repository: org/name, or a folder as"):
        pets.following.follow("pets", "bundled/efficientnet-lite0")
    with pytest.raises(RepositoryError, match=r"Expected a model repository at .*; found none"):
        pets.following.follow("pets", address(repository))
    absent = f"{repository.folder.parent}/nowhere"
    with pytest.raises(BadRequest, match=r"a repository in the folder .*/nowhere; found no such folder. Publish"):
        pets.following.follow("pets", absent)
    Path(absent).mkdir(parents=True)
    with pytest.raises(BadRequest, match=r"/nowhere; found a folder that is none. Publish to it first"):
        pets.following.follow("pets", absent)
    publish(repository, contents[0])
    with pytest.raises(RepositoryError) as missing:
        pets.following.follow("pets", f"{address(repository)}@best")
    assert str(missing.value) == (
        f"Expected a branch best of {address(repository)}; found none of that name. Publish to it first; of a "
        "repository that somebody else publishes follow main, or pin a revision."
    )
    with pytest.raises(BadRequest, match="Expected an alias to follow; found the commit"):
        pets.following.follow("pets", pinned(repository, "v1"))
    with pytest.raises(RepositoryError, match="Expected the revision v9 of"):
        pets.following.pin("pets", f"{address(repository)}@v9")
    with pytest.raises(NotFound):
        pets.following.follow("none", address(repository))
    assert pets.store.collections.get("pets").model is None


def test_a_pinned_version_stays(pets: Services, repository: FolderRepository, contents: Contents) -> None:
    for content in contents:
        publish(repository, content)
    done = pets.following.pin("pets", f"{address(repository)}@v1")
    assert (done.version, done.revision) == ("v1", pinned(repository, "v1"))
    assert pets.following.state("pets").follows is None
    with pytest.raises(BadRequest):
        pets.following.check("pets")
    done = pets.following.pin("pets", f"{address(repository)}@versions")
    assert (done.version, done.revision) == ("v2", pinned(repository, "v2"))
    # Where no version is named it is the one in force now, by its name.
    for named in (address(repository), f"{address(repository)}@main", f"{address(repository)}@champion"):
        done = pets.following.pin("pets", named)
        assert (done.version, done.revision) == ("v2", pinned(repository, "v2"))


def test_somebody_elses_model_answers_with_a_warning(
    pets: Services, repository: FolderRepository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = model_folder(tmp_path / "theirs", 5)
    repository.create(private=False)
    files = {path.name: path for path in folder.iterdir()}
    head = repository.commit("main", Commit(added=files), message="by hand", parent=None)
    with caplog.at_level(logging.WARNING):
        done = pets.following.follow("pets", f"{address(repository)}@main")
    assert (done.version, done.revision) == (None, f"{address(repository)}@{head}")
    assert (
        done.not_verified[0]
        == f"There is no vitrina_manifest.json with {done.revision}: it was not published by Vitrina, or the file did "
        "not come along."
    )
    assert any("the golden picture" in line for line in done.not_verified)
    assert pets.following.state("pets").not_verified == done.not_verified
    assert sum("could not be verified" in record.message for record in caplog.records) == 1
    # Their next commit is followed too.
    other = tiny("small-cnn", seed=6)
    save_model(other, tmp_path / "other")
    files = {path.name: path for path in (tmp_path / "other").iterdir()}
    head = repository.commit("main", Commit(added=files), message="better", parent=head)
    assert pets.following.check("pets").revision == f"{address(repository)}@{head}"


@pytest.mark.parametrize("restarted", [False, True])
def test_what_has_no_manifest_does_not_follow_one_that_has(
    tmp_path: Path, repository: FolderRepository, contents: Contents, restarted: bool
) -> None:
    publish(repository, contents[0])
    services = services_in(tmp_path / "data")
    services.following.follow("pets", address(repository))
    if restarted:
        services.close()
        services = services_in(tmp_path / "data")
    try:
        head = repository.references().branches["champion"]
        bare = Commit(removed=["vitrina_manifest.json", "champion_history.jsonl"])
        head = repository.commit("champion", bare, message="by hand", parent=head)
        done = services.following.check("pets")
        alias = f"{address(repository)}@champion"
        assert (done.changed, done.problem) == (
            False,
            f"Expected vitrina_manifest.json in {address(repository)}@{head}, as what answers now has one; "
            "found no manifest. Publish it with Vitrina; to let it answer unverified run: "
            f"python -m vitrina model pets --follow {alias}.",
        )
        assert services.classifiers.get("pets").revision == pinned(repository, "v1")
        # A person may.
        assert services.following.follow("pets", alias).revision == f"{address(repository)}@{head}"
        assert services.following.check("pets").problem is None
    finally:
        services.close()


def test_following_main_pins_the_version_in_force(
    pets: Services, repository: FolderRepository, contents: Contents
) -> None:
    for content in contents:
        publish(repository, content)
    done = pets.following.follow("pets", f"{address(repository)}@main")
    assert (done.version, done.revision) == ("v2", pinned(repository, "v2"))
    move_champion(repository, "v1", reason="back", by="ben", at=AT)
    done = pets.following.check("pets")
    assert (done.version, done.revision) == ("v1", pinned(repository, "v1"))


def test_an_operator_who_pins_meanwhile_wins(
    pets: Services, repository: FolderRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    pets.following.follow("pets", address(repository))
    read_before = pets.store.collections.get("pets")
    publish(repository, contents[1])
    pets.following.pin("pets", f"{address(repository)}@v1")
    served = pets.classifiers.serving("pets")
    assert served is not None
    with pytest.raises(Stale, match="which somebody set meanwhile"):
        pets.classifiers.switch(read_before, served, follows=read_before.follows, version="v2")
    assert pets.store.collections.get("pets").follows is None


def test_two_checks_at_once_and_another_process(
    pets: Services, repository: FolderRepository, contents: Contents, tmp_path: Path
) -> None:
    publish(repository, contents[0])
    pets.following.follow("pets", address(repository))
    publish(repository, contents[1])
    other = services_in(tmp_path / "data")  # A second process over the same store, as far as anything shows.
    try:
        former = other.classifiers.get("pets")
        done: list[object] = []
        checks = [pets.following, pets.following, other.following]
        threads = [threading.Thread(target=lambda f=f: done.append(f.check("pets"))) for f in checks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 3
        assert pets.store.collections.get("pets").model == pinned(repository, "v2")
        assert pets.classifiers.get("pets").revision == pinned(repository, "v2")
        # What one process switches the others load behind, and nobody waits for it.
        pets.following.pin("pets", f"{address(repository)}@v1")
        asked = other.classifiers.get("pets")
        assert asked.revision in (former.revision, pinned(repository, "v2"))
        other.classifiers.warm("pets")
        assert other.classifiers.get("pets").revision == pinned(repository, "v1")
    finally:
        other.close()


def test_a_model_named_by_its_alias_is_followed(
    pets: Services, repository: FolderRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    pets.store.collections.set_model("pets", model=f"{address(repository)}@champion", revision=None)
    assert pets.classifiers.get("pets").revision.startswith(address(repository))
    assert pets.store.collections.get("pets").follows == f"{address(repository)}@champion"
    publish(repository, contents[1])
    assert pets.following.check("pets").version == "v2"


def test_pictures_show_the_answers_of_the_model_in_force(
    pets: Services, repository: FolderRepository, contents: Contents, tmp_path: Path
) -> None:
    ids = []
    for number in range(3):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(photo(number))
        taken = pets.store.ingest(pets.decoder).accept(
            path, slug="pets", source="test", file_name=path.name, actor="staff:ana"
        )
        ids.append(taken.picture.id)
    pets.store.annotations.append(
        [Change(ids[0], "label", "cat"), Change(ids[0], "publish")], actor="staff:ana"
    )

    def shown() -> set[str | None]:
        assert pets.following.answers.wait(60)
        found = [pets.store.pictures.get(number).card.prediction for number in ids]
        return {one.revision if one else None for one in found}

    publish(repository, contents[0])
    pets.following.follow("pets", address(repository))
    assert shown() == {pinned(repository, "v1")}
    publish(repository, contents[1])
    pets.following.check("pets")
    assert shown() == {pinned(repository, "v2")}
    rows = {row.id for row in pets.store.predictions.newest("pets")}
    move_champion(repository, "v1", reason="back", by="ben", at=AT)
    pets.following.check("pets")
    assert shown() == {pinned(repository, "v1")}
    # Nothing was asked again.
    assert {row.id for row in pets.store.predictions.newest("pets")} == rows


def test_the_schedule_looks_by_itself_and_stops(
    pets: Services, repository: FolderRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    pets.following.follow("pets", address(repository))
    assert pets.following.start(threading.Event(), 0) is None
    stop = threading.Event()
    thread = pets.following.start(stop, 0.001)
    assert thread is not None
    publish(repository, contents[1])
    for _ in range(600):
        if pets.store.collections.get("pets").model_version == "v2":
            break
        stop.wait(0.05)
    assert pets.store.collections.get("pets").model_version == "v2"
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()
