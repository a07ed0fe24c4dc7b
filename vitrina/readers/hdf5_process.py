"""The process that reads an HDF5 file, seen from its parent."""

from __future__ import annotations

import dataclasses
import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from vitrina.errors import BadRequest, PictureRefused
from vitrina.readers.budget import MIB, ArchiveLimits, damaged
from vitrina.readers.frames import Frames
from vitrina.readers.pairing import Array

if TYPE_CHECKING:
    import numpy as np

_ROOT = Path(__file__).resolve().parent.parent.parent
_LISTING_SECONDS, _FRAME_SECONDS = 120.0, 20.0
_MOST_BYTES = 1024 * MIB
_DEATHS = 3


class Hdf5Process:
    """An HDF5 file open in another process, which is replaced when it dies, three times at most.

    Raises BadRequest where the file is none or damaged, OSError where it cannot be opened.
    """

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        with path.open("rb"):
            self._path, self._limits = path, limits
        self._deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    def close(self) -> None:
        """End the process now."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                cast(BinaryIO, stream).close()
            except OSError:
                continue  # What was still to be flushed has no reader any more.
        self._process = None

    def arrays(self) -> list[Array]:
        """All data sets that hard links lead to, each once, in the order of their names."""
        told, _ = self._ask({"ask": "arrays"}, _LISTING_SECONDS)
        return [Array(**{**one, "shape": tuple(one["shape"])}) for one in told["arrays"]]

    def values(self, array: Array) -> np.ndarray:
        """All of a small data set. Raises PictureRefused."""
        import numpy as np

        _, blob = self._ask({"ask": "values", "array": dataclasses.asdict(array)}, _LISTING_SECONDS)
        values = json.loads(blob)
        return np.array(values, dtype=object) if array.kind in "OSU" else np.array(values)

    def frame(self, array: Array, frames: Frames, number: int) -> np.ndarray:
        """One picture, as `Frames.file_of` takes it. Raises PictureRefused."""
        import numpy as np

        told = {"array": dataclasses.asdict(array), "frames": dataclasses.asdict(frames), "number": number}
        _, blob = self._ask({"ask": "frame", **told}, _FRAME_SECONDS)
        if len(blob) != frames.bytes_each:
            raise damaged(f"{len(blob)} bytes for {frames.bytes_each}")
        return np.frombuffer(blob, np.uint8).reshape(
            array.shape if frames.axes == "single" else array.shape[1:]
        )

    def _start(self) -> None:
        self._process = subprocess.Popen(
            # -P, -s: neither the current folder nor a user's own packages get into the process's path.
            [sys.executable, "-P", "-s", "-m", "vitrina.readers.hdf5_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=os.sep,
        )
        _widen(cast(BinaryIO, self._process.stdout))
        told = {"path": os.path.abspath(self._path), "limits": dataclasses.asdict(self._limits)}
        try:
            self._ask(told, _LISTING_SECONDS)
        except BaseException:
            self.close()
            raise

    def _ask(self, question: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bytes]:
        if self._process is None:
            if self._deaths >= _DEATHS:
                raise _died("it ended several times")
            self._start()
        process = self._process
        assert process is not None
        late = threading.Event()

        def ring() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, ring)
        timer.daemon = True
        timer.start()
        try:
            send(cast(BinaryIO, process.stdin), question)
            header, blob = receive(cast(BinaryIO, process.stdout))
        except (OSError, EOFError, ValueError) as error:
            self._deaths += 1
            self.close()
            raise _died("it took too long" if late.is_set() else "it ended") from error
        except BaseException:
            # Interrupted half-way: its answer must not be taken for that of the next question.
            self.close()
            raise
        finally:
            timer.cancel()
        if "bad" in header:
            raise BadRequest(*map(str, header["bad"]))
        if "refused" in header:
            *said, reason = map(str, header["refused"])
            raise PictureRefused(*said, reason=reason)
        return header, blob


def send(stream: BinaryIO, header: dict[str, Any], blob: bytes = b"") -> None:
    """Write one message: the length of its header (4 bytes, big-endian), the header in JSON, the blob."""
    text = json.dumps({**header, "blob": len(blob)}).encode()
    stream.write(struct.pack(">I", len(text)) + text + blob)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Read one message. Raises EOFError where the stream ends, ValueError where the message makes no sense."""
    (length,) = struct.unpack(">I", _exactly(stream, 4))
    header = json.loads(_exactly(stream, length))
    if not isinstance(header, dict) or type(header.get("blob")) is not int:
        raise ValueError("a message without its parts")
    return header, _exactly(stream, header["blob"])


def _exactly(stream: BinaryIO, length: int) -> bytes:
    if not 0 <= length <= _MOST_BYTES:
        raise ValueError(f"{length} bytes")
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _widen(pipe: BinaryIO) -> None:
    """A pipe that holds a picture whole: with the usual 64 kB the two sides wake each other all the time."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, MIB)
    except (ImportError, AttributeError, OSError):
        return  # Only Linux can, and not where this account's pipes take too much already.


def _died(how: str) -> PictureRefused:
    return PictureRefused(
        "an HDF5 file that can be read",
        f"one on which the library fails ({how})",
        "Save the file anew, or write its pictures into a folder.",
        reason="decoder_died",
    )


def _environment() -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR") if key in os.environ}
    paths = [str(_ROOT), *(os.path.abspath(path) for path in sys.path if path)]
    # No plugins, whatever the user's environment says: filters would be loaded from there.
    return {**kept, "HDF5_PLUGIN_PRELOAD": "::", "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
