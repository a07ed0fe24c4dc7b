"""Progress on a terminal, one bar for each step."""

from __future__ import annotations

from typing import Any


class Bars:
    """Call it as progress(step, done, of); draws nothing where standard error is no terminal."""

    def __init__(self) -> None:
        self._step = ""
        self._bar: Any = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def __call__(self, step: str, done: int, of: int) -> None:
        from tqdm import tqdm

        if step != self._step:
            self._end()
            self._step = step
            self._bar = tqdm(total=of, desc=step, unit="", disable=None, leave=False)
        self._bar.total = of
        self._bar.update(done - self._bar.n)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
