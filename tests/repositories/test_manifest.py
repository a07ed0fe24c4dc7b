"""The manifest says what a version is made of, and anything else is found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.repositories.made import content
from vitrina.repositories.manifest import MANIFEST, Manifest, check_files, manifest_of, read_manifest
from vitrina.repositories.repository import RepositoryError

TOLD = Manifest(
    kind="model",
    name="Food, año 1",
    created="2026-11-27T10:00:00+00:00",
    files=content(1).manifest.files,
    labels=("a", "b"),
    task="single_label",
    golden={"a": 0.25, "b": 0.75},
    test={"sha256": "0" * 64, "n": 8},
    gate={"before": "v1", "n": 8, "compared": []},
    forced="it must be",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version as it is downloaded."""
    version = content(1)
    for path, data in {**version.files, MANIFEST: version.manifest.to_bytes()}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        assert isinstance(data, bytes)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    (tmp_path / MANIFEST).write_bytes(TOLD.to_bytes())
    assert read_manifest(tmp_path) == TOLD
    assert manifest_of(replace(TOLD, forced=None, test=None).to_bytes()).test is None


def test_files_as_they_should_be_pass(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest is not None
    (folder / "beside.txt").write_text("not ours to judge")
    check_files(folder, manifest)


def test_one_bit_is_found(folder: Path) -> None:
    manifest = content(1).manifest
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    (folder / "config.json").unlink()
    with pytest.raises(
        RepositoryError, match=r"found no config\.json, another model\.safetensors. Fetch it again"
    ):
        check_files(folder, manifest)
    check_files(folder, manifest, wanted=("README.md",))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": 2}',
        json.dumps(json.loads(TOLD.to_bytes()) | {"kind": "disk"}).encode(),
        json.dumps(json.loads(TOLD.to_bytes()) | {"files": {"a": 1}}).encode(),
        json.dumps(json.loads(TOLD.to_bytes()) | {"golden": {"a": "much"}}).encode(),
    ],
)
def test_a_broken_one_is_said(broken: bytes) -> None:
    with pytest.raises(
        RepositoryError, match=f"a manifest of format 1 in {MANIFEST}.*Publish the version again"
    ):
        manifest_of(broken)


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b"])
def test_a_manifest_that_names_files_elsewhere_is_refused(path: str) -> None:
    told = json.loads(TOLD.to_bytes())
    told["files"][path] = {"size": 1, "sha256": "0" * 64}
    with pytest.raises(RepositoryError, match="paths inside the repository"):
        manifest_of(json.dumps(told).encode())
