"""The gate before a model is published: the champion's figures on the same test pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitrina.errors import BadRequest, VitrinaError
from vitrina.measures.gate import Gate, compare_with_champion
from vitrina.publication.model_files import ModelFiles
from vitrina.repositories.manifest import MANIFEST, Manifest, manifest_of
from vitrina.repositories.release import Content
from vitrina.repositories.repository import Repository
from vitrina.repositories.versions import VERSIONS, Champion, champion, manifest_there, versions


@dataclass(frozen=True)
class Margins:
    """How much worse than the champion is allowed, over all and in any class, as shares 0 to 1; `force` is the reason
    to publish what is worse all the same; `data` the working folder of the run's split, where it moved."""

    over_all: float = 0.01
    in_class: float = 0.05
    force: str | None = None
    data: Path | None = None


@dataclass(frozen=True)
class Judged:
    """What the card and the manifest tell: the comparison (None: there was no version before), the reason where it was
    overruled. `in_force` is the version it was compared with, "" where there was none."""

    gate: dict[str, Any] | None
    forced: str | None
    in_force: str = ""


def judge(
    repository: Repository,
    run: Path,
    made: ModelFiles,
    margins: Margins,
    *,
    say: Callable[[str], None] = lambda line: None,
) -> Judged:
    """Compare with the version in force. One that was sent before, and passes, keeps the comparison it was sent with.

    `say` gets the lines of the comparison. Raises BadRequest where the new one is worse beyond the margins and no
    reason was given to publish it all the same.
    """
    there = champion(repository) if repository.exists() else None
    twin = _sent_before(repository, made) if repository.exists() else None
    if there is None or (twin is not None and twin[0] == there.entry.revision):
        return _as_sent(twin, there)
    gate, trouble = _compared(repository, there, run, made, margins, say)
    for line in _table(gate, there):
        say(line)
    refused = trouble or _refusal(gate, there)
    if refused is not None and margins.force is None:
        raise refused
    if refused is not None:
        say(
            f"The gate refuses it: found {refused.found}.\nPublished all the same, for this reason: {margins.force}"
        )
    if twin is not None and refused is None:
        return _as_sent(twin, there)
    told_of = {"before": there.version, "n": 0, "compared": []} | ({} if gate is None else gate.as_dict())
    return Judged(told_of, margins.force if refused is not None else None, there.version)


def _as_sent(twin: tuple[str, Manifest] | None, there: Champion | None) -> Judged:
    in_force = "" if there is None else there.version
    return Judged(None, None, in_force) if twin is None else Judged(twin[1].gate, twin[1].forced, in_force)


def _sent_before(repository: Repository, made: ModelFiles) -> tuple[str, Manifest] | None:
    """(commit, manifest) of a version, or of what was sent last, with the same model; its card may be another."""
    wanted = Content.of(made.files, made.manifest(at="", gate=None, forced=None)).manifest.files
    branches = repository.references().branches
    sent = [one.revision for one in reversed(versions(repository))]
    for commit in [*([branches[VERSIONS]] if VERSIONS in branches else []), *sent]:
        there = manifest_there(repository, commit)
        if (
            there is not None
            and {path: one for path, one in there.files.items() if path != "README.md"} == wanted
        ):
            return commit, there
    return None


def _compared(
    repository: Repository,
    there: Champion,
    run: Path,
    made: ModelFiles,
    margins: Margins,
    say: Callable[[str], None],
) -> tuple[Gate | None, VitrinaError | None]:
    """(the comparison, None), or (None, why there is none)."""
    own = made.results
    manifest = manifest_of(repository.read(MANIFEST, revision=there.revision))
    try:
        if set(manifest.labels) != set(made.loaded.labels.names):
            raise BadRequest(
                f"a model for the classes of {there.version} ({', '.join(manifest.labels)})",
                ", ".join(made.loaded.labels.names),
                "Publish it to a repository of its own, or say with --force why it takes the place of the other.",
            )
        test = manifest.test or {}
        if test.get("sha256") == own["data"]["sha256"]:
            figures = test["figures"]
        else:
            say(
                f"{there.version} was measured on another test side; it is measured now on the "
                f"{own['data']['n']} pictures of this one. Pictures that it was trained on would flatter it."
            )
            figures = _measured_now(repository, there, run, margins.data)
        gate = compare_with_champion(
            own["test"],
            figures,
            task=made.loaded.labels.task,
            n=own["data"]["n"],
            margin=margins.over_all,
            class_margin=margins.in_class,
        )
    except BadRequest as problem:
        return None, problem
    return gate, None


def _measured_now(repository: Repository, there: Champion, run: Path, work: Path | None) -> dict[str, Any]:
    from tqdm import tqdm

    from vitrina.learning.evaluated import open_run
    from vitrina.learning.rival import measure_rival

    opened = open_run(run, work=work)
    with (
        tempfile.TemporaryDirectory(prefix="vitrina-champion-") as place,
        tqdm(desc=there.version, unit=" pictures", disable=None) as bar,
    ):
        folder = repository.download(there.revision, fresh=Path(place))

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        return measure_rival(opened, folder, seed=0, progress=progress)


def _table(gate: Gate | None, there: Champion) -> list[str]:
    if gate is None:
        return []
    lines = [
        f"On the same {gate.n} test pictures:".ljust(36) + f"this one  {there.version:>8}  worse by at most"
    ]
    for one in gate.compared:
        new, old = ("-" if value is None else f"{value:.3f}" for value in (one.new, one.champion))
        mark = "" if one.passes else "   worse"
        lines.append(f"  {one.name:34.34} {new:>8}  {old:>8}  {one.allowed:16.3f}{mark}")
    return lines


def _refusal(gate: Gate | None, there: Champion) -> BadRequest | None:
    if gate is None or not gate.refused:
        return None
    worst = "; ".join(f"{one.name} {one.new:.3f} instead of {one.champion:.3f}" for one in gate.refused[:5])
    more = f" and {len(gate.refused) - 5} more" if len(gate.refused) > 5 else ""
    return BadRequest(
        f"a model that is not worse than {there.version}, which is in force, on the same {gate.n} test pictures",
        worst + more,
        "Train a better one; or say with --force REASON why it is published all the same (it goes into the card).",
    )
