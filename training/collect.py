"""A pile of pictures as a collection."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.arguments import CollectArguments, SeedArguments, parse
from vitrina import __version__
from vitrina.decoder import Decoder, Surveyed
from vitrina.errors import BadRequest, Conflict, PictureRefused, VitrinaError
from vitrina.pile.account import account
from vitrina.pile.begun import REPORT, begin, held
from vitrina.pile.columns import Columns, columns_of
from vitrina.pile.files import write_json
from vitrina.pile.join import digest_of, fingerprint_of, join_features, join_rows, join_survey, remove_parts
from vitrina.pile.listing import SHARD, Listing, listing_of, name_of
from vitrina.pile.shard import ShardWriter, finished_shards, read_done
from vitrina.readers import ArchiveLimits, Item, Source, open_source, subset

if TYPE_CHECKING:
    from vitrina.models.streamed import FeatureStream

# The caller's own files: slow disks and busy machines are likelier than attacks, so three times what uploads get.
SECONDS = 60.0
_Held = deque[tuple[Item, bytes | None]]


def main(arguments: Sequence[str]) -> None:
    """Collect, print what came of it. Raises VitrinaError; Ctrl-C ends it with code 130."""
    said = "folder, archive, HDF5 file, arrays, table of pictures, or data set of the Hub (org/name)"
    pile, (told, seed) = parse(
        "collect", arguments, kinds=(CollectArguments, SeedArguments), place=("pile", said)
    )
    try:
        collect(pile, told, seed=seed.seed)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from the last finished shard.", file=sys.stderr)
        raise SystemExit(130) from None


def collect(pile: str, told: CollectArguments, *, seed: int, shard: int = SHARD) -> Path:
    """Decode every picture of `pile` once, write the collection to OUTPUT_DIR/collected, which is returned.

    Stopped at any moment, even killed, it goes on when called again: at most one `shard` of pictures is done
    twice. A finished collection of the same pile is left as it is; with `overwrite` too, which clears
    away another pile alone, or features of another model. Nothing is written to the pile. A picture
    beyond `vitrina.images.DEFAULT_LIMITS` is quarantined: the gallery would refuse it too.
    Raises BadRequest, Conflict (another pile lies there), Busy (another run writes there), VitrinaError where
    the folder cannot be written to, and what opening the source or loading the backbone raises.
    """
    folder = Path(told.output_dir).expanduser() / "collected"
    _refuse_inside(pile, folder)
    source = _open(pile, told, seed=seed)
    settings = _settings(told, seed=seed)
    listing = listing_of(source, settings=settings, shard=shard)
    columns = columns_of(
        source.items, class_names=source.class_names, told=source.columns, group_by=told.group_by
    )
    try:
        with held(folder):
            report = begin(folder, listing, overwrite=told.overwrite, revision=_revision_of(told.backbone))
            if report is None:
                _take_the_rest(source, listing, columns, told=told, folder=folder)
                report = _finish(source, listing, columns, told=told, folder=folder)
                print(_summary(report, folder))
            else:
                taken = report["counts"]["taken"]
                print(f"Already collected, left as it is: {listing.name}, {taken:,} pictures in {folder}")
            remove_parts(folder)
    except OSError as error:
        raise VitrinaError(
            f"a folder at {folder} that can be written to",
            f"that it cannot ({error.strerror or error})",
            "Put that right; the same command then goes on where it stopped.",
        ) from error
    return folder


def _refuse_inside(pile: str, folder: Path) -> None:
    if Path(pile).is_dir() and folder.resolve().is_relative_to(Path(pile).resolve()):
        raise BadRequest(
            f"an --output_dir outside the pile {pile}",
            str(folder.parent),
            "Name a folder beside it: the pile itself is never written to.",
        )


def _open(pile: str, told: CollectArguments, *, seed: int) -> Source:
    source = open_source(
        pile,
        class_names=told.class_names or None,
        label_column=told.label_column,
        limits=ArchiveLimits(entries=told.max_entries),
    )
    if not source.items:
        raise BadRequest(f"pictures in {pile}", "none", f"Name another pile. {source.inferred}")
    if told.group_by is not None and told.group_by not in source.columns:
        columns = ", ".join(source.columns) or "none at all"
        raise BadRequest(
            f"a metadata column {told.group_by}",
            f"columns: {columns}",
            "Correct --group_by, or leave it out.",
        )
    return source if told.subset is None else subset(source, told.subset, seed=seed)


def _settings(told: CollectArguments, *, seed: int) -> dict[str, Any]:
    """What decides what the rows hold."""
    return {
        "class_names": told.class_names,
        "label_column": told.label_column,
        "group_by": told.group_by,
        "subset": told.subset,
        "seed": None if told.subset is None else seed,
        "backbone": told.backbone,
    }


def _take_the_rest(
    source: Source, listing: Listing, columns: Columns, *, told: CollectArguments, folder: Path
) -> None:
    """Write the shards that are missing; each of their pictures is read and decoded once."""
    from tqdm import tqdm

    begun = finished_shards(folder, listing.shards)
    if begun == listing.shards:
        return
    rest = source.items[begun * listing.shard :]
    with ExitStack() as stack:
        stream = _stream(told.backbone, folder, begun, stack)
        decoder = stack.enter_context(Decoder(processes=told.processes, seconds=SECONDS))
        bar = stack.enter_context(
            tqdm(total=listing.pictures, initial=begun * listing.shard, unit=" pictures", disable=None)
        )
        waiting: _Held = deque()
        asked = decoder.survey_many(_read(source, rest, waiting), pixels=stream is not None)
        answers = stack.enter_context(closing(asked))
        for number in range(begun, listing.shards):
            started = time.monotonic()
            with ShardWriter(folder, number, of=listing.shards, columns=columns) as shard:
                for answer in islice(answers, listing.shard):
                    _take(shard, *waiting.popleft(), answer, stream)
                    bar.update()
                features = None if stream is None else stream.drain()
                revision = None if stream is None else stream.revision
                shard.commit(features, revision=revision, seconds=time.monotonic() - started)


def _revision_of(backbone: str) -> Callable[[], str] | None:
    """What gives the revision of the features' model, which is loaded for it; None where there are none."""
    if backbone == "none":
        return None

    def revision() -> str:
        from vitrina.models.backbone import load_model

        return load_model(backbone).revision

    return revision


