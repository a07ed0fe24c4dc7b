"""What is asked of a repository without changing it: info, tree, references, commits, files."""

from __future__ import annotations

import itertools
import re
from typing import Any
from urllib.parse import quote, unquote

import yaml

from tests.hub.history import MAIN, Commit, Stored, StoredRepository
from tests.hub.state import HubState, commit_at, folder_oid
from tests.hub.wire import Answer, Refusal, Request, as_json

Row = dict[str, Any]


def whoami(state: HubState, request: Request) -> Answer:
    who = request.account
    if who is None:
        raise Refusal(401, "Invalid username or password.")
    role = "write" if who.write else "read"
    return as_json(
        {
            "type": "user",
            "id": f"id-of-{who.name}",
            "name": who.name,
            "fullname": who.name.title(),
            "orgs": [{"type": "org", "id": f"id-of-{org}", "name": org} for org in who.organizations],
            "auth": {"type": "access_token", "accessToken": {"displayName": "test", "role": role}},
        }
    )


def card(repository: StoredRepository, commit: Commit) -> Row:
    """The block of YAML at the top of README.md."""
    stored = commit.tree.get("README.md")
    text = repository.blobs[stored.sha256].decode(errors="replace") if stored else ""
    found = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, flags=re.DOTALL)
    try:
        told = yaml.safe_load(found[1]) if found else {}
    except yaml.YAMLError:
        return {}
    return told if isinstance(told, dict) else {}


def info(state: HubState, request: Request, repository: StoredRepository, revision: str = MAIN) -> Answer:
    commit = commit_at(repository, revision)
    siblings: list[Row] = []
    for path, stored in sorted(commit.tree.items()):
        row: Row = {"rfilename": path}
        if request.flag("blobs"):
            row |= {"size": stored.size, "blobId": stored.oid}
            if stored.large:
                row["lfs"] = {
                    "sha256": stored.sha256,
                    "size": stored.size,
                    "pointerSize": stored.pointer_size,
                }
        siblings.append(row)
    told = card(repository, commit)
    history = repository.history(commit.sha)
    answer: Row = {
        "_id": commit.sha[:24],
        "id": repository.name,
        "author": repository.name.split("/")[0],
        "sha": commit.sha,
        "createdAt": date(history[-1]),
        "lastModified": date(commit),
        "private": repository.private,
        "gated": "auto" if repository.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": list(told.get("tags") or []),
        "cardData": told,
        "siblings": siblings,
        "usedStorage": sum(stored.size for stored in commit.tree.values()),
    }
    if repository.kind == "model":
        answer["modelId"] = repository.name
        answer |= {key: told[key] for key in ("pipeline_tag", "library_name", "model-index") if key in told}
    if repository.kind == "space":
        answer["sdk"] = repository.sdk or told.get("sdk")
    return as_json(answer)


def date(commit: Commit) -> str:
    return commit.date.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def references(state: HubState, request: Request, repository: StoredRepository) -> Answer:
    def rows(named: dict[str, str], folder: str) -> list[Row]:
        return [{"name": n, "ref": f"refs/{folder}/{n}", "targetCommit": sha} for n, sha in named.items()]

    told: Row = {"branches": rows(repository.branches, "heads"), "tags": rows(repository.tags, "tags")}
    told |= {"converts": []} | ({"pullRequests": []} if request.flag("include_prs") else {})
    return as_json(told)


def commits(state: HubState, request: Request, repository: StoredRepository, revision: str) -> Answer:
    commit_at(repository, revision)
    rows = [
        {
            "id": commit.sha,
            "title": commit.title,
            "message": commit.description,
            "authors": [{"user": commit.author}],
            "date": date(commit),
        }
        for commit in repository.history(revision)
    ]
    return paged(state, request, rows)


def paged(state: HubState, request: Request, rows: list[Row]) -> Answer:
    """One page, and where the next one is."""
    begin = int(request.asked("cursor", "0"))
    end = begin + min(state.page, int(request.asked("limit", str(state.page))))
    headers = {}
    if end < len(rows):
        kept = "&".join(
            f"{quote(name)}={quote(value)}"
            for name, values in request.query.items()
            for value in values
            if name != "cursor"
        )
        address = f"{state.endpoint}{request.path}?{kept}{'&' if kept else ''}cursor={end}"
        headers["Link"] = f'<{address}>; rel="next"'
    return as_json(rows[begin:end], headers=headers)


