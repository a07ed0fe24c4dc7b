"""A trained model becomes a collection's own, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.models.made import tiny
from tests.server.conftest import photo
from vitrina.errors import BadRequest, ModelUnavailable, NotFound, VitrinaError
from vitrina.labels import LabelScheme
from vitrina.models.backbone import folder_revision, save_model
from vitrina.models.task import describe
from vitrina.server.app import open_services
from vitrina.server.settings import Settings
from vitrina.services import Services
from vitrina.services.adoption import adopt_model
from vitrina.services.model_folder import find_model, incoming_copy, measured_in_run, put_in_place
from vitrina.services.published import classify_published, published_cards


def a_run(folder: Path, *names: str, seed: int = 0, task: str = "single_label") -> Path:
    """RUN with model/ of those labels."""
    scheme = LabelScheme(names, task=task)
    loaded = tiny("resnet-18", scheme=LabelScheme(names), seed=seed)
    describe(loaded.model, scheme)
    save_model(loaded, folder / "model")
    return folder


def evaluated(run: Path, **changed: Any) -> Path:
    figures = {"value": 0.9, "interval": [0.8, 0.95], "n": 50}
    report = {"model": {"revision": folder_revision(run / "model")}, "test": {"accuracy": figures}} | changed
    (run / "evaluation").mkdir()
    (run / "evaluation" / "eval_results.json").write_text(json.dumps(report), encoding="utf-8")
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluated(a_run(tmp_path_factory.mktemp("runs") / "pets-full", "dog", "cat"))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(Settings(data=tmp_path / "data", minimum_free_bytes=0))
    yield services
    services.close()


def adopt(services: Services, model: Path, *classes: str, slug: str = "pets") -> Any:
    data = services.classifiers.data
    return adopt_model(services, model, slug=slug, title=None, classes=classes, data=data)


def test_a_run_or_its_model_is_found(run: Path, tmp_path: Path) -> None:
    assert find_model(run) == find_model(run / "model") == run / "model"
    for place, found in ((tmp_path, "neither config.json nor model/config.json"), (tmp_path / "x", "no such folder")):
        with pytest.raises(NotFound) as missing:
            find_model(place)
        assert str(missing.value) == (
            f"Expected a model's folder, or that of a run, at {place}; found {found}. "
            "Name what python -m training train has written: RUN or RUN/model."
        )


def test_the_model_makes_its_collection_and_answers(services: Services, run: Path) -> None:
    adopted = adopt(services, run / "model", "cat")
    digits = folder_revision(run / "model").rpartition(":")[2]
    assert adopted.folder == f"models/pets-{digits}"
    assert adopted.made
    collection = services.store.collections.get("pets")
    assert (collection.title, collection.labels) == ("Pets", ("dog", "cat"))
    assert (collection.model, collection.model_revision) == (adopted.folder, adopted.revision)
    assert adopted.revision == f"pets-{digits}@sha256:{digits}"
    assert services.classifiers.get("pets").revision == adopted.revision
    assert services.classifiers.measured("pets") == {"accuracy": 0.9, "low": 0.8, "high": 0.95, "n": 50}
    models = services.classifiers.data / "models"
    assert [path.name for path in models.iterdir()] == [f"pets-{digits}"]
    assert {"config.json", "model.safetensors", "eval_results.json"} <= {
        path.name for path in (models / f"pets-{digits}").iterdir()
    }


def test_the_same_again_leaves_the_folder_as_it_is(services: Services, run: Path, tmp_path: Path) -> None:
    services.store.collections.create("pets", "Animals", labels=("cat", "dog"))
    model = Path(shutil.copytree(run / "model", tmp_path / "model"))
    first = adopt(services, model)
    assert (first.made, first.measured) == (False, None)
    weights = services.classifiers.data / first.folder / "model.safetensors"
    inode = weights.stat().st_ino
    assert adopt(services, run / "model").folder == first.folder
    assert weights.stat().st_ino == inode
    assert services.classifiers.measured("pets") is not None  # The run has figures, the copy of its model none.
    # Damaged since, or another threshold beside the same weights: what is adopted is what is there afterwards.
    weights.write_bytes(b"damaged")
    assert adopt(services, model).folder == first.folder
    assert services.classifiers.get("pets").predict([photo(1)])[0].revision == first.revision
    config = json.loads((model / "config.json").read_text("utf-8")) | {"abstain_below": 0.75}
    (model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert adopt(services, model).folder == first.folder
    kept = json.loads((services.classifiers.data / first.folder / "config.json").read_text("utf-8"))
    assert kept["abstain_below"] == 0.75
    assert len(list((services.classifiers.data / "models").iterdir())) == 1


def test_what_does_not_fit_changes_nothing(services: Services, run: Path, tmp_path: Path) -> None:
    services.store.collections.create("birds", "Birds", labels=("owl", "wren"), model="models/old")
    several = a_run(tmp_path / "several", "cat", "dog", task="multi_label") / "model"
    numbers = a_run(tmp_path / "numbers", "smooth", "disk", task="regression") / "model"
    broken = Path(shutil.copytree(run / "model", tmp_path / "broken"))
    (broken / "model.safetensors").write_bytes(b"no weights")
    odd = Path(shutil.copytree(run / "model", tmp_path / "odd"))
    (odd / "config.json").write_text("{", encoding="utf-8")
    model = run / "model"
    told = {
        (model, "birds", ()): (
            f"Expected a model for the labels of birds (owl, wren); found dog, cat in {model}. "
            "Train one on this collection, or name another --collection."
        ),
        (model, "pets", ("cat", "cow")): (
            "Expected classes that the model knows (dog, cat); found cow. "
            "Leave them out, or train a model that knows them."
        ),
        (several, "pets", ()): (
            "Expected a model that gives each picture one class (single_label); found one for "
            f"multi_label in {several}. Train one with --task single_label for the gallery; "
            "this one answers in a program."
        ),
        (numbers, "pets", ()): (
            "Expected a model that gives each picture one class (single_label); found one for "
            f"regression in {numbers}. Train one with --task single_label for the gallery; "
            "this one answers in a program."
        ),
    }
    for (place, slug, classes), text in told.items():
        with pytest.raises(BadRequest) as refused:
            adopt(services, place, *classes, slug=slug)
        assert str(refused.value) == text
    with pytest.raises(BadRequest, match="a slug of 1 to 64 small letters"):
        adopt(services, model, slug="../pets")
    with pytest.raises(ModelUnavailable, match="an image classification model in"):
        adopt(services, broken)
    with pytest.raises(ModelUnavailable, match=r"readable JSON in config\.json of"):
        adopt(services, odd)
    (only,) = services.store.collections.all()
    assert (only.slug, only.model) == ("birds", "models/old")
    models = services.classifiers.data / "models"
    assert not models.exists() or list(models.iterdir()) == []


def test_no_half_copy_stays(run: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(run / "model", tmp_path / "model"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").write_text("no folder", encoding="utf-8")
    with pytest.raises(VitrinaError) as refused, incoming_copy(model, data=tmp_path / "data"):
        pass
    assert refused.value.expected == f"room for a copy of {model} in {tmp_path / 'data' / 'models'}"
    assert refused.value.next_step == "Put that right, then run the command again."
    with pytest.raises(NotFound), incoming_copy(model, data=tmp_path / "other") as incoming:
        find_model(incoming / "config.json")  # Whatever goes wrong while it is there.
    assert list((tmp_path / "other" / "models").iterdir()) == []
    (model / "weights.bin").write_bytes(b"a pickle could run code")
    with incoming_copy(model, data=tmp_path / "other") as incoming:
        place = put_in_place(incoming, slug="pets", data=tmp_path / "other")
    assert "weights.bin" not in {path.name for path in (tmp_path / "other" / place).iterdir()}


def test_figures_of_other_weights_or_none_are_not_taken(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", "cat", "dog")
    assert measured_in_run(run / "model") is None
    evaluated(run)
    measured = measured_in_run(run / "model")
    assert measured is not None
    assert (measured["n"], measured["on"]) == (50, "test pictures of its run")
    for changed in (
        {"model": {"revision": "model@sha256:0123456789ab"}},
        {"test": {"accuracy": {"value": None, "interval": None, "n": 0}}},
        {"test": {"mae": 0.1}},
    ):
        shutil.rmtree(run / "evaluation")
        evaluated(run, **changed)
        assert measured_in_run(run / "model") is None


def test_published_pictures_get_its_answer_once(services: Services, run: Path, tmp_path: Path) -> None:
    store = services.store
    store.collections.create("pets", "Pets", labels=("cat", "dog"))
    for number in range(3):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(photo(number))
        store.ingest(services.decoder).accept(
            path, slug="pets", source="test", file_name=path.name, actor="staff:ana", label="cat", publish=True
        )
    adopted = adopt(services, run / "model")
    cards = published_cards(store, "pets")
    assert [card.prediction for card in cards] == [None] * 3
    store.files.path_of(cards[1].sha256).unlink()
    steps: list[tuple[int, int]] = []

    def classify() -> int:
        return classify_published(
            store,
            services.classifiers,
            services.decoder,
            slug="pets",
            progress=lambda done, of: steps.append((done, of)),
        )

    assert classify() == 2
    assert steps == [(3, 3)]
    answers = [card.prediction for card in published_cards(store, "pets")]
    assert [answer and answer.revision for answer in answers] == [adopted.revision, None, adopted.revision]
    assert classify() == 0
