"""The real client publishes to the small Hub, moves branches, sets tags."""

from __future__ import annotations

import hashlib
import json

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub.published import LARGE, add, send
from tests.hub.standin import HubStandIn


def test_create(hub: HubStandIn, api: HfApi) -> None:
    assert str(api.create_repo("org/food")) == f"{hub.endpoint}/org/food"
    assert api.create_repo("org/food", exist_ok=True).repo_id == "org/food"
    with pytest.raises(HfHubHTTPError) as there:
        api.create_repo("org/food")
    assert there.value.response.status_code == 409
    assert str(api.create_repo("org/food", repo_type="dataset")) == f"{hub.endpoint}/datasets/org/food"
    assert api.create_repo("app", repo_type="space", space_sdk="gradio").repo_id == "ana/app"
    assert api.space_info("ana/app").sdk == "gradio"
    assert sorted(hub.state.repositories) == [
        ("dataset", "org/food"),
        ("model", "org/food"),
        ("space", "ana/app"),
    ]
    api.delete_repo("org/food")
    with pytest.raises(RepositoryNotFoundError):
        api.repo_info("org/food")
    assert api.repo_exists("org/food", repo_type="dataset")


def test_small_and_large_files(hub: HubStandIn, api: HfApi, food: str) -> None:
    kept = hub.repository("model", "org/food")
    assert kept.branches == {"main": food}
    assert kept.bytes(food, "model.safetensors") == LARGE
    assert list(kept.tree()) == [".gitattributes", "config.json", "model.safetensors"]
    large = api.get_paths_info("org/food", ["model.safetensors", "config.json", "none"])
    assert [(file.path, file.size, file.lfs and file.lfs.sha256) for file in large] == [
        ("model.safetensors", len(LARGE), hashlib.sha256(LARGE).hexdigest()),
        ("config.json", 2, None),
    ]
    assert (hub.counts["upload"], hub.counts["verify"], hub.counts["commit"]) == (1, 1, 1)
    # What is there is not sent again; what has not changed makes no commit.
    again = api.create_commit("org/food", add(config_json=b"{}", model_safetensors=LARGE), commit_message="x")
    assert again.oid == food
    api.create_commit("org/food", add(other_safetensors=LARGE), commit_message="under another name")
    assert (hub.counts["upload"], hub.counts["commit"]) == (1, 2)
    assert [commit.title for commit in kept.history()] == ["under another name", "first", "initial commit"]
    assert [row.title for row in api.list_repo_commits("org/food", revision=food)] == [
        "first",
        "initial commit",
    ]


def test_what_is_large(hub: HubStandIn, api: HfApi) -> None:
    hub.state.rules.large_bytes = 1000
    api.create_repo("org/food")
    named = {"a.txt": b"a" * 1000, "b.txt": b"b" * 1001, "c.dat": b"\0", "d.png": b"text", "e.png": b""}
    files = [CommitOperationAdd(name, data) for name, data in named.items()]
    api.create_commit("org/food", files, commit_message="files")
    kept = hub.repository("model", "org/food")
    assert {path for path, stored in kept.at("main").tree.items() if stored.large} == {
        "b.txt",
        "c.dat",
        "d.png",
    }
    assert {path: kept.bytes("main", path) for path in named} == named


def test_in_parts(hub: HubStandIn, api: HfApi) -> None:
    hub.state.part_bytes = 10_000
    api.create_repo("org/food")
    files = add(a_safetensors=LARGE, b_safetensors=LARGE[:10_000])
    commit = api.create_commit("org/food", files, commit_message="x")
    assert hub.repository("model", "org/food").bytes(commit.oid, "a.safetensors") == LARGE
    assert [seen.path.count("/") for seen in hub.requests if seen.method == "PUT"].count(3) == 4
    assert hub.state.parts == {}


def test_an_upload_must_be_what_it_says(hub: HubStandIn, food: str) -> None:
    data = b"new" + LARGE
    sha256 = hashlib.sha256(data).hexdigest()
    ask = json.dumps({"objects": [{"oid": sha256, "size": len(data)}]}).encode()
    _, told = send(hub, "POST", "/org/food.git/info/lfs/objects/batch", ask)
    address = json.loads(told)["objects"][0]["actions"]["upload"]["href"]
    for body in (data[:-1] + b"x", data[:-1], b""):
        assert send(hub, "PUT", address, body)[0] == 400
    check = json.dumps({"oid": sha256, "size": len(data)}).encode()
    assert send(hub, "POST", "/api/models/org/food/lfs-verify", check)[0] == 404
    lines = [
        {"key": "header", "value": {"summary": "half"}},
        {"key": "file", "value": {"path": "small.txt", "content": "YQ==", "encoding": "base64"}},
        {"key": "lfsFile", "value": {"path": "a.bin", "oid": sha256, "size": len(data), "algo": "sha256"}},
    ]
    commit = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    status, message = send(hub, "POST", "/api/models/org/food/commit/main", commit)
    assert (status, "does not exist" in message) == (400, True)
    assert hub.repository("model", "org/food").branches == {"main": food}
    assert send(hub, "PUT", address, data)[0] == 200
    assert send(hub, "POST", "/api/models/org/food/lfs-verify", check)[0] == 200
    assert send(hub, "POST", "/api/models/org/food/commit/main", commit)[0] == 200
    assert hub.repository("model", "org/food").bytes("main", "small.txt") == b"a"
    assert send(hub, "PUT", f"{hub.endpoint}/uploads/made-up", data)[0] == 403


