"""A version of a repository, before it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.conftest import contents as contents
from tests.services.made_versions import publish
from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.backbone import load_model
from vitrina.models.reference import ModelReference
from vitrina.models.version import classifier_for, load_version
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.release import Content


@pytest.fixture
def repository(tmp_path: Path, contents: tuple[Content, Content]) -> FolderRepository:
    made = FolderRepository(tmp_path / "models" / "food")
    for content in contents:
        publish(made, content)
    return made


def test_a_folder_repository_is_read_by_any_of_its_names(
    repository: FolderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.folder.parent.parent)
    uri, (branches, tags) = repository.folder.as_uri(), repository.references()
    for text, commit in {
        f"{uri}@v1": tags["v1"],
        "./models/food@v2": tags["v2"],
        "models/food@champion": branches["champion"],
        "models/food": branches["main"],
        f"{uri}@{tags['v1']}": tags["v1"],
    }.items():
        loaded = load_model(text)
        assert loaded.revision == f"{uri}@{commit}"
        assert loaded.labels.names == ("cat", "dog", "owl")
    assert load_model(repository.folder).revision == f"{uri}@{branches['main']}"
    for text in ("./models/food@v9", f"{uri}@v9"):
        with pytest.raises(ModelUnavailable) as refused:
            load_model(text)
        assert str(refused.value) == (
            f"Expected the revision v9 of {uri}; found none of that name. "
            "Name a branch, tag or commit that it has."
        )
    with pytest.raises(ModelUnavailable, match=r"Expected a model repository at .*/gone; found none"):
        load_model(f"{repository.folder.parent.as_uri()}/gone@v1")


def test_references_of_repositories_read_and_write_themselves(repository: FolderRepository) -> None:
    text = f"{repository.folder.as_uri()}@champion"
    reference = ModelReference.parse(text)
    assert (reference.kind, reference.revision, str(reference)) == ("repository", "champion", text)
    assert ModelReference.parse(str(reference)) == reference
    assert reference.is_versioned
    assert str(reference.at("v1")) == f"{repository.folder.as_uri()}@v1"
    plain = repository.folder / "commits"
    assert ModelReference.parse(plain.as_uri()) == ModelReference("folder", str(plain))
    assert not ModelReference.parse(plain.as_uri()).is_versioned
    with pytest.raises(ModelUnavailable, match="Expected a repository: org/name on the Hub, or a folder"):
        ModelReference.parse("file://elsewhere/food")


def test_it_is_verified_and_answers_for_the_labels(repository: FolderRepository) -> None:
    verified = load_version(ModelReference.parse(f"{repository.folder.as_uri()}@v1"))
    assert verified.manifest is not None
    assert verified.not_verified == ()
    # A collection may have the same classes in another order.
    assert set(classifier_for(verified, LabelScheme(("owl", "cat", "dog"))).labels.names) == {
        "cat",
        "dog",
        "owl",
    }
    with pytest.raises(
        ModelUnavailable, match=r"Expected a model for the labels cat, dog, bat; found cat, dog, owl"
    ):
        classifier_for(verified, LabelScheme(("cat", "dog", "bat")))
    folder = repository.download(repository.references().tags["v1"])
    (folder / "golden.png").unlink()
    with pytest.raises(ModelUnavailable, match=r"found no golden\.png\. Restore the folder from a copy"):
        load_version(ModelReference.parse(f"{repository.folder.as_uri()}@v1"))
