"""HDF5 files: Galaxy10 as it is, and files that were made to harm."""

from __future__ import annotations

import io
import tracemalloc
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.readers.archives_made import bytes_by_name, picture, reasons_by_name, skipped
from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import Limits
from vitrina.readers import hdf5_process, open_source, subset
from vitrina.readers.arrayed import ArraySource, read_source
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, MIB, ArchiveLimits
from vitrina.readers.frames import as_png, frames_of
from vitrina.readers.hdf5 import fits
from vitrina.readers.hdf5 import read_hdf5 as read_in_a_process
from vitrina.readers.hdf5_file import OpenHdf5

PIXELS = np.random.default_rng(5).integers(0, 256, (12, 10, 14, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0], np.uint8)
FILES = [as_png(frame) for frame in PIXELS]


class Here(ArraySource):
    """The same without a process of its own, which takes a third of a second to start."""

    kind = "hdf5"

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> OpenHdf5:
        return OpenHdf5(path, limits)


def read_hdf5(
    path: Path, *, class_names: list[str] | None = None, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS
) -> Here:
    return read_source(Here, path, class_names=class_names, limits=limits)


def galaxy10(path: Path, **told: object) -> Path:
    """`images` and `ans`, as the file of astroNN has them, with what its later edition holds besides."""
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=PIXELS, **told)
        file["ans"] = LABELS
        file["redshift"] = np.arange(12) / 100
    return path


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"compression": "gzip", "chunks": (1, 10, 14, 3)},
        {"compression": "gzip", "chunks": (5, 4, 6, 2), "shuffle": True, "fletcher32": True},
        {"compression": "lzf", "chunks": (4, 10, 14, 3)},
        {"chunks": (12, 10, 14, 3)},
    ],
)
def test_galaxy10(tmp_path: Path, told: dict[str, object]) -> None:
    path = galaxy10(tmp_path / "Galaxy10.h5", **told)
    read = read_hdf5 if told else open_source
    source = read(path, class_names=["round", "cigar", "spiral"])
    assert source.inferred == (
        "Pictures from the array images: 12 of 10 x 14 pixels (height x width), 3 channels last. "
        "Labels from the array ans. 1 further column: redshift. "
        "The labels are whole numbers, named from the 3 class names given."
    )
    assert source.class_names == ["round", "cigar", "spiral"]
    assert [item.label for item in source.items] == [source.class_names[label] for label in LABELS]
    assert source.items[3].columns == {"redshift": 0.03}
    assert (source.items[3].file_name, source.items[3].source) == ("images/03.png", "hdf5:Galaxy10.h5")
    assert (source.columns, source.skipped) == (["redshift"], [])
    assert [data for _, data in source.read(source.items)] == FILES
    assert [data for _, data in source.read(source.items[7::2])] == FILES[7::2]
    some = subset(source, 5, seed=2)
    assert [data for _, data in some.read(some.items)] == [FILES[int(item.place or 0)] for item in some.items]


def test_numbers_without_names_stand_as_labels(tmp_path: Path) -> None:
    source = read_hdf5(galaxy10(tmp_path / "g.h5"))
    assert source.class_names == ["0", "1", "2"]
    assert source.inferred.endswith(
        "The labels are whole numbers without names, so their digits stand as labels."
    )
    with pytest.raises(
        BadRequest, match=r"whole numbers from 0 to 1 as labels.*found 2 in the labels of g\.h5"
    ):
        read_hdf5(tmp_path / "g.h5", class_names=["a", "b"])


