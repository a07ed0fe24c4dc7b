"""python -m vitrina: import a folder, add an account, examine the store, write the README's Space block."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest, VitrinaError
from vitrina.server.settings import Settings

if TYPE_CHECKING:
    from vitrina.gallery.bulk import ImportReport
    from vitrina.gallery.ingest import Classify
    from vitrina.gallery.pictures import PictureCard
    from vitrina.gallery.store import Store
    from vitrina.services import Services


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 when it found trouble, 2 for bad input."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        result: int = options.run(options, Settings.from_environment(os.environ))
    except VitrinaError as error:
        print(error, file=sys.stderr)
        return 2
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m vitrina", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    imported = commands.add_parser("import", help="fill a collection from a folder of pictures")
    imported.add_argument(
        "folder", type=Path, help="class folders, or a plain pile that then waits for review"
    )
    imported.add_argument("--collection", required=True, metavar="SLUG", help="made where it does not exist")
    imported.add_argument(
        "--labels", metavar="A,B,C", help="the classes of a collection made for a plain pile"
    )
    imported.add_argument("--title", help="the collection's title, where it is made")
    imported.add_argument(
        "--fit-head", action="store_true", help="train a first classifier on the published pictures"
    )
    imported.set_defaults(run=_import)

    account = commands.add_parser("account", help="accounts of staff")
    acts = account.add_subparsers(required=True, metavar="ACT")
    for act, text in (("add", "add an account"), ("password", "set a new password")):
        command = acts.add_parser(act, help=text)
        command.add_argument("name")
        command.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
        command.set_defaults(run=_account, act=act)

    doctor = commands.add_parser("doctor", help="compare the database with the files on disk")
    doctor.add_argument("--quick", action="store_true", help="do not hash the files again")
    doctor.add_argument(
        "--remove-orphans",
        action="store_true",
        help="delete files that no picture refers to, checked once more",
    )
    doctor.set_defaults(run=_doctor)

    labels = commands.add_parser("labels", help="add classes to a collection")
    labels.add_argument("collection", metavar="SLUG")
    labels.add_argument("names", nargs="+", metavar="NAME")
    labels.set_defaults(run=_labels)

    readme = commands.add_parser("readme", help="write space.yaml into the README's first block")
    readme.add_argument("--root", type=Path, default=Path(), help="the folder with README.md and space.yaml")
    readme.set_defaults(run=_readme)
    return parser


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from vitrina.gallery.import_folder import import_folder
    from vitrina.server.app import open_services
    from vitrina.starter import ensure_collections

    services = open_services(settings)
    try:
        # Before anything goes in: a recipe's collection has the recipe's labels, whoever comes first.
        ensure_collections(services)
        if options.labels:
            _make_collection(services, options.collection, title=options.title, labels=options.labels)
        with _Bar("pictures") as progress:
            report = import_folder(
                services.store,
                options.folder,
                slug=options.collection,
                title=options.title,
                decoder=services.decoder,
                classify=_classify(services, options.collection),
                progress=progress,
            )
        _tell(report)
        print(
            f"See it at /?collection={options.collection}, what waits at /backend/?collection={options.collection}"
        )
        if options.fit_head:
            _fit_head(services, options.collection, settings.data)
    finally:
        services.close()
    return 0


def _make_collection(services: Services, slug: str, *, title: str | None, labels: str) -> None:
    """The collection of a pile, where there is none yet."""
    if slug in {collection.slug for collection in services.store.collections.all()}:
        return
    names = tuple(name.strip() for name in labels.split(",") if name.strip())
    services.store.collections.create(slug, title or slug.replace("-", " ").capitalize(), labels=names)


def _classify(services: Services, slug: str) -> Classify | None:
    known = {collection.slug: collection for collection in services.store.collections.all()}
    if slug not in known or known[slug].model is None:
        return None
    return services.classifiers.get(slug).predict


def _tell(report: ImportReport) -> None:
    print(report.inferred)
    print(f"{report.taken} taken, {report.known} known already, {len(report.refused)} refused")
    for name, reason in report.skipped:
        print(f"  skipped {name}: {reason}")
    for name, given, kept in report.other_label:
        print(f"  {name} lies under {given}; the picture keeps its label {kept}")
    for name, reason, message in report.refused:
        print(f"  refused {name} ({reason}): {message}")


def _fit_head(services: Services, slug: str, data: Path) -> None:
    from vitrina.first_model import fit_first_model
    from vitrina.labels import LabelScheme
    from vitrina.services.stored_pictures import StoredPictures
    from vitrina.services.waiting import classify_waiting

    store = services.store
    cards = _published(services, slug)
    with _Bar("pictures") as progress:
        first = fit_first_model(
            StoredPictures(store, services.decoder, cards),
            [card.label or "" for card in cards],
            LabelScheme(store.collections.get(slug).labels),
            slug=slug,
            data=data,
            seed=0,
            progress=lambda doing, done, of: progress(done, of),
        )
    for place, answer in zip(first.held_out, first.predictions, strict=True):
        store.predictions.record(slug, cards[place].sha256, answer, source="held out")
    store.collections.set_model(slug, model=first.folder, revision=first.revision)
    classify_waiting(store, services.classifiers, services.decoder, slug=slug, stop=threading.Event())
    measured = first.measured
    low, high = measured["interval"]
    print(
        f"A first classifier answers now: accuracy {measured['accuracy']:.3f} (95 % interval {low:.3f} to "
        f"{high:.3f}) on {measured['n']} pictures held out, saved in {data / first.folder}.\nNear copies of "
        "training pictures were not looked for among them, so this may flatter it."
    )


def _published(services: Services, slug: str) -> list[PictureCard]:
    cards: list[PictureCard] = []
    while True:
        page = services.store.pictures.page(slug, view="published", offset=len(cards), limit=500)
        cards += page.items
        if len(cards) >= page.total or not page.items:
            return cards


class _Bar:
    """A progress bar that learns its total from the first report."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def __enter__(self) -> Callable[[int, int], None]:
        from tqdm import tqdm

        self._bar = tqdm(unit=f" {self.unit}", disable=None)
        return self._set

    def _set(self, done: int, of: int) -> None:
        self._bar.total = of
        self._bar.update(done - self._bar.n)

    def __exit__(self, *problem: object) -> None:
        self._bar.close()


