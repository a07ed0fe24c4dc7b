"""Data sets of the `datasets` library: saved in a folder, or on a small Hub of this machine."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

from tests.readers.archives_made import bytes_by_name, fill, picture, pile, reasons_by_name, skipped
from vitrina.errors import BadRequest
from vitrina.readers import open_source
from vitrina.readers.budget import ArchiveLimits
from vitrina.readers.hub_dataset import fits, read_saved_dataset

COMMIT, OTHER = "0123456789abcdef0123456789abcdef01234567", "f" * 40
IMAGE = datasets.Image()
CLASSES = datasets.ClassLabel(names=["round", "cigar"])


def rows(features: dict[str, Any], **columns: Sequence[object]) -> datasets.Dataset:
    return datasets.Dataset.from_dict(dict(columns), features=datasets.Features(features))


def pictures(count: int, first: int = 0, *, path: str | None = "p{}.png") -> list[dict[str, object]]:
    return [{"bytes": picture(first + i), "path": path and path.format(first + i)} for i in range(count)]


def galaxies(count: int = 4, first: int = 0) -> datasets.Dataset:
    features = {
        "image": IMAGE,
        "label": CLASSES,
        "night": datasets.Value("string"),
        "z": datasets.Value("float64"),
    }
    numbers = range(count)
    return rows(
        features,
        image=pictures(count, first),
        label=[i % 2 for i in numbers],
        night=[f"n{i % 3}" for i in numbers],
        z=[i / 2 for i in numbers],
    )


def saved(path: Path, data: datasets.Dataset | datasets.DatasetDict) -> Path:
    data.save_to_disk(str(path))
    return path


def test_a_saved_data_set(tmp_path: Path) -> None:
    source = open_source(saved(tmp_path / "galaxies", galaxies()))
    assert source.inferred == (
        "Pictures from the column image: its type is Image. Labels from the column label: its type is ClassLabel. "
        "Further columns: night, z. Names of the 2 classes from the data set."
    )
    assert [(item.file_name, item.label) for item in source.items] == [
        ("p0.png", "round"), ("p1.png", "cigar"), ("p2.png", "round"), ("p3.png", "cigar"),
    ]  # fmt: skip
    assert source.class_names == ["round", "cigar"]
    assert source.items[3].columns == {"night": "n0", "z": 1.5}
    assert (source.items[0].source, source.columns) == ("dataset:galaxies", ["night", "z"])
    assert list(bytes_by_name(source).values()) == [picture(i) for i in range(4)]
    assert [data for _, data in source.read(source.items[2:])] == [picture(2), picture(3)]


def test_the_splits_of_a_saved_data_set(tmp_path: Path) -> None:
    parts = {"train": galaxies(4), "validation": galaxies(2, 4), "extra": galaxies(1, 6)}
    source = open_source(saved(tmp_path / "g", datasets.DatasetDict(parts)))
    assert [item.split for item in source.items] == ["train"] * 4 + ["validation"] * 2 + [None]
    assert source.items[4].file_name == "validation/p4.png"
    assert source.inferred.endswith(
        "Splits of the data set's own: train (train), validation (validation), extra (no split known). "
        "Names of the 2 classes from the data set."
    )
    assert [data for _, data in source.read(source.items[3:6])] == [picture(i) for i in (3, 4, 5)]


def test_whole_numbers_are_named_from_the_list_given(tmp_path: Path) -> None:
    features = {"img": IMAGE, "ans": datasets.Value("int64")}
    path = saved(tmp_path / "g", rows(features, img=pictures(3, path=None), ans=[0, 1, None]))
    source = read_saved_dataset(path, class_names=["round", "cigar"])
    assert [(item.file_name, item.label) for item in source.items] == [
        ("0", "round"),
        ("1", "cigar"),
        ("2", None),
    ]
    assert read_saved_dataset(path).class_names == ["0", "1"]
    with pytest.raises(BadRequest, match="whole numbers from 0 to 0 as labels"):
        read_saved_dataset(path, class_names=["round"])


@pytest.mark.parametrize(
    ("given", "labels"),
    [(["cigar", "round"], ["round", "cigar", None]), (["A", "B"], ["A", "B", None])],
)
def test_names_given_for_classes_with_names(
    tmp_path: Path, given: list[str], labels: list[str | None]
) -> None:
    path = saved(
        tmp_path / "g", rows({"image": IMAGE, "label": CLASSES}, image=pictures(3), label=[0, 1, -1])
    )
    source = read_saved_dataset(path, class_names=given)
    assert [item.label for item in source.items] == labels
    assert source.class_names == given


def test_texts_bare_bytes_and_what_is_left_out(tmp_path: Path) -> None:
    features = {
        "category": datasets.Value("string"),
        "photo": datasets.Value("binary"),
        "box": datasets.List(datasets.Value("int64")),
    }
    data = rows(features, category=["tree", "x" * 99], photo=[picture(0), picture(1)], box=[[1], [2]])
    source = read_saved_dataset(saved(tmp_path / "g", data))
    assert source.inferred == (
        "Pictures from the column photo: it holds bytes. Labels from the column category: it is named like labels. "
        "Columns left out, which hold no single values: box."
    )
    assert list(bytes_by_name(source).values()) == [picture(0)]
    (reason,) = skipped(source).values()
    assert reason.startswith("its label cannot be one: a name of 99 characters")


def test_two_columns_of_pictures_and_two_of_classes(tmp_path: Path) -> None:
    features = {"mask": IMAGE, "image": IMAGE, "coarse": CLASSES, "fine_label": CLASSES}
    data = rows(features, mask=pictures(2, 7), image=pictures(2), coarse=[0, 0], fine_label=[0, 1])
    source = read_saved_dataset(saved(tmp_path / "g", data))
    assert "Further pictures in mask were not taken." in source.inferred
    assert list(bytes_by_name(source).values()) == [picture(0), picture(1)]
    assert [item.label for item in source.items] == ["round", "cigar"]
    assert source.columns == ["coarse"]


def test_files_elsewhere_are_not_read(tmp_path: Path) -> None:
    secret = fill(tmp_path / "elsewhere", {"secret.png": picture()}) / "secret.png"
    schema = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    cells = [
        {"bytes": None, "path": told} for told in (str(secret), "../elsewhere/secret.png", "in.png", None)
    ]
    table = pa.table({"image": pa.array([*cells, {"bytes": b"", "path": "x"}], schema)})
    path = saved(tmp_path / "g", rows({"image": IMAGE}, image=pictures(5)))
    # The library takes files along when it saves; what a stranger saved need not hold them.
    (arrow,) = path.glob("*.arrow")
    with pa.OSFile(str(arrow), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    fill(path, {"in.png": picture(5)})
    source = read_saved_dataset(path)
    read = [data for _, data in source.read(source.items)]
    assert read[2] == picture(5)
    assert [str(read[0]), str(read[1])] == [
        "Expected the bytes of a picture; found the name of a file that lies elsewhere. "
        "Save the data set with the bytes of its pictures in it."
    ] * 2
    assert list(reasons_by_name(source).values()) == [
        "not_a_picture", "not_a_picture", "taken", "not_a_picture", "empty",
    ]  # fmt: skip


def test_data_sets_without_pictures(tmp_path: Path) -> None:
    data = rows({"text": datasets.Value("string"), "label": CLASSES}, text=["a"], label=[0])
    with pytest.raises(BadRequest) as caught:
        read_saved_dataset(saved(tmp_path / "g", data))
    assert str(caught.value) == (
        "Expected a column of pictures in g; found the columns text, label. "
        "Save the pictures in a column with the feature Image."
    )


def test_the_rows_are_capped(tmp_path: Path) -> None:
    path = saved(tmp_path / "g", galaxies())
    with pytest.raises(BadRequest) as caught:
        read_saved_dataset(path, limits=ArchiveLimits(frames=3))
    assert str(caught.value) == (
        "Expected at most 3 rows in g; found more. Name one split (#train), or divide the data set."
    )


@pytest.mark.parametrize("name", ["../../secret.arrow", "/etc/passwd", "a/b.arrow", 7, None])
def test_files_named_outside_the_folder_are_refused(tmp_path: Path, name: object) -> None:
    path = saved(tmp_path / "g", galaxies())
    state = json.loads((path / "state.json").read_text())
    state["_data_files"] = [{"filename": name}]
    (path / "state.json").write_text(json.dumps(state))
    with pytest.raises(BadRequest, match="names of files beside each other in g"):
        read_saved_dataset(path)
    (path / "dataset_dict.json").write_text(json.dumps({"splits": [name]}))
    with pytest.raises(BadRequest, match="names of files beside each other in g"):
        read_saved_dataset(path)


@pytest.mark.parametrize("name", ["state.json", "dataset_info.json", "data-00000-of-00001.arrow"])
def test_a_damaged_folder_says_so(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / "g", galaxies())
    assert fits(path)
    data = (path / name).read_bytes()
    for broken in (b"", b"[1]", data[: len(data) // 2], data[:40] + bytes(400) + data[440:]):
        (path / name).write_bytes(broken)
        with pytest.raises(BadRequest):
            read_saved_dataset(path)


def test_offsets_that_lead_astray_are_found_before_anything_is_read(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "g", rows({"photo": datasets.Value("binary")}, photo=[picture(i) for i in range(4)])
    )
    (arrow,) = path.glob("*.arrow")
    ends = b"".join((len(picture()) * i).to_bytes(4, "little") for i in range(5))
    data = arrow.read_bytes()
    assert data.count(ends) == 1
    arrow.write_bytes(data.replace(ends, ends[:-8] + (1 << 30).to_bytes(4, "little") + ends[-4:]))
    with pytest.raises(BadRequest, match="a sound data set, g; found a damaged one"):
        read_saved_dataset(path)


LOAD = """
import sys
from vitrina.errors import VitrinaError
from vitrina.readers import open_source
for name in sys.argv[1:]:
    try:
        source = open_source(name)
        sizes = [len(data) for _, data in source.read(source.items)]
        sides = sorted({str(item.split) for item in source.items})
        print(source.items[0].source, source.class_names, sides, len(sizes), sum(sizes) // len(sizes))
    except VitrinaError as error:
        print(type(error).__name__, error)
"""


def load(endpoint: str, cache: Path, *names: str) -> list[str]:
    """What a fresh process says of each name; the libraries read the Hub's address when they are imported."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGINGFACE"))},
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(cache),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
    }
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", LOAD, *names]
    done = subprocess.run(
        command, env=environment, cwd=root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class Answer(BaseHTTPRequestHandler):
    """The part of the Hub's API that `datasets` asks for; `server.files` holds org/name/path -> bytes."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        files: dict[str, bytes] = self.server.files  # type: ignore[attr-defined]
        parts = self.path.split("?")[0].strip("/").split("/")
        api = parts[0] == "api"
        name = "/".join(parts[2:4] if api else parts[1:3])
        there = [key[len(name) + 1 :] for key in files if key.startswith(f"{name}/")]
        if not there:
            self.say(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif api and parts[4:5] == ["tree"]:
            self.tree(name, there, "/".join(parts[6:]))
        elif api and (parts[5:] or ["main"])[0] not in ("main", "v1", COMMIT):
            self.say(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif api:
            siblings = [{"rfilename": path} for path in there]
            told = {"id": name, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
            self.say(200, json.dumps(told).encode())
        elif (path := "/".join(parts[5:])) in there:
            data = files[f"{name}/{path}"]
            tag = hashlib.sha256(data).hexdigest()
            self.say(200, data, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})
        else:
            self.say(404, b"", {"X-Error-Code": "EntryNotFound"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.say(404, b"", {"X-Error-Code": "EntryNotFound"})

    def tree(self, name: str, there: Sequence[str], folder: str) -> None:
        inside = [path for path in there if not folder or path.startswith(f"{folder}/")]
        deep = "recursive=true" in self.path.lower()
        begin = len(folder) + 1 if folder else 0
        listed: dict[str, dict[str, object]] = {}
        for path in inside:
            parts = path[begin:].split("/")
            for depth in range(1, len(parts) if deep else 2):
                if depth < len(parts):
                    above = path[:begin] + "/".join(parts[:depth])
                    listed[above] = {"type": "directory", "path": above, "size": 0, "oid": "0" * 40}
            if deep or len(parts) == 1:
                size = len(self.server.files[f"{name}/{path}"])  # type: ignore[attr-defined]
                listed[path] = {"type": "file", "path": path, "size": size, "oid": "0" * 40}
        if not inside:
            self.say(404, b"", {"X-Error-Code": "EntryNotFound"})
        else:
            self.say(200, json.dumps(list(listed.values())).encode())

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests stay quiet."""


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of a Hub with parquet files, class folders, a script and an HDF5 file."""
    files = {f"org/folders/train/{name}": data for name, data in pile().items()}
    for split, data in (("train", galaxies(4)), ("test", galaxies(2, 4))):
        file = io.BytesIO()
        data.to_parquet(file)
        files[f"org/galaxies/data/{split}-00000-of-00001.parquet"] = file.getvalue()
    files["org/script/script.py"] = b"open('/tmp/ran', 'w')"
    files["org/hdf5/a.h5"] = b"\x89HDF"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.files = files  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_data_sets_of_the_hub(hub: str, tmp_path: Path) -> None:
    names = ("org/galaxies@v1", "org/galaxies#test", "org/folders", "org/galaxies#dev", "org/galaxies@v9")
    size = len(picture())
    assert load(hub, tmp_path, *names, "org/none", "org/script", "org/hdf5") == [
        f"hub:org/galaxies@{COMMIT} ['round', 'cigar'] ['test', 'train'] 6 {size}",
        f"hub:org/galaxies@{COMMIT} ['round', 'cigar'] ['None'] 2 {size}",
        f"hub:org/folders@{COMMIT} ['cat', 'dog'] ['None'] 6 {size}",
        "NotFound Expected a split dev in org/galaxies; found train, test. Name one of them.",
        "NotFound Expected the data set org/galaxies on the Hub; found no revision v9. "
        "Name a branch, tag or commit that the repository has.",
        "NotFound Expected the data set org/none on the Hub; found no such data set (or a private one). "
        "Check the name; set HF_TOKEN for a private one; a folder is written as ./folder.",
        "BadRequest Expected a data set of parquet, arrow, folders of pictures or WebDataset tars, org/script; "
        "found Dataset scripts are no longer supported, but found script.py. "
        "Download its files yourself and give the folder, the archive or the HDF5 file.",
        "BadRequest Expected a data set of parquet, arrow, folders of pictures or WebDataset tars, org/hdf5; "
        "found files that the library reads as hdf5. "
        "Download its files yourself and give the folder, the archive or the HDF5 file.",
    ]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}"
    assert load(nowhere, tmp_path, f"org/galaxies@{COMMIT}#train", "org/galaxies") == [
        f"hub:org/galaxies@{COMMIT} ['round', 'cigar'] ['None'] 4 {size}",
        f"VitrinaError Expected the data set org/galaxies from the Hub at {nowhere}; "
        "found that it cannot be reached (ConnectError). "
        "Check the network, or give a folder, an archive or a file.",
    ]