def made(path: Path, **arrays: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, data in arrays.items():
            file[name.replace("__", "/")] = data
    return path


def test_other_names_splits_and_texts(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.hdf5",
        train__img=PIXELS[:8].transpose(0, 3, 1, 2),
        train__label=[b"cat", b"dog"] * 4,
        test__img=PIXELS[8:, :, :, 0],
        test__label=["dog"] * 4,
        train__mask=PIXELS[:8, :5, :5, 0],
        notes=np.zeros((3, 3)),
    )
    source = read_hdf5(path)
    assert [(item.label, item.split) for item in source.items[2:6]] == [
        ("dog", "test"), ("dog", "test"), ("cat", "train"), ("dog", "train"),
    ]  # fmt: skip
    assert "8 of 10 x 14 pixels (height x width), 3 channels first" in source.inferred
    assert "Splits of the file's own: test from test/img, train from train/img." in source.inferred
    assert skipped(source) == {
        "a.hdf5:train/mask": "another array of pictures; train/img was taken",
        "a.hdf5:notes": "neither pictures nor labels: shape (3, 3)",
    }
    assert [data for _, data in source.read(source.items[:4])] == [
        as_png(one[:, :, :1]) for one in PIXELS[8:]
    ]
    assert list(bytes_by_name(source).values())[4:] == FILES[:8]


def test_names_of_the_classes_in_the_file(tmp_path: Path) -> None:
    path = made(tmp_path / "a.h5", images=PIXELS, labels=LABELS, label_names=["round", "cigar", "spiral"])
    source = read_hdf5(path)
    assert source.class_names == ["round", "cigar", "spiral"]
    assert "Class names from the array label_names." in source.inferred


def test_unnamed_labels_are_taken_where_values_come_again(tmp_path: Path) -> None:
    source = read_hdf5(made(tmp_path / "a.h5", cube=PIXELS, kind=LABELS.astype(int)))
    assert (
        "kind, the only one of whole numbers, has 3 different values and was taken for them."
        in source.inferred
    )
    assert source.items[2].label == "2"
    source = read_hdf5(made(tmp_path / "b.h5", cube=PIXELS, counter=np.arange(12)))
    assert "counter stays a column" in source.inferred
    assert (source.items[2].label, source.items[2].columns, source.class_names) == (None, {"counter": 2}, [])


def test_one_hot_labels(tmp_path: Path) -> None:
    source = read_hdf5(made(tmp_path / "a.h5", images=PIXELS, y=np.eye(3)[LABELS]))
    assert [item.label for item in source.items] == [str(label) for label in LABELS]
    with pytest.raises(BadRequest, match="rows of 3 values that are not zeros and ones"):
        read_hdf5(made(tmp_path / "b.h5", images=PIXELS, y=np.eye(3)[LABELS] / 3))
    with pytest.raises(BadRequest, match="rows with no one in them, or with several"):
        read_hdf5(made(tmp_path / "c.h5", images=PIXELS, y=np.ones((12, 3))))


def test_labels_of_another_length(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        read_hdf5(made(tmp_path / "a.h5", images=PIXELS, ans=LABELS[:11]))
    assert str(caught.value) == (
        "Expected a label for each of the 12 pictures of images in a.h5; found 11 labels in ans. "
        "Save pictures and labels of the same length, in the same order."
    )


def test_labels_that_cannot_be_labels(tmp_path: Path) -> None:
    texts = ["cat"] * 11 + ["x" * 99]
    source = read_hdf5(made(tmp_path / "a.h5", images=PIXELS, label=texts))
    assert len(source.items) == 11
    assert "images/11.png" in skipped(source)
    with pytest.raises(BadRequest, match=r"found 0.5 in label of b\.h5"):
        read_hdf5(made(tmp_path / "b.h5", images=PIXELS, label=np.full(12, 0.5)))


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({"images": PIXELS / 255}, "images (12, 10, 14, 3) with values of another type"),
        ({"images": PIXELS.astype(np.uint16)}, "images (12, 10, 14, 3) with values of another type"),
        ({"images": PIXELS.reshape(12, -1)}, "images (12, 420), pictures laid flat, or a single one"),
        ({"ans": LABELS}, "ans (12)"),
        ({}, "no array"),
    ],
)
def test_files_without_pictures_say_what_they_hold(
    tmp_path: Path, arrays: dict[str, object], found: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        read_hdf5(made(tmp_path / "a.h5", **arrays))
    assert caught.value.expected.startswith("an array of pictures in a.h5: uint8, (n, h, w)")
    assert caught.value.found == found


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = made(tmp_path / "outside.h5", secret=PIXELS)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"] = PIXELS
        file["again"] = file["images"]
        file["round/and/round"] = file["/"]
        file["soft"] = h5py.SoftLink("/images")
        file["far"] = h5py.ExternalLink(str(outside), "/secret")
        file["nowhere"] = h5py.ExternalLink("/etc/passwd", "/x")
    source = read_hdf5(tmp_path / "a.h5")
    link = "a link to somewhere else, not a data set"
    assert skipped(source) == {"a.h5:far": link, "a.h5:nowhere": link, "a.h5:soft": link}
    assert list(bytes_by_name(source).values()) == FILES


def test_data_in_other_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * PIXELS.nbytes)
    outside = made(tmp_path / "outside.h5", secret=PIXELS)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"] = PIXELS
        file.create_dataset("stolen", PIXELS.shape, "u1", external=[(str(secret), 0, PIXELS.nbytes)])
        layout = h5py.VirtualLayout(PIXELS.shape, "u1")
        layout[:] = h5py.VirtualSource(outside, "secret", PIXELS.shape)
        file.create_virtual_dataset("made_up", layout)
    source = read_hdf5(tmp_path / "a.h5")
    assert skipped(source) == {
        "a.h5:stolen": "its data lie in other files (external)",
        "a.h5:made_up": "put together from other data sets (virtual)",
    }
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file["images"]
    with pytest.raises(BadRequest, match=r"made_up: put together from other data sets \(virtual\)"):
        read_hdf5(tmp_path / "a.h5")


