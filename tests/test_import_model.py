"""python -m vitrina import --model, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.made import tiny
from tests.server.conftest import photo
from tests.test_commands import vitrina
from vitrina.__main__ import main
from vitrina.gallery.store import Store
from vitrina.labels import LabelScheme
from vitrina.models.backbone import folder_revision, save_model


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose model knows dog and cat."""
    run = tmp_path_factory.mktemp("runs") / "pets-full"
    save_model(tiny("resnet-18", scheme=LabelScheme(("dog", "cat"))), run / "model")
    return run


def photos(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(photo(1000 + 10 * len(names) + number))
    return folder


def opened(data: Path) -> Store:
    return Store.open(f"sqlite:///{data / 'vitrina.sqlite3'}", data / "pictures")


def test_a_pile_comes_in_with_its_model(run: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    pile = photos(tmp_path / "pile", "cat/1.jpg", "cat/2.jpg", "dog/3.jpg")
    done = vitrina(data, "import", str(pile), "--collection", "pets", "--title", "My pets", "--model", str(run))
    assert done.returncode == 0, done.stderr
    digits = folder_revision(run / "model").rpartition(":")[2]
    assert done.stdout.startswith(
        "Made the collection pets with the labels dog, cat\n"
        f"The model of pets is now {data / 'models' / f'pets-{digits}'}\n"
    )
    assert "3 taken, 0 known already, 0 refused\n" in done.stdout
    assert done.stdout.endswith("See it at /?collection=pets, what waits at /backend/?collection=pets\n")
    with opened(data) as store:
        collection = store.collections.get("pets")
        assert (collection.title, collection.labels) == ("My pets", ("dog", "cat"))
        assert collection.model == f"models/pets-{digits}"
        answers = [card.prediction for card in store.pictures.page("pets", view="published").items]
        assert [answer and answer.revision for answer in answers] == [collection.model_revision] * 3


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What VITRINA_DATA names for a command that runs here rather than in a process of its own."""
    monkeypatch.setenv("VITRINA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VITRINA_MINIMUM_FREE_BYTES", "0")
    return tmp_path / "data"


def test_a_model_alone_answers_for_what_is_there(
    run: Path, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pile, loose = photos(tmp_path / "pile", "cat/1.jpg", "dog/2.jpg"), photos(tmp_path / "loose", "new.jpg")
    for folder in (pile, loose):
        assert main(["import", str(folder), "--collection", "pets"]) == 0
    capsys.readouterr()
    assert main(["import", "--collection", "pets", "--model", str(run / "model")]) == 0
    said = capsys.readouterr().out
    assert "Made the collection" not in said
    assert "Pictures that were there before and have its answer now: 2 published, 1 waiting.\n" in said
    assert "Of pictures that it was trained on its answers look better than they are.\n" in said
    with opened(data) as store:
        (waiting,) = store.pictures.page("pets", view="review").items
        assert waiting.prediction is not None
        assert set(waiting.prediction.scores) == {"cat", "dog"}


def test_what_cannot_be_is_told_and_changes_nothing(
    run: Path, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, said in (
        (
            (),
            "Expected a folder of pictures, or --model with a trained model; found neither. "
            "Name one of the two, or both.\n",
        ),
        (
            ("--model", str(run), "--fit-head"),
            "Expected one model; found both --model and --fit-head. "
            "Choose one of the two: a collection has one model.\n",
        ),
        (
            ("--model", str(tmp_path / "nowhere")),
            f"Expected a model's folder, or that of a run, at {tmp_path / 'nowhere'}; found no such folder. "
            "Name what python -m training train has written: RUN or RUN/model.\n",
        ),
    ):
        assert main(["import", "--collection", "pets", *arguments]) == 2
        assert capsys.readouterr().err == said
        assert not data.exists()
    pile = photos(tmp_path / "pile", "cat/1.jpg", "cow/2.jpg")
    assert main(["import", str(pile), "--collection", "pets", "--model", str(run)]) == 2
    assert capsys.readouterr().err == (
        "Expected classes that the model knows (dog, cat); found cow. "
        "Leave them out, or train a model that knows them.\n"
    )
    with opened(data) as store:
        assert "pets" not in {collection.slug for collection in store.collections.all()}
    assert not (data / "models").exists()
