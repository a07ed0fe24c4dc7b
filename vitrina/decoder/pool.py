"""A few workers that any thread may hand pictures to."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from vitrina.decoder.examined import Examined
from vitrina.decoder.process import Look, WorkerGone, WorkerProcess
from vitrina.decoder.surveyed import Surveyed
from vitrina.errors import PictureRefused, VitrinaError
from vitrina.images import DEFAULT_LIMITS, Limits, read_bytes

Given = TypeVar("Given")
Seen = TypeVar("Seen")


class Decoder:
    """Decodes pictures in up to `processes` worker processes, started on first use, replaced when they die.

    `memory_bytes`: address space a worker may take above what it needs when idle; `seconds`: wall time for
    one picture, CPU time too; `limits`: what a file may cost. The parent reads the files: a worker sees bytes
    only. Thread-safe. Use it as a context manager, or call close().
    """

    def __init__(
        self,
        *,
        processes: int = 1,
        memory_bytes: int = 1024**3,
        seconds: float = 20.0,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        if processes < 1:
            raise VitrinaError("at least one decoder process", str(processes), "Ask for one or more.")
        self.processes = processes
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self.limits = limits
        self._lock = threading.Lock()
        self._closed = False
        self._running: set[WorkerProcess] = set()
        # Last in, first out: with little to do one warm worker does it, the others are never started.
        self._free: queue.LifoQueue[WorkerProcess | None] = queue.LifoQueue()
        for _ in range(processes):
            self._free.put(None)

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now, sorted."""
        with self._lock:
            return sorted(worker.pid for worker in self._running if worker.alive)

    def examine(self, path: Path) -> Examined:
        """Examine one file; waits for a free worker. Raises PictureRefused, VitrinaError when closed."""
        answer = self._look(path, "examine")
        assert isinstance(answer, Examined)
        return answer

    def examine_many(self, paths: Iterable[Path]) -> Iterator[Examined | PictureRefused]:
        """Examine `paths` in all workers at once, answers in the order of the paths.

        At most twice as many pictures as there are workers are taken from `paths` ahead of the reader.
        """
        return self._each(paths, self.examine)

    def survey_many(
        self, pictures: Iterable[bytes | PictureRefused], *, pixels: bool = True
    ) -> Generator[Surveyed | PictureRefused, None, None]:
        """Survey files already read, in all workers at once, one full decode each, answers in their order.

        What could not even be read is handed in as its refusal and comes out as that. `pixels`: whether the
        answers hold `Surveyed.pixels`. As many are taken ahead as by `examine_many`.
        """
        look: Look = "survey" if pixels else "survey_without_pixels"

        def survey(picture: bytes | PictureRefused) -> Surveyed:
            if isinstance(picture, PictureRefused):
                raise picture
            answer = self._look(picture, look)
            assert isinstance(answer, Surveyed)
            return answer

        return self._each(pictures, survey)

    def _look(self, picture: Path | bytes, look: Look) -> Examined | Surveyed:
        worker = self._free.get()
        try:
            self._refuse_when_closed()
            data = read_bytes(picture, limits=self.limits)
            if worker is not None and not worker.alive:
                self._forget(worker)
                worker = None
            for attempt in (1, 2):
                if worker is None:
                    worker = self._start()
                try:
                    return _with_attempts(worker.ask(data, look=look), attempt)
                except WorkerGone as gone:
                    # Once more on a fresh worker: this one may have been killed from outside, which is no
                    # fault of the picture.
                    self._refuse_when_closed()
                    if attempt == 2:
                        raise _died(gone) from gone
                finally:
                    if not worker.alive:
                        self._forget(worker)
                        worker = None
            raise AssertionError("the second attempt returns or raises")
        finally:
            self._give_back(worker)

    def _each(
        self, pictures: Iterable[Given], look: Callable[[Given], Seen]
    ) -> Generator[Seen | PictureRefused, None, None]:
        waiting: deque[Future[Seen | PictureRefused]] = deque()
        pool = ThreadPoolExecutor(self.processes, thread_name_prefix="vitrina-decoder")
        try:
            for picture in pictures:
                waiting.append(pool.submit(_or_refusal, look, picture))
                if len(waiting) >= 2 * self.processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """End all workers, idle ones gently, busy ones at once. May be called twice, from any thread."""
        with self._lock:
            self._closed = True
        idle = []
        while True:
            try:
                idle.append(self._free.get_nowait())
            except queue.Empty:
                break
        for worker in idle:
            if worker is not None:
                worker.stop()
                self._forget(worker)
            self._free.put(None)
        with self._lock:
            busy = list(self._running)
        for worker in busy:
            worker.kill()

    def _start(self) -> WorkerProcess:
        worker = WorkerProcess(memory_bytes=self._memory_bytes, seconds=self._seconds, limits=self.limits)
        with self._lock:
            closed = self._closed
            if not closed:
                self._running.add(worker)
        if closed:
            worker.stop()
            self._refuse_when_closed()
        return worker

    def _give_back(self, worker: WorkerProcess | None) -> None:
        with self._lock:
            if not self._closed:
                self._free.put(worker)
                return
        if worker is not None:
            worker.stop()
            self._forget(worker)
        self._free.put(None)  # Whoever still waits finds the decoder closed.

    def _forget(self, worker: WorkerProcess) -> None:
        worker.release()
        with self._lock:
            self._running.discard(worker)

    def _refuse_when_closed(self) -> None:
        with self._lock:
            if self._closed:
                raise VitrinaError("an open decoder", "one that was closed", "Make a new Decoder.")


def _or_refusal(look: Callable[[Given], Seen], picture: Given) -> Seen | PictureRefused:
    try:
        return look(picture)
    except PictureRefused as refused:
        return refused


def _with_attempts(answer: Examined | Surveyed, attempt: int) -> Examined | Surveyed:
    """A worker that died had begun to decode as well."""
    if isinstance(answer, Surveyed) and attempt > 1:
        return replace(answer, decodes=answer.decodes + attempt - 1)
    return answer


def _died(gone: WorkerGone) -> PictureRefused:
    return PictureRefused(
        "a picture that decodes",
        f"one that ended the decoder twice ({gone.how})",
        "Save it anew with another program; keep the file if you want to report it.",
        reason="decoder_died",
    )