def test_labels_that_must_not_be_read_are_an_error(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"] = PIXELS
        file.create_dataset("ans", (12,), "u1", external=[("/etc/passwd", 0, 12)])
    with pytest.raises(BadRequest) as caught:
        read_hdf5(tmp_path / "a.h5")
    assert str(caught.value) == (
        "Expected labels for images in a.h5; found ans: its data lie in other files (external). "
        "Save them as whole numbers or texts of a fixed length."
    )


def test_fifty_terabytes_declared(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", (50_000_000, 1024, 1024), "u1", chunks=(1, 1024, 1024))
        file["ans"] = LABELS
    with pytest.raises(
        BadRequest, match="it declares 52,428,800,000,000 bytes, more than 100 times what is stored"
    ):
        read_hdf5(tmp_path / "a.h5")


def test_bytes_and_pictures_are_capped(tmp_path: Path) -> None:
    path = galaxy10(tmp_path / "a.h5")
    with pytest.raises(BadRequest) as caught:
        read_hdf5(path, limits=ArchiveLimits(array_bytes=5_000))
    assert str(caught.value) == (
        "Expected an array of pictures that can be read, in a.h5; found 5,040 bytes declared by images. "
        "Divide it into files with arrays of at most 5,000 bytes."
    )
    with pytest.raises(
        BadRequest, match=r"12 pictures in images\. Divide it into files of at most 11 pictures"
    ):
        read_hdf5(path, limits=ArchiveLimits(frames=11))
    source = read_hdf5(path)
    small = Limits(max_bytes=400)
    assert {data.reason for _, data in source.read(source.items, limits=small)} == {"too_many_bytes"}  # type: ignore[union-attr]


def test_pieces_that_are_too_large(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="stored in pieces of 5,040 bytes, where 5,000 are the most"):
        read_hdf5(galaxy10(tmp_path / "a.h5", chunks=PIXELS.shape), limits=ArchiveLimits(chunk_bytes=5_000))


def test_a_chunk_that_unpacks_to_far_more_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        images = file.create_dataset(
            "images", (3, 10, 14, 3), "u1", chunks=(1, 10, 14, 3), compression="gzip"
        )
        images[:] = PIXELS[:3]
        images.id.write_direct_chunk((1, 0, 0, 0), zlib.compress(bytes(200 * MIB), 9))
        images.id.write_direct_chunk((2, 0, 0, 0), b"no deflate")
    source = read_hdf5(path)
    tracemalloc.start()
    try:
        assert reasons_by_name(source) == {
            "images/0.png": "taken", "images/1.png": "too_many_bytes", "images/2.png": "corrupt",
        }  # fmt: skip
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_a_file_from_which_the_library_never_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "a.h5", images=PIXELS[:3], label=["a", "b", "c"])
    assert len(read_in_a_process(path).class_names) == 3
    data = bytearray(path.read_bytes())
    heap = data.index(b"GCOL")
    data[heap + 24 : heap + 32] = bytes(8)
    path.write_bytes(data)
    monkeypatch.setattr(hdf5_process, "_LISTING_SECONDS", 3.0)
    with pytest.raises(BadRequest) as caught:
        read_in_a_process(path)
    assert str(caught.value) == (
        "Expected an array that can be read, label of a.h5; "
        "found one on which the library fails (it took too long). Save the file anew."
    )


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    path = galaxy10(tmp_path / "a.h5")
    file = hdf5_process.Hdf5Process(path, DEFAULT_ARCHIVE_LIMITS)
    images = file.arrays()[1]
    frames = frames_of(images.shape)
    assert frames is not None
    try:
        for number in range(3):
            assert frames.file_of(file.frame(images, frames, number)) == FILES[number]
            assert file._process is not None
            file._process.kill()
            with pytest.raises(PictureRefused) as caught:
                file.frame(images, frames, number)
            assert caught.value.reason == "decoder_died"
        with pytest.raises(PictureRefused) as caught:
            file.frame(images, frames, 4)
        assert str(caught.value) == (
            "Expected an HDF5 file that can be read; found one on which the library fails (it ended several times). "
            "Save the file anew, or write its pictures into a folder."
        )
    finally:
        file.close()


def test_texts_that_all_point_to_the_same_long_one(tmp_path: Path) -> None:
    path = made(tmp_path / "a.h5", images=np.zeros((400, 8, 8), np.uint8), note=["x" * MIB] + ["y"] * 399)
    with h5py.File(path) as file:
        at = file["note"].id.get_offset()
    data = bytearray(path.read_bytes())
    data[at : at + 16 * 400] = data[at : at + 16] * 400
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest, match="more than 67,108,864 characters of text"):
            read_hdf5(path)
        assert tracemalloc.get_traced_memory()[1] < 300 * MIB
    finally:
        tracemalloc.stop()


