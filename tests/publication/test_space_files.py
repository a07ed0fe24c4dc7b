"""The Space gets what git knows of the checkout, with the settings in the README's first block."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.hub.conftest import hub
from tests.hub.standin import HubStandIn
from training.__main__ import main
from vitrina.errors import NotFound
from vitrina.publication.space_files import check_space, space_content
from vitrina.repositories.repository import RepositoryError

__all__ = ["hub"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small one: committed, then with a file that git does not know and one that changed."""
    place = tmp_path / "checkout"
    (place / "vitrina").mkdir(parents=True)
    for name, text in {
        "app.py": "print('served')\n",
        "requirements.txt": "gradio\n",
        "space.yaml": "# ours\ntitle: Vitrina\nsdk: gradio\n",
        "README.md": "---\ntitle: Old\n---\n\n# Vitrina\n",
        "vitrina/__init__.py": "",
    }.items():
        (place / name).write_text(text, encoding="utf-8")
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=ana", "-c", "user.email=ana@example.org", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True)
    (place / ".env").write_text("HF_TOKEN=hf_secret", encoding="utf-8")
    (place / "app.py").write_text("print('changed')\n", encoding="utf-8")
    return place


def test_what_git_knows_is_sent_and_nothing_else(checkout: Path) -> None:
    content, changed = space_content(checkout, at="2026-11-27T10:00:00+00:00")
    assert set(content.files) == {
        "app.py",
        "requirements.txt",
        "space.yaml",
        "README.md",
        "vitrina/__init__.py",
    }
    assert changed == ("app.py",)
    assert content.files["README.md"] == b"---\ntitle: Vitrina\nsdk: gradio\n---\n\n# Vitrina\n"


def test_our_own_checkout_is_a_space() -> None:
    content, _ = space_content(ROOT, at="2026-11-27T10:00:00+00:00")
    assert {"app.py", "vitrina/server/app.py", "training/recipes/restaurant_photos.yaml"} <= set(
        content.files
    )
    assert content.files["README.md"] == (ROOT / "README.md").read_bytes()


def test_it_goes_to_main_where_a_space_runs(
    checkout: Path, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        hub.endpoint + "/spaces/{repo_id}/resolve/{revision}/{filename}".replace("/spaces", ""),
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    assert main(["publish", str(checkout), "--space", "--to", "org/app"]) == 0
    assert hub.writes == hub.preparations == 0
    assert main(["publish", str(checkout), "--space", "--to", "org/app", "--send"]) == 0
    there = hub.repository("space", "org/app")
    assert there.bytes("main", "app.py") == b"print('changed')\n"
    assert there.bytes("main", "README.md").startswith(b"---\ntitle: Vitrina\n")
    assert ".env" not in there.tree("main")
    assert "champion" not in there.branches
    (checkout / "app.py").write_text("print('worse')\n", encoding="utf-8")
    assert main(["publish", str(checkout), "--space", "--to", "org/app", "--send"]) == 0
    assert there.bytes("main", "app.py") == b"print('worse')\n"
    assert main(["roll_back", "org/app", "--kind", "space", "--reason", "it is worse"]) == 0
    assert there.bytes("main", "app.py") == b"print('changed')\n"


def test_what_cannot_start_is_said(checkout: Path, tmp_path: Path) -> None:
    (checkout / "requirements.txt").unlink()
    with pytest.raises(
        NotFound, match=r"Expected requirements\.txt in the checkout; found none that git knows"
    ):
        space_content(checkout, at="")
    with pytest.raises(NotFound, match="a checkout of the repository, with git; found CalledProcessError"):
        space_content(tmp_path, at="")


def test_what_was_read_back_is_looked_at(checkout: Path) -> None:
    with pytest.raises(RepositoryError, match=r"the settings of space\.yaml in the README's first block"):
        check_space(checkout)
    (checkout / "README.md").write_text(
        "---\ntitle: Vitrina\nsdk: gradio\n---\n\n# Vitrina\n", encoding="utf-8"
    )
    check_space(checkout)
    (checkout / "app.py").write_text("def broken(:", encoding="utf-8")
    with pytest.raises(RepositoryError, match="a Space that can start; found SyntaxError"):
        check_space(checkout)
