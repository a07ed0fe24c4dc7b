"""python -m vitrina model: what answers now, and setting it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.hub.conftest import hub as hub
from tests.hub.standin import HubStandIn
from tests.server.conftest import photo
from tests.services.conftest import contents as contents
from tests.services.conftest import pets as pets
from tests.services.conftest import repository as repository
from tests.services.conftest import services_in
from tests.services.made_versions import AT, publish
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.release import Content
from vitrina.repositories.repository import Change
from vitrina.repositories.versions import move_champion, versions
from vitrina.server.model_command import run_model
from vitrina.services import Services

Contents = tuple[Content, Content]


def test_it_says_what_answers_follows_pins_and_checks(
    pets: Services,
    repository: FolderRepository,
    contents: Contents,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "one.jpg").write_bytes(photo(1))
    pets.store.ingest(pets.decoder).accept(
        tmp_path / "one.jpg", slug="pets", source="test", file_name="one.jpg", actor="staff:ana"
    )
    assert run_model(pets, "pets") == 1
    assert capsys.readouterr().out == (
        "No model is set for pets. Set one with --follow org/name, or --pin org/name@v2.\n"
    )
    publish(repository, contents[0])
    uri = repository.folder.as_uri()
    assert run_model(pets, "pets", follow=str(repository.folder)) == 0
    answers, follows, pictures = capsys.readouterr().out.splitlines()
    commit = dict(versions(repository))["v1"]
    assert answers.startswith(f"v1, {uri}@{commit} answers for pets, since 20")
    assert answers.endswith(" UTC.")
    assert follows == f"It follows {uri}@champion."
    assert pictures.startswith("Answered by it just now: ")
    card = pets.store.pictures.page("pets", view="review").items[0]
    assert card.prediction is not None
    assert card.prediction.revision == f"{uri}@{commit}"

    publish(repository, contents[1])
    assert run_model(pets, "pets", check=True) == 0
    assert capsys.readouterr().out.startswith("v2, ")
    move_champion(repository, "v1", reason="back", by="ben", at=AT)
    weights = repository.folder / "commits" / commit / "model.safetensors"
    kept = weights.read_bytes()
    weights.chmod(0o644)
    weights.write_bytes(kept[:-1])
    assert run_model(pets, "pets", check=True) == 1
    said = capsys.readouterr().out
    assert said.startswith("v2, ")
    assert "The check failed, so nothing has changed: Expected the files of first as its manifest" in said
    assert run_model(pets, "pets", pin=f"{repository.folder}@v2") == 0
    assert "It follows no repository." in capsys.readouterr().out


def test_it_warns_of_what_somebody_else_published(
    pets: Services, repository: FolderRepository, contents: Contents, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.create(private=False)
    theirs = {
        path: content
        for path, content in contents[0].files.items()
        if path.startswith(("model", "config", "pre"))
    }
    repository.commit("main", Change(added=theirs), message="by hand", parent=None)
    assert run_model(pets, "pets", pin=repository.folder.as_uri()) == 0
    said = capsys.readouterr().out
    assert "Warning: There is no vitrina_manifest.json with file://" in said
    assert said.count("Warning: ") == 4


def test_the_command_without_a_hub_and_from_the_cache(
    hub: HubStandIn, contents: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "publisher"))
    hub_repository = HubRepository("ana/pets", endpoint=hub.endpoint)
    publish(hub_repository, contents[0])
    services_in(tmp_path / "data").close()

    def model(*more: str, **environment: str) -> tuple[int, str]:
        told = hub.environment(tmp_path / "cache") | {
            "VITRINA_DATA": str(tmp_path / "data"),
            "VITRINA_RECIPES": str(tmp_path / "data" / "recipes"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "vitrina", "model", "pets", *more],
            cwd=ROOT,
            env=told | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, said = model("--follow", "ana/pets")
    assert (code, "v1, ana/pets@" in said) == (0, True), said
    hub.close()
    code, said = model("--check", HF_HUB_OFFLINE="1")
    assert "v1, ana/pets@" in said, said
    assert (
        "The check failed, so nothing has changed: Expected the model repository ana/pets on the Hub; "
        in said
    )
    assert "found HF_HUB_OFFLINE=1, which forbids asking" in said
    assert code == 1
