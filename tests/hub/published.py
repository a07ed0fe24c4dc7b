"""What the tests of the small Hub send to it."""

from __future__ import annotations

import urllib.error
import urllib.request

from huggingface_hub import (
    CommitOperationAdd,
    HfApi,
)

from tests.hub.standin import HubStandIn

LARGE = b"weights" * 5000


def add(**files: bytes) -> list[CommitOperationAdd]:
    """Files for a commit; `model_safetensors=` stands for model.safetensors."""
    return [CommitOperationAdd(name.replace("_", "."), data) for name, data in files.items()]


def publish(api: HfApi) -> str:
    """`org/food` with a small and a large file; the commit."""
    api.create_repo("org/food")
    files = add(config_json=b"{}", model_safetensors=LARGE)
    return api.create_commit("org/food", files, commit_message="first").oid


def send(hub: HubStandIn, method: str, path: str, body: bytes, **headers: str) -> tuple[int, str]:
    address = path if path.startswith("http") else f"{hub.endpoint}{path}"
    told = {"Authorization": f"Bearer {hub.token}"} | headers
    request = urllib.request.Request(address, data=body, method=method, headers=told)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