def _stream(backbone: str, folder: Path, begun: int, stack: ExitStack) -> FeatureStream | None:
    """The features' model, which must be the one that the finished shards have seen. Raises Conflict."""
    if backbone == "none":
        return None
    from vitrina.models.backbone import load_model
    from vitrina.models.memory import keep_memory
    from vitrina.models.streamed import FeatureStream

    keep_memory()
    stream = stack.enter_context(FeatureStream(load_model(backbone)))
    before = {done["revision"] for done in read_done(folder, begun)}
    if before and before != {stream.revision}:
        raise Conflict(
            f"the model that {folder} was begun with ({', '.join(sorted(before))})",
            stream.revision,
            "Put that model back, or add --overwrite to begin anew.",
        )
    return stream


def _read(source: Source, items: Sequence[Item], waiting: _Held) -> Iterator[bytes | PictureRefused]:
    """The files one after the other; each stays in `waiting` until its answer has come."""
    expected = iter(items)
    for item, data in source.read(items):
        if item is not next(expected, None):
            raise RuntimeError(f"the reader of {item.source} changed the order at {item.file_name}")
        waiting.append((item, None if isinstance(data, PictureRefused) else data))
        yield data
    if (left := next(expected, None)) is not None:
        raise RuntimeError(f"the reader of {left.source} ended before {left.file_name}")


def _take(
    shard: ShardWriter,
    item: Item,
    data: bytes | None,
    answer: Surveyed | PictureRefused,
    stream: FeatureStream | None,
) -> None:
    from vitrina.duplicates.perceptual import encode

    if data is None or isinstance(answer, PictureRefused):
        assert isinstance(answer, PictureRefused)
        shard.quarantine(item, data, answer)
        return
    shard.take(item, data, answer, perceptual_hash=encode(answer.small))
    if stream is not None and answer.pixels is not None:
        stream.add(answer.pixels)


def _finish(
    source: Source, listing: Listing, columns: Columns, *, told: CollectArguments, folder: Path
) -> dict[str, Any]:
    """Put the shards together; the report, written last, says that all is there."""
    started = time.monotonic()
    of = listing.shards
    shards = read_done(folder, of)
    ids = join_survey(folder, of)
    features = None
    if told.backbone != "none":
        features = join_features(folder, of, rows=len(ids), revision=shards[0]["revision"])
    join_rows(folder, of, columns=columns, fingerprint=listing.digest)
    counted = account(folder / "survey.parquet", source=source, columns=columns, shards=shards)
    seconds = sum(shard["seconds"] for shard in shards) + time.monotonic() - started
    readers = sorted({item.source.partition(":")[0] for item in source.items})
    report = {
        "stage": "collect",
        "vitrina": __version__,
        "source": {
            "name": name_of(source.items),
            "reader": ", ".join(readers),
            "inferred": source.inferred,
        },
        "settings": {**listing.settings, "processes": told.processes, "max_entries": told.max_entries},
        **counted,
        "features": features,
        "fingerprint": fingerprint_of(ids),
        "digest": digest_of(folder, of, columns=columns),
        "seconds": round(seconds, 3),
    }
    write_json(folder / REPORT, report)
    return report


def _summary(report: dict[str, Any], folder: Path) -> str:
    counts = report["counts"]
    lines = [
        f"{report['source']['name']}: {counts['taken']:,} of {counts['found']:,} pictures taken, "
        f"{len(report['class_names'])} classes. {report['source']['inferred']}"
    ]
    if counts["quarantined"]:
        reasons = ", ".join(f"{code} {n:,}" for code, n in report["quarantine_reasons"].items())
        lines.append(f"{counts['quarantined']:,} could not be read ({reasons}); {REPORT} names them.")
    if counts["skipped"]:
        lines.append(f"{counts['skipped']:,} other files were left out; {REPORT} says why.")
    if counts["unlabelled"] and report["class_names"]:
        lines.append(f"{counts['unlabelled']:,} pictures have no label.")
    features = report["features"]
    told = (
        "left out"
        if features is None
        else f"{features['dimension']} numbers a picture, {features['revision']}"
    )
    lines.append(f"Features: {told}. Decode passes a picture: {report['decode_passes']}.")
    return "\n".join([*lines, str(folder)])