def _account(options: argparse.Namespace, settings: Settings) -> int:
    from vitrina.gallery.store import Store

    settings.data.mkdir(parents=True, exist_ok=True)
    store = Store.open(settings.database, settings.data / "pictures")
    try:
        password = _password(from_input=options.password_stdin)
        if options.act == "add":
            store.accounts.add(options.name, password)
            print(f"Account {options.name} added. Sign in at /backend.")
        else:
            store.accounts.set_password(options.name, password)
            print(f"Password of {options.name} changed; its sessions have ended.")
    finally:
        store.close()
    return 0


def _password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password (at least 10 characters): ")
    if getpass.getpass("Once more: ") != first:
        raise BadRequest("the same password twice", "two different ones", "Run the command again.")
    return first


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from vitrina.gallery.doctor import examine, remove_orphans

    with _existing_store(settings) as store:
        report = examine(store, deep=not options.quick)
        removed = remove_orphans(store, report) if options.remove_orphans else []
    for trouble in ("missing", "altered", "fold_mismatches"):
        for found in getattr(report, trouble):
            print(f"{trouble}: {found}")
    for orphan in report.orphans:
        print(f"{'removed' if orphan in removed else 'orphan'}: {orphan}")
    print("clean" if report.clean else "not clean: the lines above name what to look at")
    return 0 if report.clean else 1


def _labels(options: argparse.Namespace, settings: Settings) -> int:
    with _existing_store(settings) as store:
        collection = store.collections.add_labels(options.collection, options.names)
    print(f"{collection.slug} has the labels {', '.join(collection.labels)}")
    if collection.model is not None:
        print("Its model does not know the new ones yet: train it again.")
    return 0


def _existing_store(settings: Settings) -> Store:
    """The store that is there. Raises VitrinaError instead of making an empty one."""
    from vitrina.gallery.store import Store

    if not settings.database_url and not (settings.data / "vitrina.sqlite3").is_file():
        raise VitrinaError(
            f"a store in {settings.data}",
            "none",
            "Set VITRINA_DATA to the folder that the app was started with.",
        )
    return Store.open(settings.database, settings.data / "pictures")


def _readme(options: argparse.Namespace, settings: Settings) -> int:
    from vitrina.space import write_space_block

    changed = write_space_block(options.root)
    print("README.md written" if changed else "README.md says it already")
    return 0


if __name__ == "__main__":
    sys.exit(main())
