"""python -m vitrina: import a folder, choose a model, add an account, examine the store, back it up, write the
README's Space block."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import VitrinaError
from vitrina.server.account_command import add_account_command
from vitrina.server.backup_command import add_commands
from vitrina.server.model_command import add_model_command
from vitrina.server.settings import Settings

if TYPE_CHECKING:
    from vitrina.gallery.store import Store


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

    _import_command(commands)
    add_account_command(commands)

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

    add_commands(commands, _existing_store)
    add_model_command(commands)

    readme = commands.add_parser("readme", help="write space.yaml into the README's first block")
    readme.add_argument("--root", type=Path, default=Path(), help="the folder with README.md and space.yaml")
    readme.set_defaults(run=_readme)
    return parser


def _import_command(commands: Any) -> None:
    imported = commands.add_parser("import", help="fill a collection from a folder of pictures")
    imported.add_argument(
        "folder", nargs="?", type=Path, help="class folders, or a plain pile that then waits for review"
    )
    imported.add_argument("--collection", required=True, metavar="SLUG", help="made where it does not exist")
    imported.add_argument(
        "--labels", metavar="A,B,C", help="the classes of a collection made for a plain pile"
    )
    imported.add_argument("--title", help="the collection's title, where it is made")
    imported.add_argument(
        "--model", type=Path, metavar="RUN", help="a trained model that answers from now on; needs no folder"
    )
    imported.add_argument(
        "--fit-head", action="store_true", help="train a first classifier on the published pictures"
    )
    imported.set_defaults(run=_import)


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from vitrina.server.import_command import Wanted, run_import

    wanted = Wanted(
        options.collection,
        folder=options.folder,
        model=options.model,
        title=options.title,
        labels=options.labels,
        fit_head=options.fit_head,
    )
    run_import(wanted, settings)
    return 0


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
    if report.to_make:
        print(f"{len(report.to_make)} small pictures will be made again when they are looked at.")
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