def _row(repository: StoredRepository, commit: Commit, path: str, expand: bool) -> Row:
    stored = commit.tree.get(path)
    if stored is None:
        row: Row = {"type": "directory", "oid": folder_oid(commit, f"{path}/"), "size": 0, "path": path}
    else:
        row = {"type": "file", "oid": stored.oid, "size": stored.size, "path": path}
        if stored.large:
            row["lfs"] = {"oid": stored.sha256, "size": stored.size, "pointerSize": stored.pointer_size}
    if expand:
        last = _last(repository, commit, path)
        row["lastCommit"] = {"id": last.sha, "title": last.title, "date": date(last)}
        if stored is not None:
            safe = {"status": "safe"}
            row["securityFileStatus"] = safe | {"avScan": safe, "pickleImportScan": safe}
    return row


def _last(repository: StoredRepository, commit: Commit, path: str) -> Commit:
    """The commit that gave the path what it holds now."""

    def below(one: Commit) -> dict[str, Stored]:
        return {p: s for p, s in one.tree.items() if p == path or p.startswith(f"{path}/")}

    history = repository.history(commit.sha)
    for newer, older in itertools.pairwise(history):
        if below(newer) != below(older):
            return newer
    return history[-1]


def tree(
    state: HubState, request: Request, repository: StoredRepository, revision: str, folder: str = ""
) -> Answer:
    commit = commit_at(repository, revision)
    folder = folder.strip("/")
    begin = f"{folder}/" if folder else ""
    listed: dict[str, None] = {}
    for path in sorted(commit.tree):
        if path.startswith(begin):
            parts = path[len(begin) :].split("/")
            for depth in range(1, len(parts) + 1 if request.flag("recursive") else 2):
                listed[begin + "/".join(parts[:depth])] = None
    if folder and not listed:
        raise Refusal(404, f"{folder} does not exist on {revision}", code="EntryNotFound")
    expand = request.flag("expand")
    return paged(state, request, [_row(repository, commit, path, expand) for path in listed])


def paths_info(state: HubState, request: Request, repository: StoredRepository, revision: str) -> Answer:
    commit = commit_at(repository, revision)
    form = request.form()
    expand = str(form.get("expand", ["false"])[0]).lower() in ("true", "1")
    wanted = [path.strip("/") for path in form.get("paths", [])]
    there = [
        path for path in wanted if path in commit.tree or any(p.startswith(f"{path}/") for p in commit.tree)
    ]
    return as_json([_row(repository, commit, path, expand) for path in there])


def resolve(
    state: HubState, request: Request, repository: StoredRepository, revision: str, path: str
) -> Answer:
    """A file, or the part of it that `Range` asks for."""
    who = request.account
    if repository.gated and (who is None or who.name not in repository.granted):
        message = f"Access to {repository.kind} {repository.name} is restricted."
        raise Refusal(401 if who is None else 403, message, code="GatedRepo")
    commit = commit_at(repository, revision)
    stored = commit.tree.get(path)
    if stored is None:
        commit_header = {"X-Repo-Commit": commit.sha}
        raise Refusal(404, "Entry not found", code="EntryNotFound", headers=commit_header)
    headers = {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "ETag": f'"{stored.etag}"',
        "X-Repo-Commit": commit.sha,
    }
    if stored.large:
        headers |= {"X-Linked-Etag": f'"{stored.sha256}"', "X-Linked-Size": str(stored.size)}
    return _ranged(request.headers.get("Range"), repository.blobs[stored.sha256], headers)


def _ranged(asked: str | None, data: bytes, headers: dict[str, str]) -> Answer:
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked or "")
    if not found or found[0] == "bytes=-":
        return Answer(200, data, headers)
    first, last = found[1], found[2]
    begin = int(first) if first else max(len(data) - int(last), 0)
    end = min(int(last) + 1, len(data)) if first and last else len(data)
    if begin >= end:
        raise Refusal(416, "Range Not Satisfiable", headers={"Content-Range": f"bytes */{len(data)}"})
    return Answer(206, data[begin:end], headers | {"Content-Range": f"bytes {begin}-{end - 1}/{len(data)}"})


def named(text: str) -> str:
    """A part of an address as it was before it was quoted."""
    return unquote(text)
