"""Publishing a model, a data set or the Space: looked at first, sent in one commit, read back, then put in force."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vitrina.errors import BadRequest, NotFound
from vitrina.repositories.hub import hub_address
from vitrina.repositories.opening import folder_of, open_repository
from vitrina.repositories.release import Content, foresee, release
from vitrina.repositories.repository import Kind, Repository, RepositoryUnreachable
from vitrina.repositories.versions import alias_of, champion

_ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str]) -> None:
    """Print what would be sent, to where, what the gate says; send it with --send. Raises VitrinaError."""
    told = parsed(arguments)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    if told.space:
        from vitrina.publication.space_files import check_space, space_content

        content, changed = space_content(Path(told.place or _ROOT), at=at)
        for name in changed:
            print(f"changed and not committed, sent as it is: {name}")
        _publish(told, content, kind="space", verify=check_space, at=at)
    elif _is_run(Path(told.place)):
        _publish_model(Path(told.place), told, at=at)
    else:
        _publish_dataset(Path(told.place), told, at=at)


def _is_run(place: Path) -> bool:
    """Whether it is the folder of a run; else a working folder. Raises NotFound where it is neither."""
    if (place / "train_report.json").is_file():
        return True
    if (place / "split" / "split_report.json").is_file():
        return False
    found = (
        "no such folder" if not place.exists() else "neither train_report.json nor split/split_report.json"
    )
    step = "Correct the path."
    if (place / "begun.json").is_file():
        found, step = "a run that is not finished", "Wait for it, or run python -m training train again."
    elif (place.parent / "train_report.json").is_file():
        found, step = "a folder inside a run", f"Name the run: {place.parent}."
    raise NotFound(f"the folder of a run, or a working folder with a split, at {place}", found, step)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options. Bad ones end the program: code 2 with the usage."""
    parser = argparse.ArgumentParser(
        prog="python -m training publish", description=__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "place",
        nargs="?",
        help="folder of a run (a model), working folder (a data set); with --space a checkout",
    )
    parser.add_argument(
        "--to", required=True, help="org/name on the Hub, or a folder: ./models/food, file:///srv/food"
    )
    parser.add_argument(
        "--send", action="store_true", help="do it; without it nothing is sent, nothing is changed"
    )
    parser.add_argument("--space", action="store_true", help="send the app, to a Space")
    parser.add_argument("--private", action="store_true", help="a repository that is made is private")
    parser.add_argument("--dataset_id", help="org/name of the model's data set, for the card")
    parser.add_argument(
        "--margin", type=float, default=0.01, help="how much worse than the champion, over all"
    )
    parser.add_argument("--class_margin", type=float, default=0.05, help="how much worse in any class")
    parser.add_argument(
        "--force", metavar="REASON", help="publish what the gate refuses; the reason goes into the card"
    )
    parser.add_argument("--reason", default="", help="why this version, for the log of the repository")
    parser.add_argument("--data", help="working folder of the run's split, if it moved")
    told = parser.parse_args(list(arguments))
    if told.place is None and not told.space:
        parser.error("name the folder of a run or a working folder, or say --space")
    if told.force is not None and not told.force.strip():
        parser.error("--force needs a reason: it goes into the card")
    return told


def _publish_model(run: Path, told: argparse.Namespace, *, at: str) -> None:
    from vitrina.cards.of_run import card_of_run, told_of_run
    from vitrina.cards.publication import with_publication
    from vitrina.models.golden import verify_model
    from vitrina.publication.judged import Judged, Margins, judge
    from vitrina.publication.model_files import model_files

    repository = open_repository(told.to, "model")
    facts = replace(told_of_run(run), dataset_id=told.dataset_id or told_of_run(run).dataset_id)
    folder = folder_of(told.to)
    facts = replace(facts, repo_id=repository.name if folder is None else None)
    if folder is not None:
        facts = replace(facts, folder=f"{folder.name}/champion")
    card = card_of_run(
        run, facts, template=(_ROOT / "model_cards" / "template.md").read_text(encoding="utf-8")
    )
    data = None if told.data is None else Path(told.data)
    made = model_files(run, name=str(facts.title or run.resolve().name), work=data)
    for name in made.left_out:
        print(f"not sent: {name} (nothing that a model is loaded from)")
    margins = Margins(told.margin, told.class_margin, told.force, data)
    try:
        judged = judge(repository, run, made, margins, say=print)
    except RepositoryUnreachable as problem:
        if told.send:
            raise
        print(f"not compared with the version in force: {problem}")
        judged = Judged(None, None)
    note = with_publication(
        card,
        version_before=None if judged.gate is None else judged.gate["before"],
        compared=[] if judged.gate is None else judged.gate["compared"],
        n=0 if judged.gate is None else judged.gate["n"],
        forced=judged.forced,
    )
    manifest = made.manifest(at=at, gate=judged.gate, forced=judged.forced)
    content = Content.of({**made.files, "README.md": note.encode()}, manifest)
    _publish(
        told,
        content,
        kind="model",
        verify=lambda folder: verify_model(folder, said=f"{repository.name} as it was read back"),
        at=at,
        expected=judged.in_force,
    )