def test_other_filters_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", data=PIXELS, scaleoffset=0, chunks=(1, 10, 14, 3))
    with pytest.raises(BadRequest, match="packed by a filter that is not read; gzip, lzf and shuffle are"):
        read_hdf5(tmp_path / "a.h5")


def test_a_thousand_groups_are_too_many(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for number in range(1_100):
            file.create_group(f"g{number}")
    with pytest.raises(BadRequest) as caught:
        read_hdf5(tmp_path / "a.h5")
    assert str(caught.value) == (
        "Expected at most 1,000 objects in an HDF5 file; found more. Save pictures and labels alone into a file."
    )


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.95])
def test_a_file_that_is_cut_short(tmp_path: Path, part: float) -> None:
    path = galaxy10(tmp_path / "a.h5")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BadRequest) as caught:
        read_hdf5(path)
    assert caught.value.expected == "an HDF5 file, a.h5"
    assert caught.value.found.startswith("a damaged one, or one cut short (")


def test_damage_never_ends_in_another_error(tmp_path: Path) -> None:
    path = galaxy10(tmp_path / "a.h5", compression="gzip", chunks=(1, 10, 14, 3))
    sound = path.read_bytes()
    for place in range(8, len(sound), 97):
        data = bytearray(sound)
        data[place : place + 4] = b"\xff\xfe\xfd\xfc"
        path.write_bytes(data)
        try:
            source = read_hdf5(path)
        except BadRequest:
            continue
        assert set(reasons_by_name(source).values()) <= {"taken", "corrupt", "too_many_bytes", "truncated"}


def test_another_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"just words\n" * 99)
    with pytest.raises(BadRequest) as caught:
        open_source(path)
    assert str(caught.value) == (
        "Expected an HDF5 file, a.h5; found another kind of file. "
        "Copy the file again from where it came, or save it anew."
    )


def test_a_file_is_told_by_its_beginning(tmp_path: Path) -> None:
    assert fits(galaxy10(tmp_path / "no_suffix"))
    (tmp_path / "a.png").write_bytes(picture())
    assert not fits(tmp_path / "a.png")
    assert not fits(tmp_path)


def test_a_file_that_goes_away(tmp_path: Path) -> None:
    path = galaxy10(tmp_path / "a.h5")
    source = read_hdf5(path)
    path.unlink()
    assert set(reasons_by_name(source).values()) == {"not_a_picture"}


def test_memory_does_not_grow_with_the_array(tmp_path: Path) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        images = file.create_dataset("images", (600, 128, 128, 3), "u1")
        for number in range(600):
            images[number] = frame[0]
        file["ans"] = np.zeros(600, int)
    source = read_hdf5(tmp_path / "a.h5")
    tracemalloc.start()
    try:
        sizes = [len(data) for _, data in source.read(source.items) if isinstance(data, bytes)]
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
    assert sum(sizes) > 28 * MIB


def test_frames_are_pictures_for_pillow(tmp_path: Path) -> None:
    source = read_hdf5(galaxy10(tmp_path / "a.h5"))
    for frame, (_, data) in zip(PIXELS, source.read(source.items), strict=True):
        assert isinstance(data, bytes)
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(np.asarray(image), frame)
