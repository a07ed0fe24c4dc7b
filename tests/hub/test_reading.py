"""The real client reads from the small Hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import (
    HfApi,
    HfFileSystem,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub.published import LARGE, add, send
from tests.hub.standin import HubStandIn


def test_the_tree_page_by_page(hub: HubStandIn, api: HfApi) -> None:
    hub.add("dataset", "org/data", {f"a/{i}/x.txt": b"%d" % i for i in range(5)} | {"README.md": b"hi"})
    hub.state.page = 2
    listed = list(api.list_repo_tree("org/data", repo_type="dataset", recursive=True))
    assert len(hub.requests) == 7
    assert [each.path for each in listed if hasattr(each, "size")] == [
        ".gitattributes", "README.md", *(f"a/{i}/x.txt" for i in range(5)),
    ]  # fmt: skip
    assert [each.path for each in listed if hasattr(each, "tree_id")] == ["a", *(f"a/{i}" for i in range(5))]
    inside = api.list_repo_tree("org/data", "a", repo_type="dataset", expand=True)
    assert [(each.path, each.last_commit.title) for each in inside] == [
        (f"a/{i}", "as it was") for i in range(5)
    ]
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree("org/data", "none", repo_type="dataset"))
    assert len(api.list_repo_commits("org/data", repo_type="dataset")) == 2


def test_download_by_commit(hub: HubStandIn, api: HfApi, food: str, tmp_path: Path) -> None:
    hub.repository("model", "org/food").commit("main", {"config.json": b"{2}"})
    told = {"endpoint": hub.endpoint, "cache_dir": tmp_path, "token": False}
    folder = Path(snapshot_download("org/food", revision=food, **told))
    assert folder.name == food
    assert (folder / "model.safetensors").read_bytes() == LARGE
    assert Path(hf_hub_download("org/food", "config.json", **told)).read_bytes() == b"{2}"
    assert (folder / "config.json").read_bytes() == b"{}"
    hub.close()
    assert snapshot_download("org/food", revision=food, **told) == str(folder)
    assert snapshot_download("org/food", revision=food, local_files_only=True, **told) == str(folder)


def test_a_part_of_a_file(hub: HubStandIn) -> None:
    hub.add("dataset", "org/data", {"a.parquet": bytes(range(100))})
    files = HfFileSystem(endpoint=hub.endpoint, token=False, skip_instance_cache=True)
    with files.open("datasets/org/data/a.parquet", block_size=10) as file:
        file.seek(90)
        assert file.read(5) == bytes(range(90, 95))
    assert files.cat_file("datasets/org/data/a.parquet", start=-3) == bytes(range(97, 100))
    parts = [seen for seen in hub.requests if "/resolve/" in seen.path and seen.method == "GET"]
    assert {seen.status for seen in parts} == {206}
    assert send(hub, "GET", "/datasets/org/data/resolve/main/a.parquet", b"", Range="bytes=100-")[0] == 416


def test_what_is_not_there(hub: HubStandIn, api: HfApi, food: str, tmp_path: Path) -> None:
    told = {"endpoint": hub.endpoint, "cache_dir": tmp_path}
    stranger = HfApi(endpoint=hub.endpoint, token=False)
    for who in (api, stranger):
        with pytest.raises(RepositoryNotFoundError):
            who.repo_info("org/none")
        with pytest.raises(RevisionNotFoundError):
            who.repo_info("org/food", revision="v9")
        with pytest.raises(RepositoryNotFoundError):
            who.repo_info("org/food", repo_type="dataset")
    with pytest.raises(EntryNotFoundError):
        hf_hub_download("org/food", "none.json", **told)
    assert (tmp_path / "models--org--food" / ".no_exist" / food / "none.json").exists()
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download("org/food", "config.json", revision="v9", **told)
    kept = hub.repository("model", "org/food")
    kept.gated = True
    for token in (hub.token, False):
        with pytest.raises(GatedRepoError):
            hf_hub_download("org/food", "config.json", token=token, **told)
    kept.granted.add("ana")
    assert Path(hf_hub_download("org/food", "config.json", token=hub.token, **told)).read_bytes() == b"{}"


def test_cards(hub: HubStandIn, api: HfApi) -> None:
    api.create_repo("org/food")
    card = b"---\npipeline_tag: image-classification\ntags: [food]\nlicense: mit\n---\n# Food\n"
    api.create_commit("org/food", add(README_md=card), commit_message="card")
    info = api.model_info("org/food", files_metadata=True)
    assert (info.pipeline_tag, info.tags, info.card_data.license) == ("image-classification", ["food"], "mit")
    assert [(each.rfilename, each.size) for each in info.siblings][1:] == [("README.md", len(card))]
    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        api.create_commit("org/food", add(README_md=b"---\na: [\n---\n"), commit_message="broken")
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        api.create_commit("org/food", add(README_md=b"# Food\n"), commit_message="bare")
