"""Large files on their way in: the batch, the upload whole or in parts, the check afterwards."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from tests.hub.history import StoredRepository
from tests.hub.state import HubState, author
from tests.hub.wire import Answer, Refusal, Request, as_json


def batch(state: HubState, request: Request, repository: StoredRepository) -> Answer:
    """Where each file goes; a file that is there already goes nowhere."""
    author(request)
    rows = []
    for file in request.json().get("objects", []):
        sha256, size = str(file["oid"]), int(file["size"])
        row: dict[str, Any] = {"oid": sha256, "size": size, "authenticated": True}
        if sha256 not in repository.uploaded:
            row["actions"] = _actions(state, repository, sha256, size)
        rows.append(row)
    return as_json({"transfer": "basic", "objects": rows})


def _actions(state: HubState, repository: StoredRepository, sha256: str, size: int) -> dict[str, Any]:
    grant = secrets.token_urlsafe(16)
    state.grants[grant] = (repository, sha256, size)
    plural = f"{repository.kind}s"
    verify = {"href": f"{state.endpoint}/api/{plural}/{repository.name}/lfs-verify"}
    address = f"{state.endpoint}/uploads/{grant}"
    upload: dict[str, Any] = {"href": address, "header": {}}
    if size > state.part_bytes:
        count = -(-size // state.part_bytes)
        upload["header"] = {"chunk_size": str(state.part_bytes)}
        upload["header"] |= {str(number): f"{address}/{number}" for number in range(1, count + 1)}
    return {"upload": upload, "verify": verify}


def _granted(state: HubState, grant: str) -> tuple[StoredRepository, str, int]:
    found = state.grants.get(grant)
    if found is None:
        raise Refusal(403, "The address of this upload is unknown or was used")
    return found


def upload(state: HubState, request: Request, grant: str) -> Answer:
    """A file in one piece."""
    return _arrived(state, grant, request.body)


def upload_part(state: HubState, request: Request, grant: str, number: str) -> Answer:
    _granted(state, grant)
    state.parts[grant, int(number)] = request.body
    return Answer(200, headers={"ETag": f'"{hashlib.sha256(request.body).hexdigest()}"'})


def complete(state: HubState, request: Request, grant: str) -> Answer:
    """The parts become the file; their marks must be those that were given out."""
    told = request.json().get("parts", [])
    data = b""
    for part in sorted(told, key=lambda each: int(each["partNumber"])):
        piece = state.parts.get((grant, int(part["partNumber"])))
        if piece is None or part["etag"].strip('"') != hashlib.sha256(piece).hexdigest():
            raise Refusal(400, f"Part {part['partNumber']} is not the one that came")
        data += piece
    answer = _arrived(state, grant, data)
    for key in [key for key in state.parts if key[0] == grant]:
        del state.parts[key]
    return answer


def _arrived(state: HubState, grant: str, data: bytes) -> Answer:
    repository, sha256, size = _granted(state, grant)
    if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
        raise Refusal(400, f"BadDigest: what came is not {sha256} of {size} bytes")
    repository.store(data, large=True)
    return Answer(200, headers={"ETag": f'"{sha256}"'})


def verify(state: HubState, request: Request, repository: StoredRepository) -> Answer:
    author(request)
    told = request.json()
    sha256 = str(told.get("oid"))
    if sha256 not in repository.uploaded or len(repository.blobs[sha256]) != told.get("size"):
        raise Refusal(404, f"The large file {sha256} is not here")
    return as_json({})
