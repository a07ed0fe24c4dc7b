"""How the backups of a running gallery go."""

from __future__ import annotations

from dataclasses import dataclass

from vitrina.services.wording import sentence


@dataclass
class Keeping:
    """A backup is taken every `minutes`; `since` is when the last came in (UTC, ISO 8601), `problem` why the latest
    did not. One thread writes it, any may read it."""

    minutes: int
    since: str | None = None
    problem: str | None = None

    def view(self, language: str, *, forgets: str) -> str:
        """What visitors are told where a restart forgets pictures, or everything, that no backup has."""
        if self.problem is not None:
            return sentence(language, "backup_fails")
        return sentence(language, f"backup_{forgets}", minutes=self.minutes)
