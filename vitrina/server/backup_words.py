"""What came of a backup or a restore, in words for a terminal or a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitrina.server.backup import Taken
from vitrina.server.restore import Restored

_NAMED = 5


def backup_in_words(taken: Taken, name: str) -> str:
    """The outcome in a line, then a line for each thing that could not be kept."""
    at = f"{name} at {taken.commit}"
    if taken.since is not None:
        told = f"Nothing new since {taken.since}: {at} has everything."
    else:
        told = f"Backed up to {at}: {_counts(taken.backup.counts)}; {len(taken.sent)} files sent."
    if taken.pruned:
        told += f" {len(taken.pruned)} files that no row names removed."
    troubles = [
        *_listed("No file of the picture", taken.missing),
        *_listed("Not as it came, so not sent: the file of the picture", taken.altered),
        *_listed("Not in the data folder, so not sent: the model", taken.outside),
        *_listed("A repository of its own, so not sent, to be copied by itself:", taken.elsewhere),
    ]
    return "\n".join([told, *troubles])


def restored_in_words(done: Restored, name: str, place: str) -> str:
    """The outcome in a line, then a line for each thing that is not there."""
    if not done.brought:
        return f"Nothing to restore: {place} has all of {name} at {done.commit}, taken {done.backup.taken}."
    told = (
        f"Restored {name} at {done.commit}, taken {done.backup.taken}, into {place}: {_counts(done.counts)}."
    )
    small = len(done.report.to_make)
    absent = [path.rpartition("/")[2] for path in done.report.missing if path.startswith("originals/")]
    lines = [told]
    if small:
        lines.append(f"{small} small pictures will be made when they are first looked at.")
    lines += _listed("No file of the picture", absent)
    lines += [f"No small pictures of {sha256}: {why}" for sha256, why in done.refused.items()]
    lines += done.report.fold_mismatches
    lines.append("Whoever was signed in signs in anew.")
    return "\n".join(lines)


def _counts(counts: Mapping[str, int]) -> str:
    told = (
        f"{count} {'row' if count == 1 else 'rows'} of {table}" for table, count in counts.items() if count
    )
    return ", ".join(told) or "no rows"


def _listed(what: str, names: Sequence[str]) -> list[str]:
    more = [f"... and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return [f"{what} {name}" for name in names[:_NAMED]] + more
