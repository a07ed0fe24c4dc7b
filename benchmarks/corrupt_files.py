"""Every file of corrupt_and_odd_pillow ends taken or quarantined, in bounded memory.

python -m benchmarks.corrupt_files ../shared/data/corrupt_and_odd_pillow

First every file, whatever its name, goes through the decoder; then the folder is collected as a person would, where
files without a picture's extension are left out by name. Memory is the peak resident size of each process.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

from training.arguments import CollectArguments
from training.collect import collect
from vitrina.decoder import Decoder
from vitrina.errors import PictureRefused
from vitrina.images import read_bytes
from vitrina.pile import open_pile


def peak(pid: int | str) -> int:
    """Most memory a process ever had resident, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def read(path: Path) -> bytes | PictureRefused:
    """The file's bytes, or why it has none."""
    try:
        return read_bytes(path)
    except PictureRefused as refused:
        return refused


def main() -> None:
    """Decode, collect, print what became of the files and what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    told = parser.parse_args()
    paths = sorted(
        path for path in told.folder.rglob("*") if path.is_file() and path.suffix not in (".csv", ".md")
    )
    with Decoder(processes=2) as decoder:
        started = time.perf_counter()
        seen = Counter[str]()
        workers: dict[int, int] = {}
        for answer in decoder.survey_many(map(read, paths)):
            seen[answer.reason if isinstance(answer, PictureRefused) else "taken"] += 1
            workers |= {pid: peak(pid) for pid in decoder.pids}
        seconds = time.perf_counter() - started
    deaths = max(0, len(workers) - decoder.processes)
    print(f"{len(paths)} files, {sum(seen.values())} answers in {seconds:.1f} s: {dict(seen.most_common())}")
    print(f"workers that died: {deaths}; peak memory of each: {sorted(workers.values())} MiB")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as work:
        arguments = CollectArguments(output_dir=work, backbone="none")
        report = open_pile(collect(str(told.folder), arguments, seed=0)).report
    counts = report["counts"]
    ended = counts["taken"] + counts["quarantined"] + counts["skipped"]
    print(f"{counts}: {ended} files ended one way or another; {report['quarantine_reasons']}")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"peak memory: this process {peak('self')} MiB, the largest of its workers {children} MiB")


if __name__ == "__main__":
    main()
