"""Opening a folder of 50,000 pictures: open_source beside datasets' imagefolder, in one run."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

CLASSES = 50


def main() -> None:
    """Make the pile, time both, print the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_folder", description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="pictures in the pile")
    parser.add_argument("--repeats", type=int, default=5, help="times that open_source is tried")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"HF_HOME": f"{folder}/cache", "HF_HUB_OFFLINE": "1"}
        pile = make_pile(Path(folder) / "pile", told.count)
        # Neither side is charged for importing its library.
        version = import_module("datasets").__version__
        import_module("vitrina.readers")
        times = [timed(lambda: open_ours(pile, told.count)) for _ in range(told.repeats)]
        theirs = timed(lambda: open_theirs(pile, Path(folder) / "cache", told.count))
        write_metadata(pile)
        tabled = [timed(lambda: open_ours(pile, told.count)) for _ in range(told.repeats)]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    ours, ours_cpu = middle(times)
    theirs_wall, theirs_cpu = theirs
    print(f"{told.count:,} files in {CLASSES} class folders; {machine}")
    print(f"median of {told.repeats}; CPU time says the same on a busy machine")
    print(f"open_source: {ours:.2f} s, CPU {ours_cpu:.2f} s")
    print("open_source, with a metadata.csv of as many rows: {:.2f} s, CPU {:.2f} s".format(*middle(tabled)))
    print(
        f"load_dataset('imagefolder'), datasets {version}, empty cache: {theirs_wall:.2f} s, CPU {theirs_cpu:.2f} s"
    )
    print(f"ratio: {theirs_wall / ours:.0f} times as long, CPU {theirs_cpu / ours_cpu:.0f} times")


def make_pile(pile: Path, count: int) -> Path:
    """Class folders with `count` tiny pictures: nothing is decoded by either side, so one picture serves all."""
    from PIL import Image

    for number in range(CLASSES):
        (pile / f"class_{number:02d}").mkdir(parents=True)
    first = pile / "class_00" / "000000.png"
    Image.new("RGB", (8, 8), (200, 120, 40)).save(first)
    data = first.read_bytes()
    for number in range(count):
        (pile / f"class_{number % CLASSES:02d}" / f"{number:06d}.png").write_bytes(data)
    return pile


def write_metadata(pile: Path) -> None:
    """metadata.csv beside the class folders: each picture's label, two more columns."""
    rows = ["file_name,label,night,camera"]
    for number, path in enumerate(sorted(pile.glob("*/*.png"))):
        rows.append(f"{path.parent.name}/{path.name},{path.parent.name},{number % 30},north")
    (pile / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def open_ours(pile: Path, count: int) -> None:
    """Every picture with its label."""
    from vitrina.readers import open_source

    source = open_source(pile)
    assert (len(source.items), len(source.class_names)) == (count, CLASSES)
    assert all(item.label == item.path.parent.name for item in source.items[:: max(1, count // 100)])


def open_theirs(pile: Path, cache: Path, count: int) -> None:
    """The same by datasets, which writes a table of the files to its cache."""
    import datasets

    datasets.disable_progress_bars()
    loaded = datasets.load_dataset("imagefolder", data_dir=str(pile), cache_dir=str(cache), split="train")
    assert (len(loaded), loaded.features["label"].num_classes) == (count, CLASSES)


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds that `work` takes: on the clock, of this process's CPU time."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - begun_cpu


def middle(times: list[tuple[float, float]]) -> tuple[float, float]:
    """The medians."""
    wall, cpu = (sorted(column)[len(times) // 2] for column in zip(*times, strict=True))
    return wall, cpu


if __name__ == "__main__":
    main()
