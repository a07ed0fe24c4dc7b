"""numpy's files, told by their shapes and names, mapped or unpacked forward."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.readers.archives_made import overlapping_zip, picture, reasons_by_name, skipped, zipped
from vitrina.errors import BadRequest
from vitrina.readers import open_source
from vitrina.readers.arrays import fits, read_arrays
from vitrina.readers.budget import MIB, ArchiveLimits
from vitrina.readers.frames import as_png

PIXELS = np.random.default_rng(5).integers(0, 256, (9, 10, 14, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2] * 3)
FILES = [as_png(frame) for frame in PIXELS]


def npy(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def raw_npy(array: np.ndarray, *, header: str | None = None, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    data = file.getvalue()
    if header is None:
        return data
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data[128:]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_with_its_splits(tmp_path: Path, save: type) -> None:
    path = tmp_path / "mnist.npz"
    save(path, x_train=PIXELS[:6], y_train=LABELS[:6], x_test=PIXELS[6:], y_test=LABELS[6:])
    source = open_source(path, class_names=["zero", "one", "two"])
    assert source.inferred == (
        "Pictures from the array x_train: 6 of 10 x 14 pixels (height x width), 3 channels last. "
        "Labels from the array y_train. "
        "Pictures from the array x_test: 3 of 10 x 14 pixels (height x width), 3 channels last. "
        "Labels from the array y_test. "
        "The labels are whole numbers, named from the 3 class names given. "
        "Splits of the file's own: train from x_train, test from x_test."
    )
    assert [item.split for item in source.items] == ["train"] * 6 + ["test"] * 3
    assert [item.label for item in source.items] == ["zero", "one", "two"] * 3
    assert (source.items[6].file_name, source.items[6].source) == ("x_test/0.png", "numpy:mnist.npz")
    assert [data for _, data in source.read(source.items)] == FILES
    assert [data for _, data in source.read(source.items[4::3])] == FILES[4::3]


def test_an_npy_with_its_labels_beside_it(tmp_path: Path) -> None:
    path = npy(tmp_path / "X.npy", PIXELS)
    assert read_arrays(path).inferred.endswith("No array of labels was found.")
    npy(tmp_path / "labels.npy", np.array(["cat", "dog", "owl"] * 3))
    assert [item.label for item in read_arrays(path).items[:3]] == ["cat", "dog", "owl"]
    npy(tmp_path / "y.npy", LABELS[:, None])
    source = open_source(path)
    assert [item.label for item in source.items] == ["0", "1", "2"] * 3
    assert "Labels from the array y." in source.inferred
    assert [data for _, data in source.read(source.items[2:])] == FILES[2:]


@pytest.mark.parametrize(
    ("pictures", "labels"),
    [
        ("x_train", "y_train"),
        ("X_train", "y_train"),
        ("images", "labels"),
        ("train_images", "train_labels"),
        ("galaxies", "galaxies_labels"),
        ("galaxies", "labels"),
    ],
)
def test_names_of_labels_beside(tmp_path: Path, pictures: str, labels: str) -> None:
    path = npy(tmp_path / f"{pictures}.npy", PIXELS)
    npy(tmp_path / f"{labels}.npy", LABELS)
    npy(tmp_path / "other.npy", LABELS)
    source = read_arrays(path)
    assert [item.label for item in source.items] == ["0", "1", "2"] * 3
    assert {item.split for item in source.items} == {None}


def test_labels_beside_of_another_length(tmp_path: Path) -> None:
    path = npy(tmp_path / "X.npy", PIXELS)
    npy(tmp_path / "y.npy", LABELS[:8])
    with pytest.raises(BadRequest) as caught:
        read_arrays(path)
    assert str(caught.value) == (
        "Expected a label for each of the 9 pictures of X in X.npy; found 8 labels in y. "
        "Save pictures and labels of the same length, in the same order."
    )


def test_a_link_beside_is_not_followed(tmp_path: Path) -> None:
    npy(tmp_path / "elsewhere.npy", LABELS)
    folder = tmp_path / "pile"
    folder.mkdir()
    path = npy(folder / "X.npy", PIXELS)
    (folder / "y.npy").symlink_to(tmp_path / "elsewhere.npy")
    assert {item.label for item in read_arrays(path).items} == {None}


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (PIXELS.transpose(0, 3, 1, 2), "9 of 10 x 14 pixels (height x width), 3 channels first"),
        (np.asfortranarray(PIXELS), "9 of 10 x 14 pixels (height x width), 3 channels last"),
        (PIXELS[0], "1 of 10 x 14 pixels (height x width), one picture, 3 channels last"),
    ],
)
def test_channels_are_found(tmp_path: Path, array: np.ndarray, words: str) -> None:
    source = read_arrays(npy(tmp_path / "a.npy", array))
    assert source.inferred.startswith(f"Pictures from the array a: {words}.")
    assert [data for _, data in source.read(source.items)] == FILES[: len(source.items)]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_grey_pictures_and_columns(tmp_path: Path, save: type) -> None:
    path = tmp_path / "a.npz"
    save(path, pictures=PIXELS[..., 0], label=LABELS, night=np.array([b"n1", b"n2", b"n3"] * 3), z=LABELS / 2)
    source = read_arrays(path)
    assert "9 of 10 x 14 pixels (height x width), grey." in source.inferred
    assert source.columns == ["night", "z"]
    assert source.items[4].columns == {"night": "n2", "z": 0.5}
    assert [data for _, data in source.read(source.items)] == [as_png(one[..., :1]) for one in PIXELS]


def test_labels_of_sorted_classes_pack_well_and_are_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    pixels = np.random.default_rng(1).integers(0, 256, (4_000, 8, 8), dtype=np.uint8)
    np.savez_compressed(path, x=pixels, y=np.repeat(np.arange(4), 1_000))
    with zipfile.ZipFile(path) as archive:
        labels = archive.getinfo("y.npy")
    assert labels.file_size > 100 * labels.compress_size
    assert read_arrays(path).items[3_999].label == "3"


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        raise AssertionError("unpickled")


def test_pickled_arrays_are_never_loaded(tmp_path: Path) -> None:
    objects = np.array([1, "a", None] * 3, dtype=object)
    data = raw_npy(objects, allow_pickle=True)
    pickled = "pickled objects, which can run code and are never loaded"
    (tmp_path / "x.npy").write_bytes(data)
    with pytest.raises(BadRequest) as caught:
        read_arrays(tmp_path / "x.npy")
    assert caught.value.found == f"x: {pickled}"
    path = tmp_path / "a.npz"
    path.write_bytes(zipped({"x.npy": raw_npy(PIXELS), "extra.npy": data}))
    assert skipped(read_arrays(path)) == {"a.npz:extra": pickled}
    path.write_bytes(zipped({"x.npy": raw_npy(PIXELS), "labels.npy": data}))
    with pytest.raises(BadRequest) as caught:
        read_arrays(path)
    assert str(caught.value) == (
        f"Expected labels for x in a.npz; found labels: {pickled}. "
        "Save them as whole numbers or texts of a fixed length."
    )


LIES = {
    "longer": "{'descr': '|u1', 'fortran_order': False, 'shape': (9, 10, 14, 4), }",
    "50 TB": "{'descr': '|u1', 'fortran_order': False, 'shape': (50000000, 1000, 1000), }",
    "negative": "{'descr': '|u1', 'fortran_order': False, 'shape': (-9, -10, 14, 3), }",
    "code": "__import__('os').system('true')",
    "nothing": "{}",
    "nested": "(" * 100,
}


@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie(tmp_path: Path, lie: str) -> None:
    data = raw_npy(PIXELS, header=LIES[lie])
    (tmp_path / "x.npy").write_bytes(data)
    with pytest.raises(BadRequest):
        read_arrays(tmp_path / "x.npy")
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        (tmp_path / "a.npz").write_bytes(zipped({"x.npy": data}, method=method))
        with pytest.raises(BadRequest):
            read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("part", [0.002, 0.01, 0.02, 0.3, 0.9])
def test_files_that_are_cut_short(tmp_path: Path, part: float) -> None:
    path = npy(tmp_path / "x.npy", PIXELS)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BadRequest) as caught:
        read_arrays(path)
    if part > 0.1:
        assert caught.value.found == "x: cut short: it declares more data than there are"
    np.savez_compressed(tmp_path / "a.npz", x=PIXELS)
    data = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BadRequest):
        read_arrays(tmp_path / "a.npz")


def test_damage_in_a_packed_array_is_said_for_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.tile(PIXELS, (30, 2, 2, 1)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    reasons = list(reasons_by_name(read_arrays(path)).values())
    assert reasons[:20] == ["taken"] * 20
    assert reasons[-1] == "corrupt"


def test_hostile_archives_named_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(overlapping_zip(10))
    with pytest.raises(BadRequest):
        read_arrays(path)
    path.write_bytes(zipped({"x.npy": raw_npy(PIXELS), "../up.npy": raw_npy(LABELS), "notes.txt": b"words"}))
    assert skipped(read_arrays(path)) == {
        "a.npz:../up.npy": "a name that leads out of the archive",
        "a.npz:notes.txt": "not an array",
    }
    bomb = raw_npy(np.zeros((40, 1_000, 1_000), np.uint8))
    path.write_bytes(zipped({"x.npy": bomb}, method=zipfile.ZIP_DEFLATED))
    with pytest.raises(BadRequest) as caught:
        read_arrays(path)
    assert str(caught.value) == (
        "Expected a file of numpy arrays, a.npz; found one that unpacks to more than 100 times its size. "
        "Copy the file again from where it came, or save it anew."
    )
    path.write_bytes(zipped({f"{i}.npy": b"" for i in range(60)}))
    with pytest.raises(BadRequest, match="at most 50 entries"):
        read_arrays(path, limits=ArchiveLimits(entries=50))


def test_fortran_order_cannot_be_unpacked_forward(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.asfortranarray(PIXELS))
    with pytest.raises(BadRequest, match="packed in Fortran order, which cannot be read picture by picture"):
        read_arrays(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.asfortranarray(PIXELS))
    source = read_arrays(tmp_path / "b.npz")
    assert [data for _, data in source.read(source.items)] == FILES


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (PIXELS / 255, "x (9, 10, 14, 3) with values of another type"),
        (PIXELS.reshape(9, -1), "x (9, 420), pictures laid flat, or a single one"),
        (LABELS, "x (9)"),
    ],
)
def test_arrays_that_are_no_pictures(tmp_path: Path, array: np.ndarray, found: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_arrays(npy(tmp_path / "x.npy", array))
    assert caught.value.found == found


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_memory_does_not_grow_with_the_array(tmp_path: Path, save: type) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    save(tmp_path / "a.npz", x=np.repeat(frame, 300, axis=0))
    tracemalloc.start()
    try:
        source = read_arrays(tmp_path / "a.npz")
        assert sum(len(data) for _, data in source.read(source.items) if isinstance(data, bytes)) > 14 * MIB
        assert tracemalloc.get_traced_memory()[1] < 6 * MIB
    finally:
        tracemalloc.stop()


def test_other_files(tmp_path: Path) -> None:
    for name, expected in (("a.npy", "a file of numpy arrays, a.npy"), ("a.npz", "a zip archive, a.npz")):
        path = tmp_path / name
        path.write_bytes(b"just words\n" * 99)
        with pytest.raises(BadRequest) as caught:
            read_arrays(path)
        assert (caught.value.expected, caught.value.found) == (expected, "another kind of file")


def test_arrays_are_told_by_name_or_beginning(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(raw_npy(LABELS))
    assert fits(tmp_path / "plain")
    (tmp_path / "a.png").write_bytes(picture())
    assert not fits(tmp_path / "a.png")
    assert not fits(tmp_path)


def test_a_file_that_goes_away(tmp_path: Path) -> None:
    path = npy(tmp_path / "x.npy", PIXELS)
    source = read_arrays(path)
    path.unlink()
    assert set(reasons_by_name(source).values()) == {"not_a_picture"}
