"""What every measurement of training prints: the machine, medians, a ratio for each repeat."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version

import numpy as np

PACKAGES = ("torch", "transformers", "datasets")


def machine() -> str:
    """Cores, kind of processor, threads of torch, what bf16 rests on, versions."""
    import torch

    known = sorted(
        name for name, there in torch.cpu.get_capabilities().items() if there and "bf16" in str(name)
    )
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {torch.get_num_threads()} threads, "
        f"{' and '.join(known) or 'no bf16 instructions'}; Python {platform.python_version()}, {packages}"
    )


def interleaved(
    sides: Mapping[str, Callable[[], float]], repeats: int, *, said: str, discarded: bool = False
) -> dict[str, list[float]]:
    """side -> what it gave in each repeat; in each repeat every side has its turn, in another order every time.

    With `discarded` each has one turn before, which is printed and does not count: files are read into memory, kernels
    chosen.
    """
    answer: dict[str, list[float]] = {name: [] for name in sides}
    if discarded:
        told = ", ".join(f"{name} {turn():.2f}" for name, turn in sides.items())
        print(f"  discarded, {said}: {told}", flush=True)
    for repeat in range(repeats):
        order = list(sides) if repeat % 2 == 0 else list(sides)[::-1]
        for name in order:
            answer[name].append(sides[name]())
        told = ", ".join(f"{name} {values[-1]:.2f}" for name, values in answer.items())
        print(f"  repeat {repeat + 1}, {said}: {told}", flush=True)
    return answer


def ratio(of: Sequence[float], to: Sequence[float]) -> str:
    """ "9.1 (repeats 8.9, 9.1, 9.4)": the median of the ratios, then each."""
    each = [above / below for above, below in zip(of, to, strict=True)]
    return f"{np.median(each):.2f} (repeats {', '.join(f'{one:.2f}' for one in each)})"


def timed(work: Callable[[], object]) -> float:
    """Seconds on the clock."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Without what the libraries print, warn of, log."""
    from transformers.utils import logging as transformers_logging

    before, shown = transformers_logging.get_verbosity(), logging.root.manager.disable
    transformers_logging.set_verbosity_error()
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(shown)
        transformers_logging.set_verbosity(before)
