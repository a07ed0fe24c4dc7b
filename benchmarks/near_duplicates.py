"""Near duplicates of dedup_truth: ours beside imagededup's PHash at its default and cleanvision, in one run.

python -m benchmarks.near_duplicates ../shared/data/dedup_truth [--distinct FOLDER ...]

truth.csv gives each file its group; two files match when they share one. Each side's pairs are closed to clusters
(connected components), and the pairs within clusters are counted. `--distinct` names folders in which no picture is
a copy of another (frames of a night): what would be removed there, beside imagededup's find_duplicates_to_remove.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import itertools
import logging
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from training.arguments import CollectArguments
from training.collect import collect
from vitrina.cleaning.search import duplicates_of
from vitrina.duplicates.clusters import joined
from vitrina.duplicates.found import Duplicates
from vitrina.duplicates.settings import DuplicateSettings
from vitrina.pile import Pile, open_pile

Pairs = set[tuple[str, str]]


def main() -> None:
    """Search with each, print recall and precision, then what would be removed where nothing should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("truth", type=Path, help="folder with truth.csv and images/")
    parser.add_argument("--distinct", type=Path, nargs="*", default=[], help="folders without any copy")
    told = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.INFO)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    others = ", ".join(f"{name} {version(name)}" for name in ("imagededup", "cleanvision"))
    print(f"{machine}; {others}")
    with (told.truth / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    compare(told.truth / "images", rows)
    for folder in told.distinct:
        count_removals(folder)


def compare(images: Path, rows: list[dict[str, str]]) -> None:
    """Recall and precision of all three, recall by transform of ours."""
    names = sorted(row["file"] for row in rows)
    truth = closed(
        names, ([row["file"] for row in rows if row["group"] == g] for g in {r["group"] for r in rows})
    )
    print(f"{len(rows)} files, {len(truth)} pairs of copies")
    pile, found, seconds = ours(images)
    files = pile.survey["file_name"].tolist()
    of_cluster: dict[int, list[str]] = {}
    for name, number in zip(files, found.cluster.tolist(), strict=True):
        of_cluster.setdefault(number, []).append(name)
    sides = {"vitrina": closed(names, of_cluster.values())}
    sides["imagededup PHash"] = closed(names, imagededup_pairs(images))
    sides["cleanvision"] = closed(names, cleanvision_sets(images))
    figures = {}
    for side, pairs in sides.items():
        right = len(pairs & truth)
        figures[side] = (right / len(truth), right / len(pairs) if pairs else 1.0)
        print(
            f"{side:18} recall {figures[side][0]:.3f}  precision {figures[side][1]:.3f}  ({len(pairs)} pairs)"
        )
    for side in ("imagededup PHash", "cleanvision"):
        print(f"recall of vitrina / {side}: {figures['vitrina'][0] / max(figures[side][0], 1e-9):.2f}")
    print(f"vitrina's search took {seconds:.1f} s after collecting; {found.counts}")
    kinds = {row["file"]: row["transform"] for row in rows}
    for kind in sorted(set(kinds.values()) - {"original"}):
        asked = {pair for pair in truth if kind in (kinds[pair[0]], kinds[pair[1]])}
        print(f"  {kind:14} recall {len(asked & sides['vitrina']) / len(asked):.3f} of {len(asked)} pairs")


def count_removals(folder: Path) -> None:
    """What each would remove of pictures that are all distinct."""
    from imagededup.methods import PHash

    pile, found, _ = ours(folder)
    distinct = pile.survey["pixel_sha256"].nunique()
    near = int((~found.keep).sum()) - (len(pile) - distinct)
    with silence():
        theirs = PHash(verbose=False).find_duplicates_to_remove(image_dir=str(folder), recursive=True)
    print(f"{folder.name}: {len(pile)} pictures, {distinct} of them distinct by pixels")
    print(f"  vitrina would remove {near} distinct ones, imagededup PHash {len(theirs)}")


def ours(folder: Path) -> tuple[Pile, Duplicates, float]:
    """(the collected folder, what the search found, seconds of the search)."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as work, silence():
        pile = open_pile(collect(str(folder), CollectArguments(output_dir=work), seed=0))
        started = time.perf_counter()
        found = duplicates_of(
            pile, Path(work) / "search", settings=DuplicateSettings(), progress=lambda step, done, of: None
        )
        seconds = time.perf_counter() - started
        assert len(pile.survey)  # Read before the folder goes.
    return pile, found, seconds


def imagededup_pairs(folder: Path) -> list[list[str]]:
    from imagededup.methods import PHash

    with silence():
        found = PHash(verbose=False).find_duplicates(image_dir=str(folder))
    return [[name, other] for name, others in found.items() for other in others]


def cleanvision_sets(folder: Path) -> list[list[str]]:
    from cleanvision import Imagelab

    with silence():
        lab = Imagelab(data_path=str(folder))
        lab.find_issues({"exact_duplicates": {}, "near_duplicates": {}})
    sets = [one for kind in ("exact_duplicates", "near_duplicates") for one in lab.info[kind]["sets"]]
    return [[Path(path).name for path in one] for one in sets]


def closed(names: list[str], sets: Iterable[list[str]]) -> Pairs:
    """All pairs of names within the connected components that `sets` make."""
    row = {name: number for number, name in enumerate(names)}
    ties = [(row[one], row[two]) for names_in in sets for one, two in itertools.pairwise(names_in)]
    components = joined(len(names), ties).members().values()
    return {
        (names[one], names[two])
        for rows in components
        for one, two in itertools.combinations(sorted(rows), 2)
    }


@contextlib.contextmanager
def silence():  # type: ignore[no-untyped-def]
    """Without what the libraries print."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


if __name__ == "__main__":
    main()
