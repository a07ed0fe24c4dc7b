"""Decoding in worker processes: each file ends in an answer, each death in a replacement, nothing is left."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hostile_pictures import HOSTILE, encoded, gif, photo, png, with_metadata
from vitrina.decoder import Decoder, Examined
from vitrina.decoder.examined import examine_bytes
from vitrina.decoder.wire import WireError, examined_message, read_answer, receive, refused_message, send
from vitrina.errors import PictureRefused, VitrinaError
from vitrina.images import FORMATS, Limits, open_picture, perceptual_hash, reduced

MIB = 1024 * 1024
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(processes=2) as decoder:
        yield decoder


def put(folder: Path, data: bytes, name: str = "picture") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def runs(pid: int) -> bool:
    """Whether the process is there, zombies aside."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone_soon(pid: int) -> bool:
    for _ in range(500):
        if not runs(pid):
            return True
        time.sleep(0.02)
    return False


def peak_bytes(pid: int) -> int:
    """The most memory the process ever had resident."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def check(examined: Examined) -> None:
    assert examined.format in FORMATS
    assert min(examined.width, examined.height, examined.frames) >= 1
    assert len(examined.perceptual_hash) == 16
    assert 0 <= examined.brightness <= 255
    assert (examined.pixels.dtype, examined.pixels.shape[2]) == (np.uint8, 3)
    assert min(examined.pixels.shape[:2]) >= min(448, examined.width, examined.height)
    for data, longest in ((examined.thumbnail, 480), (examined.large, 1600)):
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == "WEBP"
            assert max(image.size) == min(longest, max(examined.width, examined.height))
            assert not {"exif", "icc_profile", "xmp"} & set(image.info)


def test_a_photo(decoder: Decoder, tmp_path: Path) -> None:
    data = encoded(photo(1300, 1000), "JPEG", quality=90)
    examined = decoder.examine(put(tmp_path, data))
    check(examined)
    assert (examined.width, examined.height, examined.format, examined.frames) == (1300, 1000, "JPEG", 1)
    assert examined.pixels.shape == (500, 650, 3)
    assert examined.pixels.flags.writeable
    seen = reduced(open_picture(data, at_least=448, long_at_least=1600).image, 448)
    assert (examined.pixels == np.asarray(seen)).all()
    assert examined.perceptual_hash == perceptual_hash(seen)
    assert abs(examined.brightness - np.asarray(photo(1300, 1000).convert("L")).mean()) < 1


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_file(decoder: Decoder, tmp_path: Path, name: str) -> None:
    make, reasons = HOSTILE[name]
    path = put(tmp_path, make())
    if not reasons:
        check(decoder.examine(path))
        return
    with pytest.raises(PictureRefused) as caught:
        decoder.examine(path)
    assert caught.value.reason in reasons
    assert caught.value.next_step.endswith(".")


def test_no_metadata_leaves(decoder: Decoder, tmp_path: Path) -> None:
    examined = decoder.examine(put(tmp_path, with_metadata()))
    for derivative in (examined.thumbnail, examined.large, examined.pixels.tobytes()):
        for secret in (b"SECRET", b"EXIF", b"ICCP", b"XMP "):
            assert secret not in derivative


def test_files_that_broke_older_decoders(shared_data: Path) -> None:
    folder = shared_data / "corrupt_and_odd_pillow"
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".csv", ".md"))
    assert len(paths) == 184
    with Decoder(processes=2) as decoder:
        answers = list(decoder.examine_many(paths))
        # The bare worker has about 65 MB; the bombs among the files declare many gigabytes.
        assert max(peak_bytes(pid) for pid in decoder.pids) < 256 * MIB
    counts = Counter(answer.reason if isinstance(answer, PictureRefused) else "taken" for answer in answers)
    assert counts["taken"] > 100
    assert set(counts) <= {
        "taken",
        "corrupt",
        "truncated",
        "format_not_allowed",
        "not_a_picture",
        "too_many_pixels",
    }
    for answer in answers:
        if isinstance(answer, Examined):
            check(answer)


def test_order_is_that_of_the_paths_with_little_taken_ahead(decoder: Decoder, tmp_path: Path) -> None:
    taken = 0

    def paths() -> Iterator[Path]:
        nonlocal taken
        for number in range(30):
            taken += 1
            data = b"no picture" if number % 5 == 4 else png(10 + number, 8)
            yield put(tmp_path, data, str(number))

    seen: list[int | str] = []
    for number, answer in enumerate(decoder.examine_many(paths())):
        assert taken <= number + 2 * decoder.processes
        seen.append(answer.reason if isinstance(answer, PictureRefused) else answer.width)
    assert seen == ["not_a_picture" if n % 5 == 4 else 10 + n for n in range(30)]
    assert len(decoder.pids) == 2


def test_a_reader_may_stop_early(decoder: Decoder, tmp_path: Path) -> None:
    path = put(tmp_path, png(8, 8))
    many = decoder.examine_many(path for _ in range(1000))
    assert isinstance(next(many), Examined)
    many.close()  # type: ignore[attr-defined]
    check(decoder.examine(path))


def test_many_threads(decoder: Decoder, tmp_path: Path) -> None:
    wrong: list[object] = []

    def work(width: int) -> None:
        path = put(tmp_path, png(width, 5), str(width))
        for _ in range(5):
            if decoder.examine(path).width != width:
                wrong.append(width)

    threads = [threading.Thread(target=work, args=(20 + n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(decoder.pids) <= 2


def test_too_slow(tmp_path: Path) -> None:
    with Decoder(seconds=0.3) as decoder:
        check(decoder.examine(put(tmp_path, png(8, 8))))
        (before,) = decoder.pids
        with pytest.raises(PictureRefused) as caught:
            decoder.examine(put(tmp_path, gif(2_000_000)))
        assert caught.value.reason == "too_slow"
        assert str(caught.value) == (
            "Expected a picture that decodes within 0.3 seconds; found one that takes longer. "
            "Save it anew with fewer pixels or frames."
        )
        assert not runs(before)
        check(decoder.examine(put(tmp_path, png(8, 8))))
        assert decoder.pids != [before]


def test_too_much_memory(tmp_path: Path) -> None:
    with Decoder(memory_bytes=48 * MIB) as decoder:
        path = put(tmp_path, encoded(Image.new("RGBA", (5000, 5000)), "PNG", compress_level=1))
        with pytest.raises(PictureRefused) as caught:
            decoder.examine(path)
        assert caught.value.reason == "too_much_memory"
        assert str(caught.value) == (
            "Expected a picture that fits in memory; found one that needs more. Make the picture smaller."
        )
        (pid,) = decoder.pids
        assert peak_bytes(pid) < 160 * MIB
        check(decoder.examine(put(tmp_path, png(8, 8))))
        assert decoder.pids == [pid]


def test_an_idle_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = put(tmp_path, png(8, 8))
    with Decoder() as decoder:
        check(decoder.examine(path))
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            (pid,) = decoder.pids
            os.kill(pid, number)
            check(decoder.examine(path))
            assert decoder.pids != [pid]


def test_a_worker_killed_at_work_costs_no_picture(tmp_path: Path) -> None:
    path = put(tmp_path, gif(600_000))
    with Decoder() as decoder:
        decoder.examine(put(tmp_path, png(8, 8), "warm"))
        (pid,) = decoder.pids
        answers: list[Examined] = []
        thread = threading.Thread(target=lambda: answers.append(decoder.examine(path)))
        thread.start()
        time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
        thread.join()
        assert answers[0].frames == 600_000
        assert decoder.pids != [pid]


def test_a_picture_that_ends_each_decoder_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, gif(2_000_000))
    with Decoder() as decoder:
        decoder.examine(put(tmp_path, png(8, 8), "warm"))
        refused: list[PictureRefused] = []

        def work() -> None:
            try:
                decoder.examine(path)
            except PictureRefused as error:
                refused.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        while thread.is_alive():
            time.sleep(0.1)
            for pid in decoder.pids:
                os.kill(pid, signal.SIGKILL)
        assert refused[0].reason == "decoder_died"
        assert str(refused[0]) == (
            "Expected a picture that decodes; found one that ended the decoder twice (signal SIGKILL). "
            "Save it anew with another program; keep the file if you want to report it."
        )
        check(decoder.examine(put(tmp_path, png(8, 8), "after")))


def test_nothing_starts_before_it_is_needed_or_stays_after_close(tmp_path: Path) -> None:
    path = put(tmp_path, png(8, 8))
    decoder = Decoder(processes=2)
    assert decoder.pids == []
    decoder.examine(path)
    (pid,) = decoder.pids  # One picture at a time needs one worker.
    decoder.close()
    assert decoder.pids == []
    assert gone_soon(pid)
    decoder.close()
    with pytest.raises(VitrinaError) as caught:
        decoder.examine(path)
    assert str(caught.value) == "Expected an open decoder; found one that was closed. Make a new Decoder."
    with pytest.raises(VitrinaError, match="Expected at least one decoder process; found 0"):
        Decoder(processes=0)


def test_close_while_others_work_or_wait(tmp_path: Path) -> None:
    path = put(tmp_path, gif(2_000_000))
    decoder = Decoder()
    decoder.examine(put(tmp_path, png(8, 8), "warm"))
    ended: list[VitrinaError] = []

    def work() -> None:
        try:
            decoder.examine(path)
        except VitrinaError as error:
            ended.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    (pid,) = decoder.pids
    decoder.close()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert {error.found for error in ended} == {"one that was closed"}
    assert gone_soon(pid)


def test_the_worker_knows_little_of_its_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VITRINA_SECRET", "hunter2")
    monkeypatch.setenv("HF_TOKEN", "hf_hunter2")
    with Decoder() as decoder, (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        decoder.examine(put(tmp_path, png(8, 8)))
        (pid,) = decoder.pids
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"hunter2" not in environment
        names = {line.split(b"=")[0] for line in environment.split(b"\0") if line}
        assert names <= {
            b"LANG", b"LC_ALL", b"LC_CTYPE", b"TMPDIR", b"PYTHONPATH",
            b"OPENBLAS_NUM_THREADS", b"OMP_NUM_THREADS", b"MKL_NUM_THREADS",
            b"MALLOC_MMAP_THRESHOLD_", b"MALLOC_TRIM_THRESHOLD_",
        }  # fmt: skip
        held_open = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
        assert str(tmp_path / "open") not in held_open
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        limits = Path(f"/proc/{pid}/limits").read_text()
        for line in ("Max file size             0 ", "Max core file size        0 "):
            assert line in limits
        assert "Max address space         unlimited" not in limits


PARENT = """
import sys, time
from pathlib import Path
from vitrina.decoder import Decoder
print("started", flush=True)
decoder = Decoder(processes=2)
list(decoder.examine_many([Path(sys.argv[1])] * 6))
print(*decoder.pids, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("road", ["-c", "script"])
def test_workers_end_with_a_parent_that_is_killed(road: str, tmp_path: Path) -> None:
    picture = put(tmp_path, png(8, 8))
    program = ["-c", PARENT] if road == "-c" else [str(put(tmp_path, PARENT.encode(), "program.py"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *program, str(picture)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as parent:
        assert parent.stdout is not None
        # Once: the workers do not run the main program again.
        assert parent.stdout.readline() == "started\n"
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
        assert all(runs(pid) for pid in pids)
        parent.kill()
    assert all(gone_soon(pid) for pid in pids)


def test_a_worker_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Decoder() as decoder, pytest.raises(VitrinaError) as caught:
        decoder.examine(put(tmp_path, png(8, 8)))
    assert str(caught.value).startswith(
        "Expected a decoder process that starts; found one that ended (exit code 1). Run this to see why: "
    )


def test_messages_come_back_as_they_went() -> None:
    examined = examine_bytes(encoded(photo(), "JPEG"), limits=Limits())
    stream = io.BytesIO()
    send(stream, *examined_message(examined))
    send(stream, *refused_message(PictureRefused("a", "b", "C.", reason="corrupt")))
    stream.seek(0)
    again = read_answer(*receive(stream, most_bytes=MIB), limits=Limits())
    assert isinstance(again, Examined)
    assert (again.pixels == examined.pixels).all()
    assert (again.thumbnail, again.perceptual_hash) == (examined.thumbnail, examined.perceptual_hash)
    refused = read_answer(*receive(stream, most_bytes=MIB), limits=Limits())
    assert isinstance(refused, PictureRefused)
    assert (str(refused), refused.reason) == ("Expected a; found b. C.", "corrupt")
    with pytest.raises(WireError, match="end of the stream"):
        receive(stream, most_bytes=MIB)


@pytest.mark.parametrize(
    "lie",
    [
        {"width": 0}, {"width": True}, {"width": "9"}, {"height": 10**9}, {"frames": -1}, {"frames": 1.5},
        {"format": "SVG"}, {"format": ["PNG"]}, {"perceptual_hash": "../x"}, {"perceptual_hash": "0" * 17},
        {"perceptual_hash": "0" * 16 + "\n"}, {"brightness": float("nan")}, {"brightness": 256.0},
        {"brightness": None}, {"rows": 1}, {"columns": 10**6}, {"rows": None}, {"ok": False}, {"ok": 1},
        {"ok": False, "expected": "x", "found": "y", "next_step": "z", "reason": "because"},
        {"ok": False, "expected": "x" * 5000, "found": "y", "next_step": "z", "reason": "corrupt"},
    ],
    ids=repr,
)  # fmt: skip
def test_a_worker_taken_over_is_not_believed(lie: dict[str, Any]) -> None:
    header, blobs = examined_message(examine_bytes(png(8, 8), limits=Limits()))
    assert isinstance(read_answer(header, blobs, limits=Limits()), Examined)
    with pytest.raises(WireError):
        read_answer({**header, **lie}, blobs, limits=Limits())
    with pytest.raises(WireError):
        read_answer(header, [b"<html>", *blobs[1:]], limits=Limits())
    with pytest.raises(WireError):
        read_answer(header, blobs[:2], limits=Limits())


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0\0", b"\xff\xff\xff\xff", struct.pack(">I", 4) + b"{}  ", struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 60000) + b"[" * 60000, struct.pack(">I", 14) + b'{"blobs":[-1]}',
        struct.pack(">I", 16) + b'{"blobs":[9999]}', struct.pack(">I", 15) + b'{"blobs":[1.5]}',
        struct.pack(">I", 19) + b'{"blobs":[0,0,0,0]}', struct.pack(">I", 14) + b'{"blobs":[90]}' + b"short",
        struct.pack(">I", 4) + b"\xff\xfe\xfd\xfc", struct.pack(">I", 9) + b"{'blobs':",
    ],
    ids=lambda data: repr(data[:24]),
)  # fmt: skip
def test_broken_messages(data: bytes) -> None:
    with pytest.raises(WireError):
        receive(io.BytesIO(data), most_bytes=1000)
