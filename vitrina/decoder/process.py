"""One worker process, seen from its parent."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO, Literal

from vitrina.decoder.examined import Examined
from vitrina.decoder.survey_wire import read_survey
from vitrina.decoder.surveyed import Surveyed
from vitrina.decoder.wire import WireError, read_answer, receive, send
from vitrina.errors import PictureRefused, VitrinaError
from vitrina.images import Limits

START_SECONDS = 60.0
PIPE_BYTES = 1024 * 1024  # The most that Linux gives without asking for more rights (pipe(7)).
# A survey without pixels sends a tenth of the bytes.
Look = Literal["examine", "survey", "survey_without_pixels"]
_ROOT = Path(__file__).resolve().parent.parent.parent


class WorkerGone(Exception):
    """The worker ended, or spoke nonsense, with a picture in hand. `how` says it in words."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class _Deadline:
    """Kills `process` unless left within `seconds` of wall time; reads or writes then end by themselves."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.passed = False
        self._process = process
        self._lock = threading.Lock()
        self._over = False
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True

    def _ring(self) -> None:
        with self._lock:
            if not self._over:
                self.passed = True
                self._process.kill()

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._over = True
        self._timer.cancel()


class WorkerProcess:
    """A running worker. One thread at a time may ask; `kill` may come from any thread."""

    def __init__(self, *, memory_bytes: int, seconds: float, limits: Limits) -> None:
        self._limits = limits
        self._seconds = seconds
        self._process = subprocess.Popen(
            # -P, -s: neither the current folder nor a user's own packages get into the worker's path.
            [sys.executable, "-P", "-s", "-m", "vitrina.decoder.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=os.sep,
        )
        _widen(self._stdin)
        _widen(self._stdout)
        settings = {"memory_bytes": memory_bytes, "seconds": seconds, "limits": dataclasses.asdict(limits)}
        with _Deadline(self._process, START_SECONDS):
            try:
                send(self._stdin, settings)
                receive(self._stdout, most_bytes=0)
            except (OSError, WireError):
                self.kill()
                self.release()
                raise VitrinaError(
                    "a decoder process that starts",
                    f"one that ended ({_how_it_ended(self._process.returncode)})",
                    f"Run this to see why: {sys.executable} -m vitrina.decoder.worker < {os.devnull}",
                ) from None
            except BaseException:
                self.kill()
                self.release()
                raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def _stdin(self) -> BinaryIO:
        assert self._process.stdin is not None
        return self._process.stdin  # type: ignore[return-value]

    @property
    def _stdout(self) -> BinaryIO:
        assert self._process.stdout is not None
        return self._process.stdout  # type: ignore[return-value]

    def ask(self, data: bytes, *, look: Look) -> Examined | Surveyed:
        """Look at the bytes of one picture. Raises PictureRefused; WorkerGone, and it is of no more use."""
        read = read_answer if look == "examine" else read_survey
        with _Deadline(self._process, self._seconds) as deadline:
            try:
                send(self._stdin, {"look": look}, [data])
                header, blobs = receive(self._stdout, most_bytes=_most_answer_bytes(self._limits))
                answer = read(header, blobs, limits=self._limits)
            except (OSError, WireError):
                answer = None
            except BaseException:
                # Interrupted half-way: its answer must not be taken for that of the next picture.
                self.kill()
                self.release()
                raise
        if isinstance(answer, PictureRefused):
            raise answer
        if answer is not None:
            return answer
        self._end()
        self.release()
        if deadline.passed or self._process.returncode == -getattr(signal, "SIGXCPU", 0):
            raise PictureRefused(
                f"a picture that decodes within {self._seconds:g} seconds",
                "one that takes longer",
                "Save it anew with fewer pixels or frames.",
                reason="too_slow",
            )
        raise WorkerGone(_how_it_ended(self._process.returncode))

    def _end(self) -> None:
        """A worker whose pipe has ended is about to end by itself; one that spoke nonsense is not."""
        try:
            self._process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it now, whatever it does. The thread that asks sees WorkerGone."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Let it end by itself, for one second; then kill it. Only while nobody asks."""
        try:
            self._stdin.close()
            self._process.wait(timeout=1.0)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()
        self.release()

    def release(self) -> None:
        """Close the pipes of a worker that has ended."""
        for stream in (self._stdin, self._stdout):
            try:
                stream.close()
            except OSError:
                continue  # What was still to be flushed has no reader any more.


def _widen(pipe: BinaryIO) -> None:
    """A pipe that holds a picture whole: with the usual 64 kB the two sides wake each other a dozen times."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except (AttributeError, OSError):
        return  # Only Linux can, and not where this account's pipes take too much already.


def _environment() -> dict[str, str]:
    """The little that a worker needs of the environment: where code lies, one thread for linear algebra."""
    kept = {key: os.environ[key] for key in ("LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR") if key in os.environ}
    paths = [str(_ROOT), *(os.path.abspath(path) for path in sys.path if path)]
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # glibc's words: without them the memory of each picture goes back to the system, only to be asked for anew.
    memory = {"MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2), "MALLOC_TRIM_THRESHOLD_": str(64 * 1024**2)}
    return {**kept, **threads, **memory, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def _most_answer_bytes(limits: Limits) -> int:
    """Raw pixels of the largest picture, two derivatives of at most 8 MiB each."""
    return limits.max_pixels * 3 + 16 * 1024 * 1024


def _how_it_ended(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"signal {signal.Signals(-returncode).name}"
    except ValueError:
        return f"signal {-returncode}"
