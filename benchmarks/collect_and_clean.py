"""Collecting with its duplicate search, beside load_dataset("imagefolder") with imagededup.

python -m benchmarks.collect_and_clean --pictures 10000

Photos of 600 x 400 are made first. Then each side runs in a process of its own, one after the other, imports
included: ours is `training collect` (without features, then with) followed by `find_duplicates`; theirs is
load_dataset("imagefolder"), every picture decoded, PHash().encode_images, find_duplicates at its defaults. Wall time
is what a person waits; CPU time, of all processes of a side, says the same on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.photos import make_pile

if TYPE_CHECKING:
    from vitrina.pile import Pile

ROOT = Path(__file__).resolve().parent.parent
COUNTED = 50  # Pictures on which the other side's decode passes are counted.


def collected(pile: Path, work: Path, *, backbone: str) -> dict[str, Any]:
    """Our side: collect, then the duplicate search on what it left."""
    from training.arguments import CollectArguments
    from training.collect import collect
    from vitrina.pile import open_pile

    steps: dict[str, float] = {}
    told = CollectArguments(output_dir=str(work), backbone=backbone, processes=os.cpu_count() or 1)
    folder = _timed(steps, "collect", lambda: collect(str(pile), told, seed=0))
    opened = open_pile(folder)
    report = opened.report
    found = _timed(steps, "find_duplicates", lambda: search(opened))
    told_of = {"taken": report["counts"]["taken"], "decode_passes": report["decode_passes"]}
    return {"steps": steps, **told_of, "pairs": found}


def search(opened: Pile) -> dict[str, int]:
    """Pairs by kind, as cleaning finds them."""
    from vitrina.duplicates.perceptual import as_integers
    from vitrina.duplicates.pictures import Pictures
    from vitrina.duplicates.search import find_duplicates

    survey = opened.survey
    pictures = Pictures(
        byte_hashes=survey["picture_id"].tolist(),
        pixel_hashes=survey["pixel_sha256"].tolist(),
        perceptual=as_integers(survey["perceptual_hash"].tolist()),
        sizes=survey[["width", "height"]].to_numpy(),
        contrast=survey["contrast"].to_numpy(),
        sharpness=survey["sharpness"].to_numpy(),
        view=opened.view,
        features=opened.features,
    )
    kinds = [pair.kind for pair in find_duplicates(pictures).pairs]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def imagefolder_and_imagededup(pile: Path, work: Path) -> dict[str, Any]:
    """The other side: the datasets library and imagededup, each as its manual says."""
    os.environ |= {"HF_HOME": str(work), "HF_HUB_OFFLINE": "1"}
    from datasets import load_dataset
    from imagededup.methods import PHash

    steps: dict[str, float] = {}
    data = _timed(
        steps, "load_dataset", lambda: load_dataset("imagefolder", data_dir=str(pile), split="train")
    )
    _timed(steps, "decode", lambda: [row["image"].load() and None for row in data])
    hasher = PHash(verbose=False)
    hashes = _timed(steps, "encode_images", lambda: hasher.encode_images(str(pile), recursive=True))
    found = _timed(steps, "find_duplicates", lambda: hasher.find_duplicates(encoding_map=hashes))
    pairs = sum(len(others) for others in found.values()) // 2
    return {
        "steps": steps,
        "taken": len(hashes),
        "pairs": {"within 10 bits": pairs},
        "decode_passes": _passes(pile, data, hasher),
    }


def _passes(pile: Path, data: Any, hasher: Any) -> float:
    """Decodes a picture of the other side, counted in Pillow on the first pictures, in this process alone."""
    from PIL import ImageFile

    decoded = 0
    real = ImageFile.ImageFile.load

    def load(self: Any) -> Any:
        nonlocal decoded
        decoded += bool(self.tile)
        return real(self)

    ImageFile.ImageFile.load = load  # type: ignore[method-assign]
    try:
        few = min(COUNTED, len(data))
        for row in data.select(range(few)):
            row["image"].load()
        for path in sorted(pile.glob("*/*.jpg"))[:few]:
            hasher.encode_image(str(path))
    finally:
        ImageFile.ImageFile.load = real  # type: ignore[method-assign]
    return decoded / few


def _timed(steps: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    done = work()
    steps[name] = round(time.perf_counter() - started, 2)
    return done


SIDES: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    "vitrina, no features": lambda pile, work: collected(pile, work, backbone="none"),
    "vitrina, features": lambda pile, work: collected(pile, work, backbone="bundled/efficientnet-lite0"),
    "imagefolder + imagededup": imagefolder_and_imagededup,
}


def run_side(name: str, pile: Path) -> dict[str, Any]:
    """One side in a process of its own, with its wall and CPU seconds, and those of its children."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as work:
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.collect_and_clean", "--side", name]
        done = subprocess.run(
            [*command, "--pile", str(pile), "--work", work], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{name} ended with code {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return answer | {"wall": wall, "cpu": cpu, "mebibytes": after.ru_maxrss / 1024}


def main() -> None:
    """Make the photos, run the sides, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sides", nargs="*", choices=list(SIDES), default=list(SIDES))
    for hidden in ("--side", "--pile", "--work"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.side:
        print(json.dumps(SIDES[told.side](Path(told.pile), Path(told.work))))
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-pile-") as folder:
        pile = Path(folder) / "pile"
        made = make_pile(pile, told.pictures, seed=told.seed)
        print(f"{told.pictures:,} photos of 600 x 400 ({made}); {os.cpu_count()} cores, {platform.machine()}")
        results = {name: run_side(name, pile) for name in told.sides}
    show(results, told.pictures)


def show(results: dict[str, dict[str, Any]], pictures: int) -> None:
    """A line a side, then how many times as fast as the other side each of ours is."""
    for name, one in results.items():
        steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in one["steps"].items())
        print(
            f"\n{name}: {one['wall']:.1f} s, {pictures / one['wall']:.0f} pictures/s, CPU {one['cpu']:.1f} s, "
            f"decode passes a picture {one['decode_passes']}, {one['taken']:,} taken\n  {steps}\n  pairs {one['pairs']}"
        )
    theirs = results.get("imagefolder + imagededup")
    for name, one in results.items():
        if theirs is not None and one is not theirs:
            wall, cpu = theirs["wall"] / one["wall"], theirs["cpu"] / one["cpu"]
            more = ", features on top" if name == "vitrina, features" else ""
            print(f"\n{name} is {wall:.2f} times as fast by wall time, {cpu:.2f} times by CPU time{more}")


if __name__ == "__main__":
    main()