def _publish_dataset(work: Path, told: argparse.Namespace, *, at: str) -> None:
    from tqdm import tqdm

    from vitrina.publication.dataset_files import checked_against, dataset_content

    repo_id = None if folder_of(told.to) is not None else told.to
    with tempfile.TemporaryDirectory(prefix="vitrina-dataset-") as place:
        with tqdm(unit=" pictures", disable=None) as bar:

            def progress(done: int, of: int) -> None:
                bar.total = of
                bar.update(done - bar.n)

            folder = Path(place) / "files"
            content = dataset_content(work, folder, repo_id=repo_id, at=at, say=print, progress=progress)
        _publish(told, content, kind="dataset", verify=checked_against(work), at=at)


def _publish(
    told: argparse.Namespace,
    content: Content,
    *,
    kind: Kind,
    verify: Callable[[Path], Any],
    at: str,
    expected: str | None = None,
) -> None:
    repository = open_repository(told.to, kind)
    listing = content.listing()
    for path, size in listing[:40]:
        print(f"{size:>14,}  {path}")
    if len(listing) > 40:
        print(f"{'':>14}  and {len(listing) - 40} more")
    print(f"{sum(size for _, size in listing):>14,}  bytes in {len(listing)} files, to {_said(repository)}")
    if not told.send:
        print(_foreseen(repository, content, private=told.private))
        print("Nothing was sent: this was a dry run. The same command with --send does it.")
        return
    done = release(
        repository,
        content,
        verify=verify,
        by=repository.account(),
        at=at,
        reason="; ".join(one for one in (told.force, told.reason) if one),
        private=told.private,
        expected=expected,
        step=lambda name: print(f"[publish] {name} ...", file=sys.stderr, flush=True),
    )
    sent = "sent, read back and verified" if done.sent else "there already; read back and verified"
    print(f"{done.version} of {_said(repository)}: {sent}, at {done.revision}")
    print(f"{alias_of(kind)} points to it since {done.champion.since}.")
    for line in how_to_load(repository):
        print(line)


def _foreseen(repository: Repository, content: Content, *, private: bool) -> str:
    try:
        would = foresee(repository, content)
    except RepositoryUnreachable as problem:
        return f"Not known which version it would be: {problem}"
    if would.there:
        return f"It is there already, as {would.version}: --send would put that in force, if it is not."
    if not would.made:
        return f"It would be {would.version} and, once verified, the one in force."
    of_hub = folder_of(repository.name) is None
    kind = f"{'private' if private else 'public'} repository" if of_hub else "repository"
    return f"There is no such repository: a {kind} would be made, with this as {would.version}."


def how_to_load(repository: Repository) -> list[str]:
    """What anyone types to load what is in force."""
    name = repository.name
    on_hub = folder_of(name) is None
    if repository.kind == "space":
        return [f"It runs at {hub_address()}/spaces/{name}"] if on_hub else []
    found = champion(repository)
    if found is None:
        raise BadRequest(f"a version in force in {name}", "none", "Publish one first.")
    where = name
    if not on_hub:
        # Where the file system has no links there is the commit's own folder alone.
        linked = Path(name) / "champion"
        where = str(linked if linked.exists() else repository.download(found.revision))
    if repository.kind == "model":
        return [f'Load it: pipeline("image-classification", model="{where}")']
    return [f'Load it: load_dataset("{where}")']


def _said(repository: Repository) -> str:
    return f"the {repository.kind} repository {repository.name}"
