"""What changes a repository: create, commit, branches, tags; and what is asked before."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any

import pathspec
import yaml

from tests.hub.history import KINDS, MAIN, Kind, Stored, StoredRepository, git_oid, pointer
from tests.hub.state import HubState, author, commit_at
from tests.hub.wire import Answer, Refusal, Request, as_json

Row = dict[str, Any]


def _named(state: HubState, request: Request, told: Row) -> tuple[Kind, str]:
    owner, name = told.get("organization") or author(request), told.get("name")
    kind = told.get("type") or "model"
    if not name or kind not in KINDS:
        raise Refusal(400, f"No repository can be called {name!r} ({kind})")
    return kind, f"{owner}/{name}"


def _page(state: HubState, kind: Kind, name: str) -> str:
    return f"{state.endpoint}/{'' if kind == 'model' else kind + 's/'}{name}"


def create(state: HubState, request: Request) -> Answer:
    owner, told = author(request), request.json()
    kind, name = _named(state, request, told)
    if kind == "space" and not told.get("sdk"):
        raise Refusal(400, "A Space needs an sdk")
    url = {"url": _page(state, kind, name), "name": name}
    if (kind, name) in state.repositories:
        raise Refusal(409, f"You already created this {kind} repo", more=url)
    private = bool(told.get("private")) or told.get("visibility") == "private"
    made = state.begin(kind, name, author=owner, private=private)
    made.sdk = told.get("sdk")
    return as_json(url | {"id": name})


def delete(state: HubState, request: Request) -> Answer:
    kind, name = _named(state, request, request.json())
    state.writable(kind, name, request)
    del state.repositories[kind, name]
    return as_json({})


def validate_yaml(state: HubState, request: Request) -> Answer:
    """Whether the block of a card can be read, before anything is sent."""
    text = str(request.json().get("content", ""))
    found = re.match(r"---\s*\n(.*?)\n?---\s*(\n|$)", text, flags=re.DOTALL)
    told: Row = {"errors": [], "warnings": []}
    try:
        data = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        return as_json(told | {"errors": [{"message": str(error)}]}, status=400)
    if not data:
        told["warnings"] = [{"message": "empty or missing yaml metadata in repo card"}]
    elif not isinstance(data, dict):
        return as_json(told | {"errors": [{"message": "the metadata is not a mapping"}]}, status=400)
    return as_json(told)


def preupload(state: HubState, request: Request, repository: StoredRepository, revision: str) -> Answer:
    """Which road each file takes, and what lies at its path now."""
    author(request)
    there = commit_at(repository, revision).tree
    told = request.json()
    ignored = pathspec.GitIgnoreSpec.from_lines(str(told.get("gitIgnore") or "").splitlines())
    rows = []
    for file in told.get("files", []):
        path, size = str(file["path"]), int(file["size"])
        large = size > 0 and repository.rules.large(path, size, base64.b64decode(file.get("sample") or ""))
        row: Row = {
            "path": path,
            "uploadMode": "lfs" if large else "regular",
            "shouldIgnore": ignored.match_file(path),
        }
        if path in there:
            row["oid"] = there[path].etag
        rows.append(row)
    return as_json({"files": rows})


def commit(state: HubState, request: Request, repository: StoredRepository, revision: str) -> Answer:
    """All lines of it, or nothing."""
    who = author(request)
    if request.flag("create_pr"):
        raise Refusal(400, "Pull requests are not part of this Hub")
    if revision not in repository.branches:
        raise Refusal(404, f"Invalid rev id: {revision}", code="RevisionNotFound")
    lines = _lines(request.body)
    header: Row = next((line["value"] for line in lines if line["key"] == "header"), {})
    if not header.get("summary"):
        raise Refusal(400, "A commit needs a summary")
    head = repository.branches[revision]
    if (parent := header.get("parentCommit")) and not head.startswith(parent):
        raise Refusal(412, "A commit has happened since. Please refresh and try again.")
    tree = dict(repository.commits[head].tree)
    files: dict[str, bytes] = {}
    for line in lines:
        _apply(repository, tree, files, line)
    repository.blobs |= files
    sha = repository.record(
        revision, tree, title=header["summary"], description=header.get("description") or "", author=who
    )
    page = _page(state, repository.kind, repository.name)
    return as_json({"success": True, "commitOid": sha, "commitUrl": f"{page}/commit/{sha}", "hookOutput": ""})


def _lines(body: bytes) -> list[Row]:
    try:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        return [{"key": str(line["key"]), "value": dict(line["value"])} for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(400, f"The commit is not lines of JSON: {error}") from error


def _apply(repository: StoredRepository, tree: dict[str, Stored], files: dict[str, bytes], line: Row) -> None:
    """One line of a commit on `tree`; the bytes of small files go to `files`."""
    key, value = line["key"], line["value"]
    path = str(value.get("path", "")).strip("/")
    if key != "header" and not path:
        raise Refusal(400, f"No path in {key}")
    if key == "file":
        tree[path] = _small(repository, files, value)
    elif key == "lfsFile":
        tree[path] = _large(repository, str(value["oid"]), value.get("size"))
    elif key == "deletedFile":
        if tree.pop(path, None) is None:
            raise Refusal(404, f"A file with this name doesn't exist: {path}", code="EntryNotFound")
    elif key == "deletedFolder":
        inside = [each for each in tree if each.startswith(f"{path}/")]
        if not inside:
            raise Refusal(404, f"A folder with this name doesn't exist: {path}", code="EntryNotFound")
        for each in inside:
            del tree[each]
    elif key != "header":
        raise Refusal(400, f"Unknown line in a commit: {key}")


def _small(repository: StoredRepository, files: dict[str, bytes], value: Row) -> Stored:
    try:
        data = base64.b64decode(value["content"], validate=True)
    except (binascii.Error, KeyError, TypeError) as error:
        raise Refusal(400, f"The content of {value['path']} is not base64") from error
    if len(data) > repository.rules.large_bytes:
        raise Refusal(400, f"{value['path']} is too large for a commit: send it as a large file")
    stored = Stored(hashlib.sha256(data).hexdigest(), len(data), git_oid(data), False)
    files[stored.sha256] = data
    return stored


def _large(repository: StoredRepository, sha256: str, size: int | None) -> Stored:
    if sha256 not in repository.uploaded:
        raise Refusal(400, f"LFS pointer pointed to a file that does not exist: {sha256}")
    there = len(repository.blobs[sha256])
    # A copy inside the repository comes without a size.
    if size is not None and size != there:
        raise Refusal(400, f"The large file {sha256} has {there} bytes, not {size}")
    return Stored(sha256, there, git_oid(pointer(sha256, there)), True)


def create_branch(state: HubState, request: Request, repository: StoredRepository, name: str) -> Answer:
    author(request)
    if name in repository.branches:
        raise Refusal(409, f"Reference already exists: refs/heads/{name}")
    start = commit_at(repository, str(request.json().get("startingPoint") or MAIN))
    repository.branches[name] = start.sha
    return as_json({})


def delete_branch(state: HubState, request: Request, repository: StoredRepository, name: str) -> Answer:
    author(request)
    if name == MAIN:
        raise Refusal(403, "The branch main cannot be deleted")
    if repository.branches.pop(name, None) is None:
        raise Refusal(404, f"Invalid rev id: {name}", code="RevisionNotFound")
    return as_json({})


def create_tag(state: HubState, request: Request, repository: StoredRepository, revision: str) -> Answer:
    author(request)
    told = request.json()
    name = str(told.get("tag") or "")
    if not name:
        raise Refusal(400, "A tag needs a name")
    at = commit_at(repository, revision)
    if name in repository.tags:
        raise Refusal(409, f"Tag reference exists already: {name}")
    repository.tags[name] = at.sha
    repository.tag_messages[name] = str(told.get("message") or "")
    return as_json({})


def delete_tag(state: HubState, request: Request, repository: StoredRepository, name: str) -> Answer:
    author(request)
    if repository.tags.pop(name, None) is None:
        raise Refusal(404, f"Invalid rev id: {name}", code="RevisionNotFound")
    repository.tag_messages.pop(name, None)
    return as_json({})