@pytest.mark.parametrize(
    "body", [b"no json", b'{"key": "file"}', b'{"key": "header", "value": {}}', b'{"key": "x", "value": {}}']
)
def test_a_commit_that_says_nothing(hub: HubStandIn, food: str, body: bytes) -> None:
    assert send(hub, "POST", "/api/models/org/food/commit/main", body)[0] == 400
    assert hub.repository("model", "org/food").branches == {"main": food}


def test_copy_and_delete(hub: HubStandIn, api: HfApi, food: str) -> None:
    kept = hub.repository("model", "org/food")
    kept.commit("main", {"config.json": b"{2}", "a/b/c.txt": b"c", "a/d.txt": b"d"})
    moved = api.create_commit(
        "org/food",
        [
            CommitOperationCopy("model.safetensors", "kept.safetensors", src_revision=food),
            CommitOperationCopy("config.json", "old.json", src_revision=food),
            CommitOperationDelete("model.safetensors"),
            CommitOperationDelete("a/"),
        ],
        commit_message="moved",
    )
    assert {path: kept.bytes(moved.oid, path) for path in kept.tree() if path != ".gitattributes"} == {
        "config.json": b"{2}",
        "kept.safetensors": LARGE,
        "old.json": b"{}",
    }
    assert hub.counts["upload"] == 1
    with pytest.raises(EntryNotFoundError, match="doesn't exist"):
        api.create_commit("org/food", [CommitOperationDelete("none")], commit_message="x")
    with pytest.raises(EntryNotFoundError, match="is missing on repo"):
        api.create_commit("org/food", [CommitOperationCopy("none", "x")], commit_message="x")
    assert kept.branches["main"] == moved.oid


def test_a_commit_that_comes_late(hub: HubStandIn, api: HfApi, food: str) -> None:
    faster = hub.repository("model", "org/food").commit("main", {"a.txt": b"somebody else"})
    with pytest.raises(HfHubHTTPError) as late:
        api.create_commit("org/food", add(a_txt=b"mine"), commit_message="x", parent_commit=food)
    assert late.value.response.status_code == 412
    assert "A commit has happened since" in str(late.value)
    mine = api.create_commit("org/food", add(a_txt=b"mine"), commit_message="x", parent_commit=faster)
    assert hub.repository("model", "org/food").commits[mine.oid].parent == faster


def test_branches_and_tags(hub: HubStandIn, api: HfApi, food: str) -> None:
    api.create_branch("org/food", branch="versions", revision=food)
    later = api.create_commit("org/food", add(a_txt=b"a"), commit_message="x", revision="versions").oid
    api.create_tag("org/food", tag="v1", revision=food, tag_message="the first")
    api.create_tag("org/food", tag="v2", revision="versions")
    references = api.list_repo_refs("org/food")
    assert {each.name: each.target_commit for each in references.branches} == {
        "main": food,
        "versions": later,
    }
    assert {each.name: each.target_commit for each in references.tags} == {"v1": food, "v2": later}
    assert hub.repository("model", "org/food").tag_messages["v1"] == "the first"
    for again in (
        lambda: api.create_tag("org/food", tag="v1", revision=later),
        lambda: api.create_branch("org/food", branch="versions", revision=food),
    ):
        with pytest.raises(HfHubHTTPError) as there:
            again()
        assert there.value.response.status_code == 409
    api.create_tag("org/food", tag="v1", exist_ok=True)
    api.create_branch("org/food", branch="versions", exist_ok=True)
    for revision in ("none", "0" * 40):
        with pytest.raises(RevisionNotFoundError):
            api.create_tag("org/food", tag="v3", revision=revision)
        with pytest.raises(RevisionNotFoundError):
            api.create_branch("org/food", branch="b", revision=revision)
        with pytest.raises(RevisionNotFoundError):
            api.create_commit("org/food", add(a_txt=b"b"), commit_message="x", revision=revision)
    assert api.repo_info("org/food", revision="v2").sha == later
    assert api.repo_info("org/food", revision=later[:8]).sha == later
    api.delete_tag("org/food", tag="v2")
    api.delete_branch("org/food", branch="versions")
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag("org/food", tag="v2")
    with pytest.raises(HfHubHTTPError):
        api.delete_branch("org/food", branch="main")
    kept = hub.repository("model", "org/food")
    assert (kept.branches, kept.tags) == ({"main": food}, {"v1": food})
    assert later in kept.commits


def test_files_that_git_ignores(hub: HubStandIn, api: HfApi) -> None:
    api.create_repo("ana/app", repo_type="space", space_sdk="gradio")
    files = [CommitOperationAdd(".gitignore", b"*.log\n/build/\n"), CommitOperationAdd("app.py", b"1")]
    files += [CommitOperationAdd(name, b"x") for name in ("a/b.log", "build/c.bin", "a/build/c.bin")]
    api.create_commit("ana/app", files, commit_message="x", repo_type="space")
    assert [path for path in hub.repository("space", "ana/app").tree() if path != ".gitattributes"] == [
        ".gitignore",
        "a/build/c.bin",
        "app.py",
    ]
